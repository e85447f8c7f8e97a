/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output.h - bytes to a stream of ours that may be slow
 *
 * Standard output may be a pipe to whoever reads when it likes, and is shared
 * with others: it stays as it is, blocking.  So it is written to only when it
 * can take a piece (pipe(7): PIPE_BUF bytes), and whoever feeds it is told to
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
	int	     fd;		/* borrowed */
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

/* fd is watched when there is something to write. */
void output_init(struct output *o, struct loop *l, int fd,
		 void (*drained)(void *arg), void (*failed)(void *arg),
		 void *arg);
/* true when the feeder should wait for drained(); len is OUTPUT_WAITING at
 * most. */
bool output_put(struct output *o, const void *data, size_t len);
bool output_is_empty(const struct output *o);
void output_release(struct output *o);

#endif
