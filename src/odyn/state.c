/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.c - what odyn does when something happens: the table
 */
#include "odyn/state.h"

#include <assert.h>

#define STAY(state) { ST_##state, 0 }

/* A stop that comes before the exec is not lost: the signal reaches the child
 * in either of its shapes.  Once the application has ended, an end is all that
 * there is to come. */
static const struct transition table[ST_COUNT][EV_COUNT] = {
	[ST_STARTING] = {
		[EV_EXECUTED]	 = { ST_RUNNING, ACT_REPORT_RUN },
		[EV_EXEC_FAILED] = { ST_STARTING, ACT_REPORT_FAULT },
		[EV_STOP]	 = { ST_STOPPING, ACT_FORWARD },
		[EV_GRACE_OVER]	 = STAY(STARTING),
		[EV_APP_ENDED]	 = { ST_ENDING,
				     ACT_REPORT_END | ACT_KILL },
		[EV_ALONE]	 = STAY(STARTING),
	},
	[ST_RUNNING] = {
		[EV_EXECUTED]	 = STAY(RUNNING),
		[EV_EXEC_FAILED] = STAY(RUNNING),
		[EV_STOP]	 = { ST_STOPPING, ACT_FORWARD },
		[EV_GRACE_OVER]	 = STAY(RUNNING),
		[EV_APP_ENDED]	 = { ST_ENDING,
				     ACT_REPORT_END | ACT_KILL },
		[EV_ALONE]	 = STAY(RUNNING),
	},
	[ST_STOPPING] = {
		[EV_EXECUTED]	 = { ST_STOPPING, ACT_REPORT_RUN },
		[EV_EXEC_FAILED] = { ST_STOPPING, ACT_REPORT_FAULT },
		[EV_STOP]	 = { ST_STOPPING, ACT_FORWARD },
		[EV_GRACE_OVER]	 = { ST_STOPPING, ACT_KILL },
		[EV_APP_ENDED]	 = { ST_ENDING,
				     ACT_REPORT_END | ACT_KILL },
		[EV_ALONE]	 = STAY(STOPPING),
	},
	[ST_ENDING] = {
		[EV_EXECUTED]	 = STAY(ENDING),
		[EV_EXEC_FAILED] = { ST_ENDING, ACT_REPORT_FAULT },
		[EV_STOP]	 = STAY(ENDING),
		[EV_GRACE_OVER]	 = STAY(ENDING),
		[EV_APP_ENDED]	 = STAY(ENDING),
		[EV_ALONE]	 = { ST_DONE, ACT_OVER },
	},
	[ST_DONE] = {
		[EV_EXECUTED]	 = STAY(DONE),
		[EV_EXEC_FAILED] = STAY(DONE),
		[EV_STOP]	 = STAY(DONE),
		[EV_GRACE_OVER]	 = STAY(DONE),
		[EV_APP_ENDED]	 = STAY(DONE),
		[EV_ALONE]	 = STAY(DONE),
	},
};

struct transition state_next(enum odyn_state state, enum odyn_event event)
{
	assert(state < ST_COUNT && event < EV_COUNT);
	return table[state][event];
}
