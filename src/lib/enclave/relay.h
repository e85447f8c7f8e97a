/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay.h - two connections joined: what one side sends, the other gets
 *
 * The end of what one side sends is passed on to the other, whose answer may
 * still go on.  A side that is not read from as fast as the other sends holds
 * that other back.  A side that breaks is passed on as an abort (a reset, for
 * TCP), so that nobody takes half of something for all of it.
 *
 * An idle relay holds no buffer: bytes are read into one that all share, and
 * only those that the other side does not take at once get a chunk of their
 * own until it has.
 */
#ifndef ENC_RELAY_H
#define ENC_RELAY_H

#include "enclave/loop.h"
#include "enclave/stream.h"

/* Bytes that may wait in each direction, and that are moved at once.  What a
 * UNIX socket takes in one piece: twice as much is half as fast. */
#define RELAY_CHUNK 32768

struct relays;

/* What the relays of one loop share.  Returns new; the caller frees it, and
 * with it aborts those that there still are, without calling back. */
struct relays *relays_new(struct loop *l);
void relays_free(struct relays *rs);
/* How many there are. */
size_t relays_count(const struct relays *rs);

/* Joins a and b, which are the relay's from now on, also on failure; a TCP
 * connection may still be under way.  first (up to RELAY_CHUNK bytes) was
 * already read from a and goes to b before all else.  ended(arg) comes once,
 * when both are closed, never before this has returned.  -1 with errno:
 * ended() is not called. */
int relay_start(struct relays *rs, struct stream *a, struct stream *b,
		const void *first, size_t len, void (*ended)(void *arg),
		void *arg) MUST_CHECK;

#endif
