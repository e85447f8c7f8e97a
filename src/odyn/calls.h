/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls.h - the system calls that odyn still makes, by seccomp
 *
 * All others fail with EPERM: nothing is opened, listened on, started, traced,
 * mounted or made executable any more.  A list of what is allowed can be right
 * here: odyn is static, so that what it calls is known.
 */
#ifndef ODYN_CALLS_H
#define ODYN_CALLS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct calls {
	pid_t child;		/* the one process that may be signalled, with
				 * its group; as pid 1 all of them with it */
	bool  hybrid;		/* UNIX sockets stand for AF_VSOCK */
	bool  clock;		/* the clock is kept */
};

/* Confines this process, for good; no_new_privs is set.  ERR_SYS: the kernel
 * cannot do it. */
int calls_confine(const struct calls *c, struct err *e) MUST_CHECK;

#endif
