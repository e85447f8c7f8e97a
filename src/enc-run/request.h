/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.h - one request of the enclave's egress proxy: a frame in, a frame
 * out
 *
 * frame.h.  It is read to its last byte and no further: what follows is the
 * connection's.
 */
#ifndef RUN_REQUEST_H
#define RUN_REQUEST_H

#include "enclave/frame.h"
#include "enclave/loop.h"

struct request {
	struct loop *loop;
	int	     fd;		/* owned; -1: given away */
	struct watch watch;
	struct timer timer;
	struct buf   frame;
	size_t	     total;
	/* A whole frame of total bytes. */
	void	   (*asked)(void *arg);
	/* The enclave is gone, or has taken too long, or has said what is no
	 * request: all there is to do is request_release(). */
	void	   (*over)(void *arg);
	void	    *arg;
};

/* Reads from fd, which is the request's from now on; patience milliseconds for
 * all of it.  Both come from the loop, and never before this has returned. */
void request_start(struct request *r, struct loop *l, int fd,
		   uint64_t patience, void (*asked)(void *arg),
		   void (*over)(void *arg), void *arg);

/* Sends what is no, and ends: over() comes when the enclave has it. */
void request_refuse(struct request *r, int os_code, const char *sentence);
/* The connection, which is the caller's then; "Ok" is not sent yet. */
int request_steal(struct request *r);
void request_release(struct request *r);

#endif
