/* SPDX-License-Identifier: Apache-2.0 */
/*
 * turns.h - a loop that runs for a while, for unit tests: its tests share one
 */
#ifndef ENC_TEST_TURNS_H
#define ENC_TEST_TURNS_H

#include "enclave/loop.h"
#include "tap.h"

static struct loop *loop;

static void stop(void *arg UNUSED)
{
	loop_stop(loop);
}

/* Until something stops it, or ms milliseconds are over. */
static void run(uint64_t ms)
{
	struct timer t = { .loop = NULL };
	struct err e;

	timer_start(&t, loop, ms, stop, NULL);
	if (loop_run(loop, &e) < 0)
		ok(0, e.msg);
	timer_stop(&t);
}

#endif
