/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff_bytes.c - two ranges of files, compared as they stream by
 */
#include <string.h>

#include "base/io.h"
#include "base/xalloc.h"
#include "enc-inspect/diff.h"

#define CHUNK ((size_t)1 << 18)

static int get(const struct diff_range *r, void *data, size_t len,
	       uint64_t done, struct err *e)
{
	return io_read_at(r->fd, data, len, r->offset + done, r->name, e);
}

int diff_bytes(const struct diff_range *a, const struct diff_range *b,
	       struct err *e)
{
	size_t room = a->size < CHUNK ? (size_t)a->size : CHUNK;
	AUTO_FREE char *x = NULL, *y = NULL;

	if (a->size != b->size)
		return 0;
	if (a->size == 0)
		return 1;
	x = xmalloc(room);
	y = xmalloc(room);
	for (uint64_t done = 0; done < a->size;) {
		size_t n = a->size - done < room ? (size_t)(a->size - done) :
						   room;

		if (get(a, x, n, done, e) < 0 || get(b, y, n, done, e) < 0)
			return -1;
		if (memcmp(x, y, n) != 0)
			return 0;
		done += n;
	}
	return 1;
}
