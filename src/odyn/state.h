/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.h - what odyn does when something happens: state x event
 *
 * Pure: no system call, nothing but the table.
 */
#ifndef ODYN_STATE_H
#define ODYN_STATE_H

enum odyn_state {
	ST_STARTING,	/* forked, the application's exec is not through */
	ST_RUNNING,	/* the application runs */
	ST_STOPPING,	/* it was told to stop */
	ST_ENDING,	/* it has ended; what it left behind is going */
	ST_DONE,	/* nothing is left: report outward and power off */
	ST_COUNT
};

enum odyn_event {
	EV_EXECUTED,	/* the exec went through */
	EV_EXEC_FAILED,	/* it did not, or something before it; the child exits
			 * with 126 or 127 */
	EV_STOP,	/* SIGTERM or SIGINT, or a request of the parent */
	EV_GRACE_OVER,	/* and the time that it had for its end is over */
	EV_APP_ENDED,	/* the application exited or was killed */
	EV_ALONE,	/* there is no process left to wait for */
	EV_COUNT
};

enum odyn_action {
	ACT_FORWARD	 = 1 << 0,	/* send it the image's stop signal, and
					 * begin to count its grace */
	ACT_REPORT_FAULT = 1 << 1,	/* say what could not be done */
	ACT_REPORT_RUN	 = 1 << 2,	/* say outward that it runs */
	ACT_REPORT_END	 = 1 << 3,	/* say how it ended, outward too */
	ACT_KILL	 = 1 << 4,	/* kill it and what it started */
	ACT_OVER	 = 1 << 5,	/* let the enclave end */
};

struct transition {
	enum odyn_state next;
	int actions;			/* enum odyn_action */
};

/* What cannot happen in a state changes nothing. */
struct transition state_next(enum odyn_state state, enum odyn_event event);

#endif
