/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.h - the command line of enc-run
 */
#ifndef RUN_OPTIONS_H
#define RUN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "enc-run/proxies.h"

enum run_verb { VERB_RUN, VERB_CHECK, VERB_MANIFEST, VERB_DESCRIBE, VERB_PS };

struct options {
	enum run_verb verb;
	const char *object;		/* NULL: /enclave */
	const char *eif_file, *manifest_file, *expect, *launcher;
	const char *resolver;		/* NULL: this machine's */
	struct publish *publish;	/* as given */
	size_t	    n_publish;
	bool	    no_publish;
	unsigned    cpu_count, memory_mib;	/* 0: the manifest's */
	uint32_t    cid;
	bool	    debug, json;
	int	    status_fd;
	unsigned    grace, boot_timeout;	/* the latter 0: by the size */
	unsigned    restart;
};

/* Reads it, or ends the program as cli_usage() does. */
void options_read(int argc, char **argv, struct options *o);
void options_release(struct options *o);

#endif
