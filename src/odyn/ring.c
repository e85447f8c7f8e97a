/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ring.c - the last bytes of a stream, by their place in it
 */
#include "odyn/ring.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

void ring_init(struct ring *r, size_t size)
{
	assert(size > 0);
	*r = (struct ring){ .data = xmalloc(size), .size = size };
}

void ring_release(struct ring *r)
{
	free(r->data);
	r->data = NULL;
}

uint64_t ring_start(const struct ring *r)
{
	return r->end > r->size ? r->end - r->size : 0;
}

size_t ring_room(const struct ring *r, char **at)
{
	size_t here = (size_t)(r->end % r->size);

	*at = r->data + here;
	return r->size - here;
}

void ring_wrote(struct ring *r, size_t len)
{
	r->end += len;
}

void ring_add(struct ring *r, const char *data, size_t len)
{
	while (len > 0) {
		char *at;
		size_t n = ring_room(r, &at);

		n = n < len ? n : len;
		memcpy(at, data, n);
		ring_wrote(r, n);
		data += n;
		len -= n;
	}
}

size_t ring_at(const struct ring *r, uint64_t place, const char **data)
{
	size_t here = (size_t)(place % r->size);
	uint64_t left = r->end - place;

	assert(place >= ring_start(r) && place <= r->end);
	*data = r->data + here;
	return left < r->size - here ? (size_t)left : r->size - here;
}
