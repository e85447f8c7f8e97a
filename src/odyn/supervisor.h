/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervisor.h - starts the application and sees it to its end
 */
#ifndef ODYN_SUPERVISOR_H
#define ODYN_SUPERVISOR_H

#include "enclave/process.h"

/* Before anything else: a signal that comes earlier would kill odyn, and one
 * that comes later waits for supervisor_run(), which reads it. */
void supervisor_block_signals(void);

/* Runs the application to its end and reaps whatever is orphaned meanwhile.
 * Once the application was started nothing returns from here before it has
 * ended.  0 and *status as waitpid(2) has it, or -1 when it could not even be
 * started.  What happened to it has been said on the console. */
int supervisor_run(const struct process *p, int *status, struct err *e)
	MUST_CHECK;

#endif
