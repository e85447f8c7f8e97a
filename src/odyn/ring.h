/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ring.h - the last bytes of a stream, by their place in it
 *
 * Pure.  Places count from the first byte ever written; the ring holds those
 * from ring_start() to end.
 */
#ifndef ODYN_RING_H
#define ODYN_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring {
	char	*data;
	size_t	 size;
	uint64_t end;
};

/* size > 0 bytes of new memory. */
void ring_init(struct ring *r, size_t size);
void ring_release(struct ring *r);

/* The place of the oldest byte that is still there. */
uint64_t ring_start(const struct ring *r);

/* Where the next bytes go, and how many fit there in one piece (1 or more);
 * the oldest ones are overwritten.  ring_wrote() says how many did. */
size_t ring_room(const struct ring *r, char **at);
void ring_wrote(struct ring *r, size_t len);
void ring_add(struct ring *r, const char *data, size_t len);

/* The bytes from a place (ring_start() to end) in one piece; 0 at the end. */
size_t ring_at(const struct ring *r, uint64_t place, const char **data);

#endif
