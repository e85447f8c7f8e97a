/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listener.h - takes connections, as many as there may be at once
 *
 * What accept(2) fails for is survived: a listener that finds no descriptor
 * free pauses for a moment, without spinning, and goes on.  Connections above
 * the limit are left where they are, in the kernel's queue, until one ends.
 */
#ifndef ENC_LISTENER_H
#define ENC_LISTENER_H

#include "base/list.h"
#include "enclave/loop.h"

/* How many connections there may be at once, over all listeners that share
 * it.  Starts as { .max = N }. */
struct gate {
	size_t max;
	size_t open;
	struct link *waiting;		/* listeners that found it full */
};

/* One connection that a listener of this gate accepted is over. */
void gate_leave(struct gate *g);

struct listener {
	int	      fd;		/* owned; -1: fed by listener_take() */
	struct gate  *gate;
	struct watch  watch;
	struct timer  pause;
	struct link   waiting;		/* in the gate's list */
	uint32_t      port;		/* vsock.h: with hybrid sockets */
	struct link   by_port;
	/* Set after the start: one that this does not have is closed, and not
	 * counted.  vsock.h: peer is the CID that may connect. */
	bool	    (*admits)(const struct listener *l, int fd);
	uint32_t      peer;
	void	    (*accepted)(void *arg, int fd);
	void	     *arg;
};

/* Accepts from fd, a listening socket that is the listener's from now on, also
 * on failure.  accepted(arg, fd) owns the new descriptor (non-blocking) and
 * sees to it that gate_leave() is called once for it; it does not stop the
 * listener.  ERR_SYS. */
int listener_start(struct listener *l, struct loop *loop, int fd,
		   struct gate *g, void (*accepted)(void *arg, int fd),
		   void *arg, struct err *e) MUST_CHECK;
/* The same without a socket of its own: what comes, comes by this call.  It
 * closes fd when the gate is full. */
void listener_init(struct listener *l, struct gate *g,
		   void (*accepted)(void *arg, int fd), void *arg);
void listener_take(struct listener *l, int fd);

/* Connections that it accepted are not touched.  Nothing happens to one that
 * was never started, but is zero. */
void listener_stop(struct listener *l);

#endif
