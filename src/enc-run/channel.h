/* SPDX-License-Identifier: Apache-2.0 */
/*
 * channel.h - a port of the enclave that is read, as soon as it is there
 *
 * An enclave that boots has no ports yet, and a call that comes before its
 * driver is never answered: it is called again until somebody answers.
 */
#ifndef RUN_CHANNEL_H
#define RUN_CHANNEL_H

#include <stdbool.h>

#include "enclave/loop.h"
#include "enclave/vsock.h"

struct channel {
	struct loop  *loop;
	struct vsock *vsock;
	uint32_t      port;
	struct vsock_call *call;
	struct timer  timer;		/* of a call; until the next */
	struct watch  watch;
	int	      fd;		/* -1: not connected */
	bool	      paused;
	/* Somebody answered; from the loop.  May be NULL. */
	void	    (*opened)(void *arg);
	/* What came; from the loop. */
	void	    (*data)(void *arg, const char *data, size_t len);
	/* It was connected, and is no more; the channel is closed. */
	void	    (*ended)(void *arg);
	void	     *arg;
};

#define CHANNEL_INIT { .fd = -1 }

/* Calls the port until it answers.  v is borrowed. */
void channel_open(struct channel *c, struct loop *l, struct vsock *v,
		  uint32_t port,
		  void (*data)(void *arg, const char *data, size_t len),
		  void (*ended)(void *arg), void *arg);
/* Nothing is read while it is paused: the enclave is held back. */
void channel_pause(struct channel *c, bool pause);
bool channel_is_open(const struct channel *c);	/* being called, or connected */
/* Nothing happens when it is closed. */
void channel_close(struct channel *c);

#endif
