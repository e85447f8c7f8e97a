/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tap.h - TAP from C: ok(condition, "what"), same_str(got, want, "what"),
 * and "return tap_done();" at the end of main()
 */
#ifndef ENC_TAP_H
#define ENC_TAP_H

#include <stdio.h>
#include <string.h>

#include "base/compiler.h"

static int tap_run, tap_failed;

UNUSED static int tap_result(int good, const char *file, int line,
			     const char *what)
{
	tap_run++;
	printf("%sok %d - ", good ? "" : "not ", tap_run);
	for (; *what; what++)		/* one line, whatever the input was */
		putchar((unsigned char)*what < ' ' ? '?' : *what);
	putchar('\n');
	if (!good) {
		tap_failed++;
		printf("# failed at %s:%d\n", file, line);
	}
	fflush(stdout);
	return good;
}

UNUSED static int tap_same(const char *got, const char *want, const char *file,
			   int line, const char *what)
{
	int good = got && want ? strcmp(got, want) == 0 : got == want;

	if (!tap_result(good, file, line, what))
		printf("# got      %s\n# expected %s\n", got ? got : "(null)",
		       want ? want : "(null)");
	return good;
}

#define ok(cond, what)		  tap_result(!!(cond), __FILE__, __LINE__, what)
#define same_str(got, want, what) tap_same(got, want, __FILE__, __LINE__, what)

UNUSED static int tap_done(void)
{
	printf("1..%d\n", tap_run);
	return tap_failed ? 1 : 0;
}

#endif
