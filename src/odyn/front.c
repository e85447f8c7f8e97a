/* SPDX-License-Identifier: Apache-2.0 */
/*
 * front.c - the client's side of an HTTP connection
 */
#include "odyn/front.h"

#include "base/xalloc.h"

#define OUT_MAX	  (4u << 20)	/* of one answer and the next one's head */
#define IDLE_MS	  300000	/* for a request to come */
#define CLOSE_MS  30000		/* for the last answer to be taken */
#define LINGER_MS 2000		/* for the client to close too */

static void drop_head(struct front *f)
{
	buf_wipe(&f->text);
	free(f->head);
	f->head = NULL;
}

static void finish(void *arg)
{
	struct front *f = arg;

	f->ops->gone(f->arg);
}

void front_release(struct front *f)
{
	timer_stop(&f->timer);
	wire_release(&f->wire);
	drop_head(f);
	f->state = FRONT_GONE;
}

void front_abort(struct front *f)
{
	if (f->state == FRONT_GONE)
		return;
	front_release(f);
	timer_start(&f->timer, f->loop, 0, finish, f);
}

static void too_late(void *arg)
{
	front_abort(arg);
}

static void wait_for(struct front *f, uint64_t ms)
{
	timer_start(&f->timer, f->loop, ms, too_late, f);
}

/* All was written: the client is told so, and what it still sends is thrown
 * away, for a reset would take the answer with it (section 9.6). */
static void linger(struct front *f)
{
	f->state = FRONT_LINGERING;
	if (stream_shut(&f->wire.stream) < 0) {
		front_abort(f);
		return;
	}
	wait_for(f, LINGER_MS);
	wire_take(&f->wire, f->wire.in.len);
	wire_read(&f->wire, true);
}

void front_close(struct front *f)
{
	if (f->state == FRONT_GONE)
		return;
	f->state = FRONT_CLOSING;
	drop_head(f);
	wire_read(&f->wire, false);
	wire_flush(&f->wire);
	wait_for(f, CLOSE_MS);
	if (f->wire.deaf)
		front_abort(f);
	else if (wire_waiting(&f->wire) == 0)
		linger(f);
}

void front_refuse(struct front *f, unsigned status, const char *sentence)
{
	http1_put_refusal(status, sentence, &f->wire.out);
	front_close(f);
}

/* A whole head is there: it is kept apart, for the owner may read on. */
static void take_head(struct front *f)
{
	struct err e;

	timer_stop(&f->timer);
	wire_read(&f->wire, false);
	buf_add(&f->text, f->wire.in.data + f->scan.start,
		f->scan.end - f->scan.start);
	wire_take(&f->wire, f->scan.end);
	f->head = xmalloc(sizeof(*f->head));
	f->state = FRONT_BUSY;
	if (http1_parse_request(f->text.data, f->text.len, f->head, &e) < 0)
		front_refuse(f, 400, e.msg);
	else
		f->ops->asked(f->arg);
}

/* A loop, and no recursion by front_next(): a client can send hundreds of
 * requests at once. */
static void pump(struct front *f)
{
	struct err e;
	int ret;

	if (f->pumping)
		return;
	f->pumping = true;
	while (f->state == FRONT_HEAD) {
		ret = f->wire.in.len == 0 ? 0 :
		      http1_scan(&f->scan, f->wire.in.data, f->wire.in.len,
				 &e);
		if (ret < 0)
			front_refuse(f, 400, e.msg);
		else if (ret > 0)
			take_head(f);
		else if (f->wire.ended || f->wire.gone)
			front_abort(f);
		else
			break;
	}
	f->pumping = false;
}

void front_next(struct front *f)
{
	if (f->state == FRONT_GONE)
		return;
	drop_head(f);
	f->scan = (struct http1_scan){ 0 };
	f->state = FRONT_HEAD;
	wait_for(f, IDLE_MS);
	wire_read(&f->wire, true);
	pump(f);
}

static void moved(void *arg)
{
	struct front *f = arg;
	struct wire *w = &f->wire;

	if (w->deaf || w->gone || w->broken) {
		front_abort(f);
		return;
	}
	switch (f->state) {
	case FRONT_HEAD:
		pump(f);
		break;
	case FRONT_BUSY:
		f->ops->moved(f->arg);
		break;
	case FRONT_CLOSING:
		if (wire_waiting(w) == 0)
			linger(f);
		break;
	case FRONT_LINGERING:
		wire_take(w, w->in.len);
		if (w->ended)
			front_abort(f);
		break;
	case FRONT_GONE:
		break;
	}
}

int front_start(struct front *f, struct loop *l, int fd,
		const struct front_ops *ops, void *arg)
{
	struct stream s;

	*f = (struct front){ .loop = l, .ops = ops, .arg = arg,
			     .text = BUF_INIT(HTTP1_HEAD_MAX) };
	stream_init_plain(&s, fd);
	if (wire_start(&f->wire, l, &s, HTTP1_HEAD_MAX + 1, OUT_MAX, moved,
		       f) < 0)
		return -1;
	wait_for(f, IDLE_MS);
	return 0;
}
