/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.h - the life of one enclave, from its start to the status that it leaves
 */
#ifndef RUN_RUN_H
#define RUN_RUN_H

#include "enc-run/launcher.h"
#include "enc-run/object.h"
#include "enc-run/proxies.h"
#include "enc-run/rundir.h"

/* contract.md section 3, and docker's for failures of the runner. */
enum {
	STATUS_SIGNALED	   = 107,	/* the application died by a signal */
	STATUS_FATAL	   = 108,	/* something fatal in the enclave */
	STATUS_INTERRUPTED = 109,	/* we were told to stop */
	STATUS_OURS	   = 125,	/* before the application ran */
};

struct run_options {
	struct publish *publish;	/* all of them, the manifest's too */
	size_t	    n_publish;
	const char *resolver;		/* NULL: this machine's */
	unsigned    cpu_count;		/* filled in */
	uint64_t    memory_mib;
	uint32_t    cid;		/* 0: any */
	bool	    debug;
	int	    status_fd;		/* -1: nobody wants to know */
	bool	    restarts;		/* this process may start another */
	unsigned    grace;		/* seconds from a stop request to the end */
	unsigned    boot_timeout;	/* seconds until the application runs */
};

/* All that would fail later, tried without starting anything. */
int run_check(const struct run_options *o, struct object *ob,
	      const struct launcher *l, struct err *e) MUST_CHECK;

/* Starts the enclave and stays until it is gone.  The status to exit with, or
 * -1 and *e when the application never ran: STATUS_OURS.  *stopped tells that
 * we were told to stop. */
int run_enclave(const struct run_options *o, struct object *ob,
		const struct launcher *l, struct rundir *dir, bool *stopped,
		struct err *e) MUST_CHECK;

/* The launcher of that name, or with NULL the first that this machine has, in
 * the order of launcher.h, and none but nitro where its device is.  NULL with
 * *e: what each of them lacks. */
const struct launcher *launcher_choose(const char *name, struct err *e);

#endif
