/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exchange.c - one HTTP request to somewhere outside, and its whole answer
 */
#include "odyn/exchange.h"

#include "base/xalloc.h"
#include "enclave/http1.h"
#include "odyn/wire.h"

#define EXCHANGE_MS 60000	/* from the connection to the end */

struct exchange {
	struct dialer *dialer;
	struct host    host;
	uint16_t       port;
	const struct tls *tls;
	struct buf     request;
	struct buf     body;
	struct dial   *dial;
	struct stream  stream;		/* during the handshake */
	struct watch   watch;
	struct wire    wire;		/* after it */
	struct timer   timer;
	struct http1_scan scan;
	struct http1_head head;
	struct http1_body framing;
	bool	       has_head;
	void	     (*done)(void *arg, const struct exchange_result *r);
	void	      *arg;
};

void exchange_cancel(struct exchange *x)
{
	if (x->dial)
		dial_hang_up(x->dial);
	timer_stop(&x->timer);
	watch_stop(&x->watch);
	stream_release(&x->stream);
	wire_release(&x->wire);
	buf_wipe(&x->request);
	buf_wipe(&x->body);
	free(x);
}

static void finish(struct exchange *x, const struct exchange_result *r)
{
	x->done(x->arg, r);
	exchange_cancel(x);
}

static void fail(struct exchange *x, unsigned fault, const char *why)
{
	struct exchange_result r = { .fault = fault, .sentence = why };

	finish(x, &r);
}

/* About the server. */
static void fail_there(struct exchange *x, const char *what, const char *why)
{
	AUTO_FREE char *text = xasprintf("%s '%s' port %u%s%s", what,
					 x->host.text, x->port,
					 why ? ": " : "", why ? why : "");

	fail(x, 502, text);
}

static void too_late(void *arg)
{
	struct exchange *x = arg;
	AUTO_FREE char *text = xasprintf("no answer from '%s' port %u in time",
					 x->host.text, x->port);

	fail(x, 504, text);
}

/* 1 when the head is there, 0 when more is wanted, -1.  Interim answers are
 * passed over. */
static int read_head(struct exchange *x, struct err *e)
{
	struct buf *in = &x->wire.in;
	int ret;

	while (!x->has_head && in->len > 0) {
		ret = http1_scan(&x->scan, in->data, in->len, e);
		if (ret <= 0)
			return ret;
		if (http1_parse_response(in->data + x->scan.start,
					 x->scan.end - x->scan.start, false,
					 &x->head, e) < 0)
			return -1;
		x->has_head = x->head.status >= 200;
		wire_take(&x->wire, x->scan.end);
		x->scan = (struct http1_scan){ 0 };
		http1_body_init(&x->framing, &x->head);
	}
	return x->has_head;
}

/* 1 when it is whole. */
static int read_body(struct exchange *x, struct err *e)
{
	struct wire *w = &x->wire;
	size_t used;

	if (http1_body_take(&x->framing, w->in.data, w->in.len, &used,
			    &x->body, e) < 0)
		return -1;
	if (used > 0)
		wire_take(w, used);
	if (w->broken && !x->framing.done)
		return err_set(e, ERR_REMOTE, "the connection broke");
	if (w->ended && http1_body_close(&x->framing, e) < 0)
		return -1;
	return x->framing.done;
}

static void moved(void *arg)
{
	struct exchange *x = arg;
	struct exchange_result r = { 0 };
	struct err e;
	int ret = read_head(x, &e);

	if (ret > 0)
		ret = read_body(x, &e);
	else if (ret == 0 && x->wire.ended)
		ret = err_set(&e, ERR_REMOTE, "the connection closed");
	if (ret < 0) {
		fail_there(x, "no answer from", e.msg);
	} else if (ret > 0) {
		r.status = x->head.status;
		r.body = x->body.data;
		r.len = x->body.len;
		finish(x, &r);
	}
}

static void send_request(struct exchange *x)
{
	watch_stop(&x->watch);
	if (wire_start(&x->wire, x->dialer->loop, &x->stream,
		       HTTP1_HEAD_MAX + 1, x->request.len + 1, moved, x) < 0) {
		fail(x, 503, "odyn has no resources left");
		return;
	}
	buf_add(&x->wire.out, x->request.data, x->request.len);
	buf_wipe(&x->request);
	wire_flush(&x->wire);
}

static void handshake_on(void *arg, uint32_t events)
{
	struct exchange *x = arg;
	int ret = tls_handshake(&x->stream);

	(void)events;
	if (ret < 0)
		fail_there(x, "no TLS with", tls_distrust(&x->stream));
	else if (ret == 0)
		watch_set(&x->watch, x->stream.read_wants);
	else
		send_request(x);
}

static void dialled(void *arg, int fd, unsigned status, const char *sentence)
{
	struct exchange *x = arg;

	x->dial = NULL;
	if (fd < 0) {
		fail(x, status, sentence);
		return;
	}
	timer_start(&x->timer, x->dialer->loop, EXCHANGE_MS, too_late, x);
	if (!x->tls) {
		stream_init_plain(&x->stream, fd);
		send_request(x);
	} else if (tls_connect(x->tls, &x->stream, fd, x->host.text) < 0 ||
		   watch_start(&x->watch, x->dialer->loop, fd, EPOLLOUT,
			       handshake_on, x) < 0) {
		fail(x, 503, "odyn has no resources left");
	}
}

struct exchange *exchange_start(struct dialer *d,
				const struct exchange_target *to,
				struct buf *request, size_t body_max,
				void (*done)(void *arg,
					     const struct exchange_result *r),
				void *arg)
{
	struct exchange *x = xcalloc(1, sizeof(*x));

	x->dialer = d;
	x->host = *to->host;
	x->port = to->port;
	x->tls = to->tls;
	x->request = *request;
	*request = (struct buf)BUF_INIT(0);
	x->body = (struct buf)BUF_INIT(body_max);
	x->done = done;
	x->arg = arg;
	x->dial = dial_start(d, to->host, to->port, dialled, x);
	return x;
}
