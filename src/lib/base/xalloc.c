/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xalloc.c - allocation that does not fail
 */
#include "base/xalloc.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"

void oom(void)
{
	static atomic_flag said = ATOMIC_FLAG_INIT;
	char text[64];
	ssize_t ignored UNUSED;

	/* Of several threads one tells, and ends them all. */
	while (atomic_flag_test_and_set(&said))
		pause();
	/* By calls that allocate nothing; and nothing can be done about a
	 * stderr that does not take this. */
	snprintf(text, sizeof(text), "%.40s: out of memory\n",
		 program_invocation_short_name);
	ignored = write(STDERR_FILENO, text, strlen(text));
	_exit(ERR_SYS);
}

static void *checked(void *p)
{
	if (!p)
		oom();
	return p;
}

void *xmalloc(size_t size)
{
	return checked(malloc(size ? size : 1));
}

void *xcalloc(size_t n, size_t size)
{
	return checked(calloc(n ? n : 1, size ? size : 1));
}

void *xreallocarray(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (mul_overflow(n, size, &bytes))
		oom();
	return checked(realloc(p, bytes ? bytes : 1));
}

char *xstrdup(const char *s)
{
	return checked(strdup(s));
}

char *xstrndup(const char *s, size_t max)
{
	return checked(strndup(s, max));
}

void *xmemdup(const void *p, size_t size)
{
	void *copy = xmalloc(size);

	if (size)
		memcpy(copy, p, size);
	return copy;
}

char *xvasprintf(const char *fmt, va_list ap)
{
	char *s;

	if (vasprintf(&s, fmt, ap) < 0)
		oom();
	return s;
}

char *xasprintf(const char *fmt, ...)
{
	char *s;
	va_list ap;

	va_start(ap, fmt);
	s = xvasprintf(fmt, ap);
	va_end(ap);
	return s;
}
