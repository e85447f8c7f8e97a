/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_fds.c - what a process of a sandbox has open
 */
#include <limits.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "enc-run/sandbox_parts.h"

#define FDS_MAX (1L << 20)	/* that a kernel lets a process have, unless told */

/* Both included.  Before Linux 5.9 one by one. */
static void close_from_to(long first, long last)
{
	if (first > last || syscall(SYS_close_range, (unsigned int)first,
				    (unsigned int)last, 0) == 0)
		return;
	for (long fd = first; fd <= last && fd < FDS_MAX; fd++)
		close((int)fd);
}

void sandbox_close_but(int first, const int *keep, size_t n)
{
	for (;;) {
		int next = INT_MAX;

		for (size_t i = 0; i < n; i++)
			if (keep[i] >= first && keep[i] < next)
				next = keep[i];
		if (next == INT_MAX)
			break;
		close_from_to(first, next - 1);
		first = next + 1;
	}
	close_from_to(first, INT_MAX);
}
