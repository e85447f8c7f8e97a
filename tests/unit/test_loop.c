/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_loop.c - the event loop: order of timers, and callbacks that free what
 * others wait for
 */
#include "enclave/loop.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tap.h"

static struct loop *loop;

static void run(const char *what)
{
	struct err e;

	ok(loop_run(loop, &e) == 0, what);
}

/* Timers: some are stopped, the others come in the order of their moments. */
static char order[16];
static struct timer timers[8];
static uint64_t last_at;
static size_t n_called, n_early;

static void check_order(void *arg)
{
	const struct timer *t = arg;

	n_early += t->at < last_at;
	last_at = t->at;
	n_called++;
}

static void note(void *arg)
{
	check_order(arg);
	order[(struct timer *)arg - timers] = 'x';
	if (n_called == 6)
		loop_stop(loop);
}

static void test_timers(void)
{
	static const int start[] = { 5, 2, 7, 0, 4, 1, 6, 3 };

	memset(order, '-', ARRAY_SIZE(timers));
	for (size_t i = 0; i < ARRAY_SIZE(start); i++)
		timer_start(&timers[start[i]], loop,
			    5 * (uint64_t)start[i], note, &timers[start[i]]);
	timer_stop(&timers[1]);
	timer_stop(&timers[6]);
	timer_stop(&timers[6]);
	run("timers run");
	same_str(order, "x-xxxx-x", "but for those that were stopped");
	ok(n_early == 0, "none before one that is due earlier");
	ok(!timers[0].loop && !timers[7].loop, "and once");
}

/* Many, stopped from the middle: the heap stays a heap. */
static void count_down(void *arg)
{
	check_order(arg);
	if (n_called == 250)
		loop_stop(loop);
}

static void test_heap(void)
{
	static struct timer many[500];
	unsigned int seed = 1;

	last_at = n_called = n_early = 0;
	for (size_t i = 0; i < ARRAY_SIZE(many); i++) {
		seed = seed * 1103515245 + 12345;
		timer_start(&many[i], loop, (seed >> 16) % 20, count_down,
			    &many[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(many); i += 2)
		timer_stop(&many[i]);
	run("half of five hundred timers run");
	ok(n_early == 0, "none before one that is due earlier");
}

/* Two descriptors that are ready at once: whichever callback comes first
 * frees both watches. */
struct pair {
	struct watch *one, *two;
	int calls;
};

static void free_both(void *arg, uint32_t events)
{
	struct pair *p = arg;

	(void)events;
	p->calls++;
	watch_stop(p->one);
	watch_stop(p->two);
	free(p->one);
	free(p->two);
	loop_stop(loop);
}

static void test_free(void)
{
	int a[2], b[2];
	struct pair p = { malloc(sizeof(struct watch)),
			  malloc(sizeof(struct watch)), 0 };

	ok(socketpair(AF_UNIX, SOCK_STREAM, 0, a) == 0 &&
	   socketpair(AF_UNIX, SOCK_STREAM, 0, b) == 0, "sockets");
	ok(watch_start(p.one, loop, a[0], EPOLLOUT, free_both, &p) == 0 &&
	   watch_start(p.two, loop, b[0], EPOLLOUT, free_both, &p) == 0,
	   "two watches");
	run("both are ready");
	ok(p.calls == 1, "and the one that is gone is not called");
	for (int i = 0; i < 2; i++) {
		close(a[i]);
		close(b[i]);
	}
}

/* A hang-up that nobody can do anything for is told once. */
static int hang_ups;

static void count(void *arg, uint32_t events)
{
	(void)arg;
	hang_ups += (events & EPOLLHUP) != 0;
}

static void stop(void *arg)
{
	(void)arg;
	loop_stop(loop);
}

static void test_hang_up(void)
{
	struct watch w;
	struct timer t = { .loop = NULL };
	int fds[2];

	ok(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0, "sockets");
	ok(watch_start(&w, loop, fds[0], 0, count, NULL) == 0, "a watch");
	close(fds[1]);
	timer_start(&t, loop, 20, stop, NULL);
	run("a hang-up");
	ok(hang_ups == 1, "is told once to who waits for nothing");
	watch_set(&w, EPOLLIN);
	watch_set(&w, 0);
	timer_start(&t, loop, 20, stop, NULL);
	run("asked anew");
	ok(hang_ups == 2, "it is told once more");
	watch_stop(&w);
	watch_stop(&w);
	close(fds[0]);
}

static void test_bad(void)
{
	struct watch w;

	ok(watch_start(&w, loop, -1, EPOLLIN, count, NULL) < 0,
	   "no descriptor");
	watch_stop(&w);
}

int main(void)
{
	struct err e;

	loop = loop_new(&e);
	ok(loop != NULL, "a loop");
	test_timers();
	test_heap();
	test_free();
	test_hang_up();
	test_bad();
	loop_free(loop);
	return tap_done();
}
