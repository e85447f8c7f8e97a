/* SPDX-License-Identifier: Apache-2.0 */
/*
 * odyn.h - the services of an enclave around its application, from the first
 * to the last
 */
#ifndef ODYN_ODYN_H
#define ODYN_ODYN_H

#include <stdbool.h>
#include <stddef.h>

#include "enclave/process.h"

#define ODYN_EXIT_OURS 125	/* odyn's own failure: never an application's
				 * status that means something to anybody */

struct odyn_options {
	const char *config_dir;
	bool	    bootstrap;
	bool	    console;	/* the output goes through odyn */
	const char *vsock;	/* hybrid sockets, or NULL for AF_VSOCK */
	size_t	    log_buffer;	/* bytes of output to keep */
	unsigned    grace;	/* seconds from SIGTERM to SIGKILL */
	unsigned    linger;	/* seconds that the end waits for a reader */
	char	  **command;	/* without process.json: NULL-terminated */
};

/* Runs the application to its end, and says outward how it ended: the status
 * to exit with. */
int odyn_run(const struct odyn_options *o);

#endif
