/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h - a connection with a buffer for each direction
 *
 * What comes is put into in, as far as there is room and it is wanted; what is
 * put into out goes as fast as the peer takes it.  An idle wire holds no
 * buffer.  Buffers are wiped: there may be keys in them.
 */
#ifndef ODYN_WIRE_H
#define ODYN_WIRE_H

#include <stdbool.h>

#include "base/buf.h"
#include "enclave/loop.h"
#include "enclave/stream.h"

struct wire {
	struct stream stream;
	struct watch  watch;
	struct buf    in;	/* read and not taken yet */
	struct buf    out;	/* to be written, from out_at on */
	size_t	      out_at;
	bool	      reading;	/* wanted, as wire_read() has it */
	bool	      ended;	/* the peer sends nothing more */
	bool	      broken;	/* ... and not because it was done */
	bool	      deaf;	/* the peer takes nothing more */
	bool	      gone;	/* it was hung up while nothing was read */
	void	    (*moved)(void *arg);
	void	     *arg;
};

/* Takes *s over, also on failure (-1 with errno).  in_max and out_max are the
 * buffers' ceilings.  moved(arg) comes from the loop whenever something above
 * has changed; it may release the wire. */
int wire_start(struct wire *w, struct loop *l, struct stream *s,
	       size_t in_max, size_t out_max, void (*moved)(void *arg),
	       void *arg) MUST_CHECK;

/* Is more wanted?  At the start it is. */
void wire_read(struct wire *w, bool wanted);
/* The first n bytes of in were used. */
void wire_take(struct wire *w, size_t n);

/* Writes what was put into out, as much as is taken now. */
void wire_flush(struct wire *w);
/* Bytes of out that were not taken yet. */
size_t wire_waiting(const struct wire *w);

/* Gives the connection away; bytes in in and out are the caller's business.
 * The wire is still to be released. */
struct stream wire_steal(struct wire *w);

/* Closes it; nothing happens when it was not started. */
void wire_release(struct wire *w);

#endif
