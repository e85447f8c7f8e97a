/* SPDX-License-Identifier: Apache-2.0 */
/*
 * front.h - the client's side of an HTTP connection
 *
 * Reads heads, one request after the other (RFC 9112 section 9.3.2: a request
 * that comes early waits), and sees to it that the last answer arrives before
 * the connection is closed (section 9.6).
 */
#ifndef ODYN_FRONT_H
#define ODYN_FRONT_H

#include "enclave/http1.h"
#include "odyn/wire.h"

enum front_state { FRONT_HEAD, FRONT_BUSY, FRONT_CLOSING, FRONT_LINGERING,
		   FRONT_GONE };

struct front_ops {
	/* A request: f->head, which stays until front_next().  Its body is
	 * what comes next in f->wire, which is not being read.  The owner has
	 * the connection until it calls front_next(), front_refuse(),
	 * front_close() or front_abort(). */
	void (*asked)(void *arg);
	/* Something has moved in f->wire while the owner has it. */
	void (*moved)(void *arg);
	/* The connection is closed; the owner frees f, now or later.  Comes
	 * once, from the loop; f->state is FRONT_GONE since a little before. */
	void (*gone)(void *arg);
};

struct front {
	struct loop	       *loop;
	struct wire		wire;
	struct timer		timer;
	struct http1_scan	scan;
	enum front_state	state;
	bool			pumping;
	struct buf		text;	/* of the head */
	struct http1_head      *head;	/* NULL between requests */
	const struct front_ops *ops;
	void		       *arg;
};

/* Over fd, an accepted connection, which is the front's from now on, also on
 * failure (-1 with errno: gone() is not called). */
int front_start(struct front *f, struct loop *l, int fd,
		const struct front_ops *ops, void *arg) MUST_CHECK;

/* The answer is written: on to the next request. */
void front_next(struct front *f);
/* Answers with a sentence, and closes. */
void front_refuse(struct front *f, unsigned status, const char *sentence);
/* Closes when what is in f->wire.out has arrived. */
void front_close(struct front *f);
/* Closes now. */
void front_abort(struct front *f);

/* For who has freed everything else: without gone(). */
void front_release(struct front *f);

#endif
