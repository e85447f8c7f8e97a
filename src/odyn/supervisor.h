/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervisor.h - starts the application and sees it to its end
 */
#ifndef ODYN_SUPERVISOR_H
#define ODYN_SUPERVISOR_H

#include "enclave/loop.h"
#include "odyn/child.h"

/* Before anything else: a signal that comes earlier would kill odyn, and one
 * that comes later waits for supervisor_start(), which reads it. */
void supervisor_block_signals(void);

struct supervisor;

/* What becomes of the application, each at most once and in this order;
 * running() is left out when it could not be executed. */
struct supervisor_events {
	void (*running)(void *arg);
	void (*ended)(void *arg, int wait_status);	/* as waitpid(2) */
	void (*over)(void *arg);	/* and nothing that it left is there */
	void  *arg;
};

/* Starts the application as s has it, and sees it to its end: reaps whatever
 * is orphaned meanwhile, and makes SIGTERM and SIGINT its stop signal, with
 * grace seconds to end before SIGKILL.  What happens to it is said on the
 * console.  Returns new, or NULL (ERR_SYS) when there is no application at
 * all; the caller frees it after over(). */
struct supervisor *supervisor_start(struct loop *l, const struct child_setup *s,
				    unsigned grace,
				    const struct supervisor_events *events,
				    struct err *e) MUST_CHECK;
void supervisor_free(struct supervisor *s);

/* The application's process. */
pid_t supervisor_child(const struct supervisor *s);

/* The application shall end, within grace seconds from now.  A request that
 * leaves less time than one before shortens it. */
void supervisor_stop(struct supervisor *s, unsigned grace);

#endif
