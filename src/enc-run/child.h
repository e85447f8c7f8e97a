/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child.h - programs of this host that serve an enclave
 *
 * None outlives this process: the kernel kills it with us, PR_SET_PDEATHSIG.
 */
#ifndef RUN_CHILD_H
#define RUN_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"

struct child {
	pid_t pid;			/* 0: there is none */
	int   pidfd;			/* readable when it has ended */
	int   out;			/* what it writes to both streams; -1
					 * once given away */
};

#define CHILD_INIT { .pid = 0, .pidfd = -1, .out = -1 }

/* The words of a command line: argv_add() copies, argv_addf() makes one. */
#define ARGV_MAX 64

struct argv {
	char  *at[ARGV_MAX + 1];	/* NULL after the last */
	size_t n;
};

#define AUTO_ARGV AUTO(argv_release)

void argv_add(struct argv *a, const char *word);
void argv_addf(struct argv *a, const char *fmt, ...) PRINTF(2, 3);
void argv_release(struct argv *a);

/* Where a program is: the value of the environment's variable when that is set,
 * else in PATH.  Returns new, or NULL. */
char *child_find(const char *name, const char *variable);

/* Starts it (the first word is a path) with no input, both output streams into c->out,
 * signals as usual, and of our descriptors only keep, unless it is -1.  ERR_SYS
 * when it cannot be run. */
int child_start(struct child *c, const struct argv *argv, int keep,
		struct err *e) MUST_CHECK;
/* Kills it, if it runs, and lets go of everything. */
void child_end(struct child *c);

/* Runs it to its end, and appends what it writes to out, as far as it fits.
 * Returns its exit status, 128 + a signal's number, or -1 (ERR_SYS). */
int child_run(const struct argv *argv, struct buf *out, struct err *e)
	MUST_CHECK;

#endif
