/* SPDX-License-Identifier: Apache-2.0 */
/*
 * console.h - where odyn talks, and where the application's output goes
 */
#ifndef ODYN_CONSOLE_H
#define ODYN_CONSOLE_H

#include "base/compiler.h"

/* Sees to it that descriptors 0, 1 and 2 are open: those that are not become
 * path, or when that cannot be opened /dev/null.  So no later open gets one of
 * these numbers by accident. */
void console_open(const char *path);

/* One line "odyn: ..." on stderr by one write(2), control characters as '?'.
 * No memory is allocated. */
void console_say(const char *fmt, ...) PRINTF(1, 2);

#endif
