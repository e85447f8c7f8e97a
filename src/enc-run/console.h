/* SPDX-License-Identifier: Apache-2.0 */
/*
 * console.h - what the enclave's console said last
 *
 * Kept for the case that it never comes to more; shown as it comes with -v and
 * in debug mode.
 */
#ifndef RUN_CONSOLE_H
#define RUN_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

#define CONSOLE_KEPT  8192u	/* bytes */
#define CONSOLE_LINES 40u	/* shown when a boot fails: a panic has thirty */

struct console {
	bool   shown;			/* as it comes, to standard error */
	char   kept[CONSOLE_KEPT];
	size_t len;
};

void console_put(struct console *c, const char *data, size_t len);
/* The last lines, by cli_warn(): when an enclave failed, unless they were shown
 * already. */
void console_tell(const struct console *c);

#endif
