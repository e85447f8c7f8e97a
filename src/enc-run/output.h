/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output.h - bytes to a stream of ours that may be slow
 *
 * Standard output may be a terminal that was stopped, or a pipe to whoever reads
 * when he likes, and is shared with others: it stays as it is, blocking.  So
 * what can be is opened once more for ourselves, non-blocking; a socket gets a
 * piece (PIPE_BUF bytes) when it can take some.  Whoever feeds it is told to
 * wait.
 */
#ifndef RUN_OUTPUT_H
#define RUN_OUTPUT_H

#include <stdbool.h>

#include "base/buf.h"
#include "enclave/loop.h"

#define OUTPUT_WAITING 65536u	/* bytes that may wait, and one piece more */

struct output {
	struct loop *loop;
	int	     fd;		/* borrowed, unless it is own */
	int	     own;		/* -1: there is none */
	struct buf   waiting;
	size_t	     from;		/* of it, what was written */
	struct watch watch;
	bool	     always;		/* a file: it never has to wait */
	int	     fault;		/* errno; nothing is written any more */
	/* Called when it is empty again; and once when it fails. */
	void	   (*drained)(void *arg);
	void	   (*failed)(void *arg);
	void	    *arg;
};

#define OUTPUT_INIT { .own = -1 }

/* fd (borrowed) is watched when there is something to write. */
void output_init(struct output *o, struct loop *l, int fd,
		 void (*drained)(void *arg), void (*failed)(void *arg),
		 void *arg);
/* true when the feeder should wait for drained(); len is OUTPUT_WAITING at
 * most. */
bool output_put(struct output *o, const void *data, size_t len);
bool output_is_empty(const struct output *o);
void output_release(struct output *o);

#endif
