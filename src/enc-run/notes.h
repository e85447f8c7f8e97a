/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notes.h - what an enclave can make this program say, so often and no oftener
 *
 * Who refuses a hostile enclave's requests and says so would fill its disk.
 */
#ifndef RUN_NOTES_H
#define RUN_NOTES_H

#include "enclave/loop.h"

#define NOTES_A_SECOND 10

struct notes {			/* starts as { .loop = L, .what = "egress" } */
	struct loop *loop;
	const char  *what;
	struct timer second;
	unsigned     said;	/* in this second */
	unsigned     unsaid;
};

/* "WHAT: TEXT" by cli_note(), or counted; the count is said once a second. */
void notes_say(struct notes *n, const char *text);
void notes_release(struct notes *n);

#endif
