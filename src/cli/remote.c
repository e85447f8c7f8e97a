/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remote.c - the options of all programs that talk to registries
 */
#include "cli/remote.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/cli.h"

static enum tls_mode tls_of(const char *word)
{
	if (strcasecmp(word, "true") == 0 || strcmp(word, "1") == 0)
		return TLS_VERIFY;
	if (strcasecmp(word, "false") == 0 || strcmp(word, "0") == 0)
		return TLS_INSECURE;
	cli_usage("--tls-verify is true or false, not '%s'", word);
}

static unsigned jobs_of(const char *word)
{
	char *end;
	long n = strtol(word, &end, 10);

	if (!*word || *end || n < 1 || n > JOBS_LIMIT)
		cli_usage("--jobs is a number from 1 to %d, not '%s'",
			  JOBS_LIMIT, word);
	return (unsigned)n;
}

bool cli_remote_option(int c, const char *value, struct remote_options *o)
{
	switch (c) {
	case CLI_AUTHFILE:
		o->authfile = value;
		return true;
	case CLI_TLS_VERIFY:
		o->tls = tls_of(value);
		return true;
	case CLI_CA_FILE:
		o->ca_file = value;
		return true;
	case 'j':
		o->jobs = jobs_of(value);
		return true;
	default:
		return false;
	}
}
