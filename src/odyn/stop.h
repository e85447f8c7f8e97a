/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stop.h - the parent asks for an end
 *
 * One line on a connection to the port, {"stop":{"grace_seconds":N}}, N from 0
 * to 86400.  There is no answer: the status port has it.
 */
#ifndef ODYN_STOP_H
#define ODYN_STOP_H

#include "enclave/vsock.h"

#define STOP_PORT	17003
#define STOP_LINE_MAX	256		/* with its newline */
#define STOP_GRACE_MAX	86400		/* seconds */

struct stop;

/* Returns new, or NULL (ERR_SYS); caller frees.  asked(arg, seconds) comes for
 * each request. */
struct stop *stop_listen(struct loop *l, struct vsock *v,
			 void (*asked)(void *arg, unsigned grace_seconds),
			 void *arg, struct err *e) MUST_CHECK;
void stop_free(struct stop *s);

/* The seconds that a line asks for, without its newline; -1 (ERR_INPUT) when
 * it is no such request. */
int stop_parse(const char *line, size_t len, struct err *e) MUST_CHECK;

#endif
