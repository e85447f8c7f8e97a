/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listener.c - takes connections, as many as there may be at once
 */
#include "enclave/listener.h"

#include <sys/socket.h>

#include "base/cleanup.h"

#define TURN	 64		/* connections accepted before others have
				 * their turn */
#define PAUSE_MS 100		/* until somebody may have closed something */

static void watch_again(void *arg)
{
	struct listener *l = arg;

	watch_set(&l->watch, EPOLLIN);
}

void gate_leave(struct gate *g)
{
	g->open--;
	while (g->waiting) {
		struct listener *l = g->waiting->owner;

		list_remove(&l->waiting);
		watch_again(l);
	}
}

/* false when there is nothing more to accept now. */
static bool accept_one(struct listener *l)
{
	int fd;

	if (l->gate->open >= l->gate->max) {
		watch_set(&l->watch, 0);
		list_add(&l->gate->waiting, &l->waiting, l);
		return false;
	}
	fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0 && l->admits && !l->admits(l, fd)) {
		close(fd);
		return true;
	}
	if (fd >= 0) {
		l->gate->open++;
		l->accepted(l->arg, fd);
		return true;
	}
	switch (errno) {
	case EAGAIN:
		return false;
	case EINTR:
	case ECONNABORTED:	/* that connection is gone: the next one */
	case ECONNRESET:
	case EPROTO:
		return true;
	default:		/* EMFILE, ENFILE, ENOMEM… */
		watch_set(&l->watch, 0);
		timer_start(&l->pause, l->watch.loop, PAUSE_MS, watch_again, l);
		return false;
	}
}

static void ready(void *arg, uint32_t events)
{
	struct listener *l = arg;

	(void)events;
	for (int i = 0; i < TURN && accept_one(l); i++)
		;
}

void listener_init(struct listener *l, struct gate *g,
		   void (*accepted)(void *arg, int fd), void *arg)
{
	*l = (struct listener){ .fd = -1, .gate = g, .accepted = accepted,
				.arg = arg };
}

int listener_start(struct listener *l, struct loop *loop, int fd,
		   struct gate *g, void (*accepted)(void *arg, int fd),
		   void *arg, struct err *e)
{
	listener_init(l, g, accepted, arg);
	l->fd = fd;
	if (watch_start(&l->watch, loop, fd, EPOLLIN, ready, l) < 0) {
		err_sys(e, "cannot watch a listening socket");
		close(steal_fd(&l->fd));
		return -1;
	}
	return 0;
}

void listener_take(struct listener *l, int fd)
{
	if (l->gate->open >= l->gate->max) {
		close(fd);
		return;
	}
	l->gate->open++;
	l->accepted(l->arg, fd);
}

void listener_stop(struct listener *l)
{
	list_remove(&l->waiting);
	list_remove(&l->by_port);
	timer_stop(&l->pause);
	if (!l->watch.loop)
		return;		/* without a socket of its own */
	watch_stop(&l->watch);
	close(steal_fd(&l->fd));
}
