/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop.c - one thread that waits for descriptors and for moments: epoll(7)
 */
#include "enclave/loop.h"

#include <assert.h>
#include <limits.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"

#define BATCH 64		/* events fetched at once */

struct loop {
	int    epoll;
	bool   stopped;
	struct epoll_event batch[BATCH];
	int    n, at;		/* events in the batch, and the one at work */
	struct timer **heap;	/* the earliest first; see heap_place() */
	size_t n_timers, cap;
};

struct loop *loop_new(struct err *e)
{
	struct loop *l;
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll < 0) {
		err_sys(e, "cannot make an event queue");
		return NULL;
	}
	l = xcalloc(1, sizeof(*l));
	l->epoll = epoll;
	return l;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	close(l->epoll);
	free(l->heap);
	free(l);
}

void loop_stop(struct loop *l)
{
	l->stopped = true;
}

static struct epoll_event event_of(struct watch *w)
{
	return (struct epoll_event){
		.events = w->events ? w->events : EPOLLET,
		.data.ptr = w,
	};
}

int watch_start(struct watch *w, struct loop *l, int fd, uint32_t events,
		void (*fn)(void *arg, uint32_t events), void *arg)
{
	struct epoll_event ev;

	*w = (struct watch){ .loop = l, .fd = fd, .events = events, .fn = fn,
			     .arg = arg };
	ev = event_of(w);
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &ev) < 0) {
		w->loop = NULL;
		return -1;
	}
	return 0;
}

void watch_set(struct watch *w, uint32_t events)
{
	struct epoll_event ev;
	int ret;

	if (w->events == events)
		return;
	w->events = events;
	ev = event_of(w);
	/* Takes no memory: it fails for a descriptor that was closed first. */
	ret = epoll_ctl(w->loop->epoll, EPOLL_CTL_MOD, w->fd, &ev);
	assert(ret == 0);
	(void)ret;
}

void watch_stop(struct watch *w)
{
	struct loop *l = w->loop;

	if (!l)
		return;
	epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	for (int i = l->at + 1; i < l->n; i++)
		if (l->batch[i].data.ptr == w)
			l->batch[i].data.ptr = NULL;
	w->loop = NULL;
}

/* A binary heap: the timer at i is no later than those at 2i+1 and 2i+2. */
static void heap_place(struct loop *l, size_t i, struct timer *t)
{
	l->heap[i] = t;
	t->place = i;
}

static void heap_up(struct loop *l, size_t i, struct timer *t)
{
	while (i > 0 && l->heap[(i - 1) / 2]->at > t->at) {
		heap_place(l, i, l->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	heap_place(l, i, t);
}

static void heap_down(struct loop *l, size_t i, struct timer *t)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < l->n_timers &&
		    l->heap[child + 1]->at < l->heap[child]->at)
			child++;
		if (child >= l->n_timers || l->heap[child]->at >= t->at)
			break;
		heap_place(l, i, l->heap[child]);
		i = child;
	}
	heap_place(l, i, t);
}

void timer_stop(struct timer *t)
{
	struct loop *l = t->loop;
	struct timer *last;

	if (!l)
		return;
	t->loop = NULL;
	last = l->heap[--l->n_timers];
	if (last == t)
		return;
	/* The last takes its place: from there it belongs up, or down. */
	heap_up(l, t->place, last);
	heap_down(l, last->place, last);
}

void timer_start(struct timer *t, struct loop *l, uint64_t ms,
		 void (*fn)(void *arg), void *arg)
{
	timer_stop(t);
	*t = (struct timer){ .loop = l, .at = clock_ticks() + ms, .fn = fn,
			     .arg = arg };
	if (l->n_timers == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 16;
		l->heap = xreallocarray(l->heap, l->cap, sizeof(*l->heap));
	}
	heap_up(l, l->n_timers++, t);
}

/* Milliseconds to the next timer, as epoll_wait(2) wants them. */
static int patience(const struct loop *l)
{
	uint64_t now, left;

	if (l->n_timers == 0)
		return -1;
	now = clock_ticks();
	left = l->heap[0]->at > now ? l->heap[0]->at - now : 0;
	return left < INT_MAX ? (int)left : INT_MAX;
}

/* Those that were due when this began. */
static void run_timers(struct loop *l)
{
	uint64_t now;

	if (l->n_timers == 0)
		return;
	now = clock_ticks();
	while (!l->stopped && l->n_timers > 0 && l->heap[0]->at <= now) {
		struct timer *t = l->heap[0];

		timer_stop(t);
		t->fn(t->arg);
	}
}

int loop_run(struct loop *l, struct err *e)
{
	l->stopped = false;
	while (!l->stopped) {
		l->n = epoll_wait(l->epoll, l->batch, BATCH, patience(l));
		if (l->n < 0 && errno != EINTR)
			return err_sys(e, "cannot wait for events");
		for (l->at = 0; l->at < l->n && !l->stopped; l->at++) {
			struct watch *w = l->batch[l->at].data.ptr;

			if (w)
				w->fn(w->arg, l->batch[l->at].events);
		}
		l->n = 0;
		run_timers(l);
	}
	return 0;
}
