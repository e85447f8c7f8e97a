/* SPDX-License-Identifier: Apache-2.0 */
/*
 * console.h - where odyn talks
 */
#ifndef ODYN_CONSOLE_H
#define ODYN_CONSOLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/* Sees to it that descriptors 0, 1 and 2 are open: those that are not become
 * path, or when that cannot be opened /dev/null.  So no later open gets one of
 * these numbers by accident. */
void console_open(const char *path);

/* From now on lines go there, not to standard error; NULL: back again. */
void console_send_to(void (*fn)(void *arg, const char *line, size_t len),
		     void *arg);

/* One line "odyn: ..." on stderr by one write(2), control characters as '?'.
 * No memory is allocated. */
void console_say(const char *fmt, ...) PRINTF(1, 2);

#define CONSOLE_LIMIT_MS 10000

/* For what somebody else can bring about as often as he likes: so many lines in
 * CONSOLE_LIMIT_MS, and the first one after that says how many were not. */
struct console_limit {
	unsigned int lines;	/* set by the owner; the rest begins as 0 */
	unsigned int said, left_out;
	uint64_t     since;	/* clock_ticks() of the first */
};

void console_say_some(struct console_limit *l, const char *fmt, ...)
	PRINTF(2, 3);

#endif
