/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service.c - a small HTTP server on the enclave's loopback
 */
#include "odyn/service.h"

#include "base/xalloc.h"
#include "odyn/tcp.h"

static void request_free(struct service_request *r)
{
	if (r->cancel)
		r->cancel(r->owner);
	front_release(&r->front);
	buf_wipe(&r->content);
	list_remove(&r->link);
	free(r);
}

static void gone(void *arg)
{
	struct service_request *r = arg;
	struct gate *g = r->service->gate;

	request_free(r);
	gate_leave(g);
}

static void collect(struct service_request *r)
{
	struct wire *w = &r->front.wire;
	struct service *s = r->service;
	size_t used;
	struct err e;

	if (http1_body_take(&r->body, w->in.data, w->in.len, &used,
			    &r->content, &e) < 0) {
		front_refuse(&r->front, 400, e.msg);
		return;
	}
	if (used > 0)
		wire_take(w, used);
	if (!r->body.done && w->ended) {
		front_abort(&r->front);
		return;
	}
	wire_read(w, !r->body.done);
	if (r->body.done)
		s->asked(s->arg, r);
}

static void asked(void *arg)
{
	struct service_request *r = arg;
	const struct http1_head *h = r->front.head;
	struct wire *w = &r->front.wire;

	if (h->length > r->service->body_max) {
		front_refuse(&r->front, 413, "the body is too large");
		return;
	}
	if (h->form == HTTP1_AUTHORITY) {
		front_refuse(&r->front, 400, "this is no proxy");
		return;
	}
	http1_body_init(&r->body, h);
	if (h->expect_continue && w->in.len == 0 && !r->body.done) {
		buf_adds(&w->out, HTTP1_CONTINUE);
		wire_flush(w);
	}
	collect(r);
}

static void moved(void *arg)
{
	struct service_request *r = arg;

	if (!r->body.done)
		collect(r);
}

void service_answer(struct service_request *r, const struct http1_reply *reply)
{
	const struct http1_head *h = r->front.head;
	struct wire *w = &r->front.wire;

	r->cancel = NULL;
	buf_wipe(&r->content);
	if (r->front.state != FRONT_BUSY)	/* gone() is on its way */
		return;
	http1_put_reply(reply, h->keep_alive, http1_is(h->method, "HEAD"),
			&w->out);
	wire_flush(w);
	if (h->keep_alive)
		front_next(&r->front);
	else
		front_close(&r->front);
}

static void accepted(void *arg, int fd)
{
	static const struct front_ops ops = { asked, moved, gone };
	struct service *s = arg;
	struct service_request *r = xcalloc(1, sizeof(*r));

	r->service = s;
	r->content = (struct buf)BUF_INIT(s->body_max);
	list_add(&s->requests, &r->link, r);
	if (front_start(&r->front, s->loop, fd, &ops, r) < 0)
		gone(r);
}

int service_start(struct service *s, struct loop *l, uint16_t port,
		  struct gate *g, size_t body_max,
		  void (*fn)(void *arg, struct service_request *r),
		  void *arg, struct err *e)
{
	*s = (struct service){ .gate = g, .body_max = body_max, .asked = fn,
			       .arg = arg, .loop = l };
	if (tcp_listen(&s->listener, l, port, g, accepted, s, e) < 0) {
		s->loop = NULL;
		return -1;
	}
	return 0;
}

void service_stop(struct service *s)
{
	if (!s->loop)
		return;
	while (s->requests)
		request_free(s->requests->owner);
	listener_stop(&s->listener);
	s->loop = NULL;
}
