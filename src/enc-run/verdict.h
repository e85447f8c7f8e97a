/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verdict.h - what the status port says, read
 *
 * contract.md section 4; odyn's status.h.  Trust: the enclave is hostile, and
 * what it says is shown and returned, nothing more.
 */
#ifndef RUN_VERDICT_H
#define RUN_VERDICT_H

#include <stddef.h>

#include "base/err.h"

enum verdict_kind { VERDICT_RUNNING, VERDICT_EXITED, VERDICT_SIGNALED,
		    VERDICT_FATAL };

struct verdict {
	enum verdict_kind kind;
	int  number;			/* exit status or signal */
	char error[512];		/* VERDICT_FATAL: any bytes */
};

/* A line without its newline.  A signal is a number, or a name as the Rust
 * odyn writes it.  ERR_REMOTE for what is no such line. */
int verdict_parse(const char *line, size_t len, struct verdict *v,
		  struct err *e) MUST_CHECK;

#endif
