/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remote.h - the options of all programs that talk to registries
 */
#ifndef ENC_CLI_REMOTE_H
#define ENC_CLI_REMOTE_H

#include <getopt.h>
#include <stdbool.h>

#include "image/remote.h"

enum { CLI_AUTHFILE = 1024, CLI_TLS_VERIFY, CLI_CA_FILE };

/* For the array of getopt_long(). */
#define CLI_REMOTE_OPTIONS \
	{ "authfile", required_argument, NULL, CLI_AUTHFILE }, \
	{ "tls-verify", required_argument, NULL, CLI_TLS_VERIFY }, \
	{ "ca-file", required_argument, NULL, CLI_CA_FILE }, \
	{ "jobs", required_argument, NULL, 'j' }

/* For --help. */
#define CLI_REMOTE_HELP \
"      --authfile FILE               credentials (those of docker login)\n" \
"      --tls-verify=BOOL             true: HTTPS always; false: any certificate,\n" \
"                                    or plain HTTP\n" \
"      --ca-file FILE                authorities to trust too, in PEM\n" \
"  -j, --jobs N                      transfers at once, 1 to 16 (6)\n"

/* Takes the option c when it is one of these; a wrong value ends the program
 * as cli_usage() does. */
bool cli_remote_option(int c, const char *value, struct remote_options *o);

#endif
