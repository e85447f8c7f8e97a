/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.c - what the enclave tells of itself, to the last word
 *
 * Trust: the enclave is hostile.  A line that is no status is passed over, and
 * its output is bytes.
 */
#include "enc-run/report.h"

#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

#define LINE_MAX_  1024		/* of the status port: odyn's status.h */
#define REST_MS	   5000		/* for what an enclave that is over has yet to
				 * say */
#define NO_LOG_MS  2000		/* an enclave has a status, and perhaps no log:
				 * odyn --no-console */
#define AGAIN_MS   250		/* an enclave that hangs up on us is not called
				 * as fast as it can */
#define HANG_UP_MS 300		/* our odyn ends its side of the status port
				 * after the final line; others wait for us */
#define QUIET_MS   1000		/* a log that is quiet for so long after the
				 * end is over: some monitors do not pass on a
				 * half-close (vhost-device-vsock 0.3.0) */

static void check_end(struct report *r)
{
	if ((r->final || r->gone) && !channel_is_open(&r->status) &&
	    !channel_is_open(&r->log) && output_is_empty(&r->out))
		r->over(r->arg);
}

/* It has had its time.  What came of it is written all the same, however slow
 * our reader is. */
static void rest_is_over(void *arg)
{
	struct report *r = arg;

	channel_close(&r->status);
	channel_close(&r->log);
	check_end(r);
}

static void hang_up(void *arg)
{
	struct report *r = arg;

	channel_close(&r->status);
	check_end(r);
}

static void is_quiet(void *arg)
{
	struct report *r = arg;

	if (r->log.paused) {	/* it is our reader who is slow */
		timer_start(&r->quiet, r->loop, QUIET_MS, is_quiet, r);
		return;
	}
	channel_close(&r->log);
	check_end(r);
}

static void take_verdict(struct report *r, const struct verdict *v)
{
	if (v->kind == VERDICT_RUNNING) {
		if (r->ready)
			return;
		r->ready = true;
	} else {
		r->final = true;
		r->verdict = *v;
		timer_start(&r->hang_up, r->loop, HANG_UP_MS, hang_up, r);
		timer_start(&r->quiet, r->loop, QUIET_MS, is_quiet, r);
		timer_start(&r->rest, r->loop, REST_MS, rest_is_over, r);
	}
	r->changed(r->arg);
}

static void status_data(void *arg, const char *data, size_t len)
{
	struct report *r = arg;

	for (size_t i = 0; i < len && !r->final; i++) {
		struct verdict v;
		struct err e;

		if (data[i] != '\n') {
			if (r->line.len < LINE_MAX_)
				buf_addc(&r->line, data[i]);
			continue;
		}
		if (verdict_parse(r->line.data, r->line.len, &v, &e) == 0)
			take_verdict(r, &v);
		else
			cli_debug("%s", e.msg);
		r->line.len = 0;
	}
}

static void status_ended(void *arg);

static void open_status(void *arg)
{
	struct report *r = arg;

	timer_stop(&r->again);
	if (!channel_is_open(&r->status) && !r->gone && !r->final)
		channel_open(&r->status, r->loop, r->vsock, r->status_port,
			     status_data, status_ended, r);
}

static void status_ended(void *arg)
{
	struct report *r = arg;

	r->line.len = 0;
	if (r->gone || r->final)
		check_end(r);
	else
		timer_start(&r->again, r->loop, AGAIN_MS, open_status, r);
}

static void log_data(void *arg, const char *data, size_t len)
{
	struct report *r = arg;

	r->heard = true;
	if (output_put(&r->out, data, len))
		channel_pause(&r->log, true);
	if (r->quiet.loop)
		timer_start(&r->quiet, r->loop, QUIET_MS, is_quiet, r);
}

static void log_ended(void *arg)
{
	check_end(arg);
}

static void out_drained(void *arg)
{
	struct report *r = arg;

	channel_pause(&r->log, false);
	check_end(r);
}

/* The application is served on; only its words are lost. */
static void out_failed(void *arg)
{
	struct report *r = arg;

	cli_warn("cannot write the application's output: %s; it is dropped from here on",
		 strerror(r->out.fault));
	channel_pause(&r->log, false);
	check_end(r);
}

void report_init(struct report *r, struct loop *l,
		 void (*changed)(void *arg), void (*over)(void *arg),
		 void *arg)
{
	*r = (struct report){ .loop = l, .status = CHANNEL_INIT,
			      .log = CHANNEL_INIT, .line = BUF_INIT(LINE_MAX_),
			      .changed = changed, .over = over, .arg = arg };
	output_init(&r->out, l, STDOUT_FILENO, out_drained, out_failed, r);
}

void report_open(struct report *r, struct vsock *v, uint32_t status_port,
		 uint32_t log_port)
{
	r->vsock = v;
	r->status_port = status_port;
	channel_open(&r->log, r->loop, v, log_port, log_data, log_ended, r);
	r->log.opened = open_status;
	timer_start(&r->again, r->loop, NO_LOG_MS, open_status, r);
}

/* A port that never answered will not. */
void report_gone(struct report *r)
{
	r->gone = true;
	if (r->status.fd < 0)
		channel_close(&r->status);
	if (r->log.fd < 0)
		channel_close(&r->log);
	timer_start(&r->rest, r->loop, REST_MS, rest_is_over, r);
	check_end(r);
}

void report_release(struct report *r)
{
	timer_stop(&r->again);
	timer_stop(&r->hang_up);
	timer_stop(&r->quiet);
	timer_stop(&r->rest);
	channel_close(&r->status);
	channel_close(&r->log);
	buf_release(&r->line);
	output_release(&r->out);
}
