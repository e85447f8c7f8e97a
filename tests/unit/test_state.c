/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_state.c - odyn's table: nothing ends while the application runs, and
 * everything ends once it has
 */
#include "odyn/state.h"

#include "tap.h"

static int is(enum odyn_state state, enum odyn_event event,
	      enum odyn_state next, int actions)
{
	struct transition t = state_next(state, event);

	return t.next == next && t.actions == actions;
}

static void test_paths(void)
{
	ok(is(ST_STARTING, EV_EXECUTED, ST_RUNNING, ACT_REPORT_RUN), "it runs");
	ok(is(ST_STARTING, EV_EXEC_FAILED, ST_STARTING, ACT_REPORT_FAULT),
	   "it cannot be run: said, and its end is waited for");
	ok(is(ST_STARTING, EV_STOP, ST_STOPPING, ACT_FORWARD),
	   "a stop before the exec is not lost");
	ok(is(ST_RUNNING, EV_STOP, ST_STOPPING, ACT_FORWARD), "a stop");
	ok(is(ST_STOPPING, EV_STOP, ST_STOPPING, ACT_FORWARD), "and another");
	ok(is(ST_STOPPING, EV_EXEC_FAILED, ST_STOPPING, ACT_REPORT_FAULT),
	   "a fault after a stop is said, too");
	ok(is(ST_STOPPING, EV_GRACE_OVER, ST_STOPPING, ACT_KILL),
	   "its time is over: killed, and its end is waited for");
	ok(is(ST_STOPPING, EV_EXECUTED, ST_STOPPING, ACT_REPORT_RUN),
	   "one that is stopped at once has run all the same");
	ok(is(ST_ENDING, EV_GRACE_OVER, ST_ENDING, 0),
	   "a time that is over after the end kills nobody");
	ok(is(ST_ENDING, EV_STOP, ST_ENDING, 0),
	   "a stop after the end signals nobody");
	ok(is(ST_ENDING, EV_ALONE, ST_DONE, ACT_OVER), "the end");
}

static void test_all(void)
{
	for (enum odyn_state s = ST_STARTING; s <= ST_STOPPING; s++) {
		ok(is(s, EV_APP_ENDED, ST_ENDING,
		      ACT_REPORT_END | ACT_KILL),
		   "an end is reported from every living state");
		ok(is(s, EV_ALONE, s, 0), "only an end ends it");
	}
	for (enum odyn_event e = EV_EXECUTED; e < EV_COUNT; e++) {
		ok(is(ST_DONE, e, ST_DONE, 0), "nothing leaves the last state");
		ok(state_next(ST_ENDING, e).next >= ST_ENDING,
		   "nothing starts again");
		ok(!(state_next(ST_ENDING, e).actions & ACT_REPORT_END),
		   "an end is reported once");
	}
}

int main(void)
{
	test_paths();
	test_all();
	return tap_done();
}
