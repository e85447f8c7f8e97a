/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err.h - one error value, filled in where a fault is found, printed once
 *
 * Contract: a function that can fail takes "struct err *e" last and returns
 * 0 or a non-NULL pointer on success, -1 or NULL on failure.  On success *e
 * is untouched; on failure it is filled in.  Nothing in src/lib prints.
 */
#ifndef ENC_ERR_H
#define ENC_ERR_H

#include "base/compiler.h"

enum err_class {		/* the values are exit statuses, see enclaver(7) */
	ERR_NONE   = 0,
	ERR_NO     = 1,		/* the honest answer is "no" */
	ERR_USAGE  = 2,
	ERR_INPUT  = 3,		/* malformed manifest, image or EIF */
	ERR_VERIFY = 4,		/* digest, signature or PCR mismatch */
	ERR_REMOTE = 5,		/* registry, AWS or the network */
	ERR_SYS    = 6,		/* a system call or local resource */
};

struct err {
	enum err_class class;
	char           msg[1024];	/* no allocation: works out of memory */
};

/* All of these return -1, so a caller may write: return err_sys(e, ...); */

/* Fills in e.  The message: lower case, what failed first, the subject in
 * 'quotes', then what to do; no full stop, no newline. */
int err_set(struct err *e, enum err_class class, const char *fmt, ...)
	PRINTF(3, 4);

/* As err_set(ERR_SYS), and adds ": " and the text of errno. */
int err_sys(struct err *e, const char *fmt, ...) PRINTF(2, 3);

/* Puts "outer: " before the message that is there; class unchanged. */
int err_wrap(struct err *e, const char *fmt, ...) PRINTF(2, 3);

#endif
