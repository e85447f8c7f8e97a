/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop.h - one thread that waits for descriptors and for moments: epoll(7)
 *
 * A watch or a timer is part of the object that it serves: starting one takes
 * no memory that its end does not give back.  A callback may stop, restart or
 * free any watch and any timer, its own too: after watch_stop() or
 * timer_stop() the loop never looks at it again, even when its event was
 * already fetched.
 *
 * A watch is stopped before its descriptor is closed.  Events are
 * level-triggered: what a callback leaves undone brings it back.
 */
#ifndef ENC_LOOP_H
#define ENC_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "base/err.h"

struct loop;

struct watch {
	struct loop *loop;		/* NULL while stopped */
	int	     fd;		/* borrowed */
	uint32_t     events;
	void	   (*fn)(void *arg, uint32_t events);
	void	    *arg;
};

struct timer {
	struct loop *loop;		/* NULL while stopped */
	uint64_t     at;		/* clock_ticks() */
	size_t	     place;		/* in the loop's heap */
	void	   (*fn)(void *arg);
	void	    *arg;
};

/* Returns new, or NULL (ERR_SYS); the caller frees it when nothing is
 * watched any more. */
struct loop *loop_new(struct err *e) MUST_CHECK;
void loop_free(struct loop *l);

/* Calls back until loop_stop().  -1 (ERR_SYS) when it cannot even wait. */
int loop_run(struct loop *l, struct err *e) MUST_CHECK;
/* loop_run() returns when the callback that calls this has. */
void loop_stop(struct loop *l);

/* fn(arg, events) whenever one of events (EPOLLIN, EPOLLOUT) is there, and
 * for EPOLLERR and EPOLLHUP always.  -1 with errno. */
int watch_start(struct watch *w, struct loop *l, int fd, uint32_t events,
		void (*fn)(void *arg, uint32_t events), void *arg) MUST_CHECK;
/* Other events from now on; costs nothing when they are the same.  With 0 an
 * error or a hang-up is told once and not again, so that a watch that nothing
 * can be done for does not spin. */
void watch_set(struct watch *w, uint32_t events);
/* Nothing happens when it is stopped. */
void watch_stop(struct watch *w);

/* fn(arg) once, after ms milliseconds; a timer that runs is set anew. */
void timer_start(struct timer *t, struct loop *l, uint64_t ms,
		 void (*fn)(void *arg), void *arg);
/* Nothing happens when it is stopped, or was called. */
void timer_stop(struct timer *t);

#endif
