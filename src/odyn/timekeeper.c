/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timekeeper.c - the clock of the enclave, kept by what the parent has no say in
 */
#include "odyn/timekeeper.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/xalloc.h"
#include "enclave/attestation.h"
#include "odyn/console.h"

#define EVERY_MS  300000
#define SECOND	  INT64_C(1000000000)
#define SLEW_MIN  (2 * SECOND / 1000)	/* an NSM counts milliseconds */
#define SLEW_MAX  (SECOND / 2)		/* adjtime(3) makes up for that in a
					 * quarter of an hour */
#define PTP_MAX	  8			/* devices looked at */

struct timekeeper {
	struct loop *loop;
	int	     ptp;		/* -1: there is none */
	int	     nsm;
	bool	     complained;
	struct timer timer;
};

enum time_step time_step_for(int64_t behind)
{
	int64_t distance = behind < 0 ? -behind : behind;

	if (distance < SLEW_MIN)
		return TIME_LEAVE;
	return distance <= SLEW_MAX ? TIME_SLEW : TIME_SET;
}

static int64_t now_of(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t) < 0)
		return -1;
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
}

/* A network card's clock is whatever the network says; KVM's is the host's.
 * clock_name of ptp_kvm, drivers/ptp/ptp_kvm_common.c. */
static int open_ptp(void)
{
	for (int i = 0; i < PTP_MAX; i++) {
		char path[64], name[64] = "";
		AUTO_CLOSE int fd = -1;

		snprintf(path, sizeof(path), "/sys/class/ptp/ptp%d/clock_name",
			 i);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || io_read(fd, name, sizeof(name) - 1) < 0 ||
		    strcmp(name, "KVM virtual PTP\n") != 0)
			continue;
		snprintf(path, sizeof(path), "/dev/ptp%d", i);
		return open(path, O_RDONLY | O_CLOEXEC);
	}
	return -1;
}

/* A descriptor as a clock: clock_gettime(2), "Dynamic clocks". */
static int64_t ptp_now(const struct timekeeper *t)
{
	return now_of((clockid_t)((~(unsigned int)t->ptp << 3) | 3));
}

/* Nanoseconds since 1970, or -1. */
static int64_t nsm_now(const struct timekeeper *t, struct err *e)
{
	static const struct nsm_attest nothing;
	AUTO_BUF struct buf document = BUF_INIT(NSM_RESPONSE_MAX);
	struct attestation a;

	if (nsm_attest(t->nsm, &nothing, &document, e) < 0 ||
	    attestation_parse(document.data, document.len, &a, e) < 0)
		return -1;
	if (a.timestamp_ms > INT64_MAX / (SECOND / 1000))
		return err_set(e, ERR_SYS, "the NSM's timestamp is no time");
	return (int64_t)a.timestamp_ms * (SECOND / 1000);
}

static int64_t true_now(struct timekeeper *t, struct err *e)
{
	int64_t now = t->ptp >= 0 ? ptp_now(t) : -1;

	if (now >= 0 || t->nsm < 0)
		return now >= 0 ? now : err_sys(e, "cannot read the PTP clock");
	return nsm_now(t, e);
}

static int set_clock(int64_t now)
{
	struct timespec at = { .tv_sec = now / SECOND,
			       .tv_nsec = now % SECOND };

	return clock_settime(CLOCK_REALTIME, &at);
}

static int correct(int64_t behind, struct err *e)
{
	struct timex slew = { .modes = ADJ_OFFSET_SINGLESHOT,
			      .offset = (long)(behind / 1000) };
	double seconds = (double)behind / (double)SECOND;

	switch (time_step_for(behind)) {
	case TIME_LEAVE:
		return 0;
	case TIME_SLEW:
		if (adjtimex(&slew) >= 0)
			return 0;
		break;
	default:
		if (set_clock(now_of(CLOCK_REALTIME) + behind) == 0) {
			console_say("the clock was %.3f s %s: set", behind < 0 ?
				    -seconds : seconds,
				    behind < 0 ? "ahead" : "behind");
			return 0;
		}
	}
	return err_sys(e, "cannot set the clock");
}

static int look(struct timekeeper *t, struct err *e)
{
	int64_t before = now_of(CLOCK_REALTIME), now = true_now(t, e);

	if (now < 0)
		return -1;
	/* It was read about half-way between before and now. */
	return correct(now - (before + now_of(CLOCK_REALTIME)) / 2, e);
}

static void look_again(void *arg)
{
	struct timekeeper *t = arg;
	struct err e;

	if (look(t, &e) < 0 && !t->complained) {
		console_say("the clock is not kept: %s", e.msg);
		t->complained = true;
	}
	timer_start(&t->timer, t->loop, EVERY_MS, look_again, t);
}

struct timekeeper *timekeeper_start(struct loop *l, int nsm)
{
	int ptp = open_ptp();
	struct timekeeper *t;

	if (ptp < 0 && nsm < 0)
		return NULL;
	t = xcalloc(1, sizeof(*t));
	t->loop = l;
	t->ptp = ptp;
	t->nsm = nsm;
	look_again(t);
	return t;
}

void timekeeper_free(struct timekeeper *t)
{
	if (!t)
		return;
	timer_stop(&t->timer);
	if (t->ptp >= 0)
		close(t->ptp);
	free(t);
}
