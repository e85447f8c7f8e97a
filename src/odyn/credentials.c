/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credentials.c - the instance's credentials, fetched when they are wanted and
 * kept until shortly before their end
 */
#include "odyn/credentials.h"

#include <string.h>

#include "base/clock.h"
#include "odyn/console.h"

void credentials_init(struct credentials *c, struct dialer *d,
		      const struct policy *p)
{
	memset(c, 0, sizeof(*c));
	c->dialer = d;
	c->policy = p;
}

void credentials_release(struct credentials *c)
{
	if (c->exchange)
		exchange_cancel(c->exchange);
	c->exchange = NULL;
	timer_stop(&c->timer);
	imds_release(&c->imds);
	imds_credentials_release(&c->have);
}

void credentials_give_up(struct credentials_wait *w)
{
	list_remove(&w->link);
}

void credentials_forget(struct credentials *c)
{
	imds_credentials_release(&c->have);
}

/* Whoever is called may ask again: for the next fetch, not for this one. */
static void tell(struct credentials *c, const char *sentence)
{
	struct link *all = c->waiting;
	bool good = imds_is_valid(&c->have, clock_now());

	c->waiting = NULL;
	if (all)
		all->to_me = &all;
	while (all) {
		struct credentials_wait *w = all->owner;

		list_remove(&w->link);
		w->done(w->arg, good ? &c->have : NULL, sentence);
	}
}

static void fail(struct credentials *c, struct err *e)
{
	err_wrap(e, "no credentials");
	console_say("%s", e->msg);
	tell(c, e->msg);
}

static void fetched(void *arg, const struct exchange_result *r);

/* The next of the three requests. */
static void fetch(struct credentials *c)
{
	struct buf request = BUF_INIT(1024);
	struct exchange_target to = { .port = IMDS_PORT };
	struct host host;
	struct err e;

	if (host_parse(IMDS_HOST, strlen(IMDS_HOST), &host, &e) < 0 ||
	    policy_check(c->policy, &host, &e) < 0) {
		fail(c, &e);
		return;
	}
	to.host = &host;
	imds_put_request(&c->imds, &request);
	c->exchange = exchange_start(c->dialer, &to, &request,
				     IMDS_ANSWER_MAX, fetched, c);
}

static void fetched(void *arg, const struct exchange_result *r)
{
	struct credentials *c = arg;
	struct imds_credentials fresh = { .expires = 0 };
	struct err e;
	int ret;

	c->exchange = NULL;
	if (r->status == 0)
		ret = err_set(&e, ERR_REMOTE, "%s", r->sentence);
	else
		ret = imds_take_answer(&c->imds, r->status, r->body, r->len,
				       &fresh, &e);
	if (ret < 0) {
		fail(c, &e);
	} else if (c->imds.step == IMDS_DONE) {
		c->have = fresh;
		imds_credentials_release(&fresh);
		tell(c, "the credentials have expired, by the enclave's clock");
	} else {
		fetch(c);
	}
}

static void begin(void *arg)
{
	struct credentials *c = arg;

	if (!c->waiting || c->exchange)
		return;
	if (!imds_is_due(&c->have, clock_now())) {
		tell(c, NULL);
		return;
	}
	imds_release(&c->imds);
	fetch(c);
}

void credentials_get(struct credentials *c, struct credentials_wait *w,
		     void (*done)(void *arg, const struct imds_credentials *c_,
				  const char *sentence), void *arg)
{
	w->done = done;
	w->arg = arg;
	list_add(&c->waiting, &w->link, w);
	if (!c->exchange && !c->timer.loop)
		timer_start(&c->timer, c->dialer->loop, 0, begin, c);
}
