/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xalloc.h - allocation that does not fail
 *
 * Out of memory is the one thing that src/lib ends the program for (status
 * 6).  Sizes from outside are checked against a named maximum before they get
 * here.  Every function returns new memory that the caller frees with free().
 */
#ifndef ENC_XALLOC_H
#define ENC_XALLOC_H

#include <stdarg.h>
#include <stddef.h>

#include "base/compiler.h"

void *xmalloc(size_t size);			/* not zeroed */
void *xcalloc(size_t n, size_t size);		/* zeroed; n * size checked */
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t max);
void *xmemdup(const void *p, size_t size);
char *xasprintf(const char *fmt, ...) PRINTF(1, 2);
char *xvasprintf(const char *fmt, va_list ap)
	__attribute__((format(printf, 1, 0)));

/* Ends the program with one line on stderr and status 6; also for libraries
 * whose only failure is to be out of memory. */
void oom(void) NORETURN;

#endif
