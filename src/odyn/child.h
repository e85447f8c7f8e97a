/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child.h - the application: from process.json to exec
 */
#ifndef ODYN_CHILD_H
#define ODYN_CHILD_H

#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "enclave/process.h"

/* What the child writes when it cannot become the application. */
struct child_fault {
	int step;		/* what it was about to do: child_step_name() */
	int number;		/* errno */
};

struct child {
	pid_t pid;
	int   fault_fd;		/* non-blocking: EOF when the exec went through,
				 * or one struct child_fault */
};

/* How the application is started; all of it is borrowed. */
struct child_setup {
	const struct process *process;
	int	      output;		/* its standard output and error, or
					 * -1: those of odyn */
	struct rlimit files;		/* its RLIMIT_NOFILE */
};

/* Forks and executes the application as process.json says: its argv, looked up
 * in PATH of its own environment, exactly its environment, its working
 * directory, user and groups; in a session of its own, with nothing blocked or
 * ignored, umask 022, standard input /dev/null.  A child that fails exits with
 * 127 when there is no such command and with 126 otherwise.  ERR_SYS when
 * there is no child at all. */
int child_start(const struct child_setup *s, struct child *c, struct err *e)
	MUST_CHECK;

/* "cannot change to '/srv': ..." and the like. */
void child_fault_text(const struct process *p, const struct child_fault *f,
		      char *out, size_t size);

#endif
