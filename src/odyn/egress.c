/* SPDX-License-Identifier: Apache-2.0 */
/*
 * egress.c - the HTTP proxy for what goes out
 *
 * A connection outside serves one request: what a server sends after its
 * answer can never be taken for the answer to another's.  Trust: neither the
 * client nor the server; http1.h refuses what they could understand in two
 * ways.
 */
#include "odyn/egress.h"

#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "enclave/policy.h"
#include "odyn/console.h"
#include "odyn/front.h"
#include "odyn/tcp.h"

#define UP_MAX	 (HTTP1_HEAD_MAX + 1024u + BODY_MAX)
#define SAID_MAX 8		/* lines on the console in a while */
#define BODY_MAX 65536u		/* bytes of a body that wait for the other side */

struct egress {
	struct loop    *loop;
	struct dialer  *dialer;
	struct relays  *relays;
	struct gate    *gate;
	struct policy	policy;
	struct listener listener;
	struct link    *clients;
	struct console_limit failures;
	struct http1_head response;	/* of the client at work */
};

struct client {
	struct egress *egress;
	struct link    link;
	struct front   front;
	struct dial   *dial;		/* while it is under way */
	struct wire    up;		/* to the server */
	struct host    host;
	uint16_t       port;
	bool	       tunnel;		/* CONNECT */
	bool	       to_head;		/* the request is a HEAD */
	bool	       old;		/* the client speaks HTTP/1.0 */
	bool	       keep_alive;	/* after this answer */
	bool	       answered;	/* the final head was sent on */
	bool	       unchunked;	/* the answer goes on without chunks */
	struct http1_scan scan;		/* of the answer */
	struct http1_body request, response;
};

static void client_free(struct client *c)
{
	if (c->dial)
		dial_hang_up(c->dial);
	wire_release(&c->up);
	front_release(&c->front);
	list_remove(&c->link);
	free(c);
}

static void gone(void *arg)
{
	struct client *c = arg;
	struct gate *g = c->egress->gate;

	client_free(c);
	gate_leave(g);
}

/* Nothing came of a request that the manifest allows.  The application has the
 * sentence, and few look there. */
static void fail(struct client *c, unsigned status, const char *sentence)
{
	console_say_some(&c->egress->failures, "egress: %s", sentence);
	front_refuse(&c->front, status, sentence);
}

/* Something is wrong with the server: that can be said only as long as nothing
 * of its answer was sent on. */
static void bad_gateway(struct client *c, const char *why)
{
	AUTO_FREE char *text = xasprintf("'%s' port %u: %s", c->host.text,
					 c->port, why);

	wire_release(&c->up);
	if (c->answered)
		front_abort(&c->front);
	else
		fail(c, 502, text);
}

/* From the request's body to the server. */
static int move_up(struct client *c, struct err *e)
{
	struct wire *down = &c->front.wire;
	size_t used, len = down->in.len;
	size_t room = wire_waiting(&c->up) < BODY_MAX ?
			      BODY_MAX - wire_waiting(&c->up) : 0;

	if (len > room)
		len = room;
	if (http1_body_take(&c->request, down->in.data, len, &used, NULL,
			    e) < 0)
		return -1;
	if (c->up.stream.ops && !c->up.deaf && used > 0) {
		buf_add(&c->up.out, down->in.data, used);
		wire_flush(&c->up);
	}
	if (used > 0)
		wire_take(down, used);
	/* What comes after the body is the next request. */
	wire_read(down, !c->request.done &&
		  wire_waiting(&c->up) < BODY_MAX);
	return 0;
}

static void next_request(struct client *c)
{
	wire_release(&c->up);
	c->answered = false;
	if (c->keep_alive && c->request.done)
		front_next(&c->front);
	else
		front_close(&c->front);
}

/* Interim answers go on one by one, but 1.0 knows none (RFC 9110 section
 * 15.2).  1 when the final one was sent on. */
static int take_head(struct client *c, struct err *e)
{
	struct http1_head *h = &c->egress->response;
	struct wire *down = &c->front.wire;
	int ret = c->up.in.len == 0 ? 0 :
		  http1_scan(&c->scan, c->up.in.data, c->up.in.len, e);

	if (ret <= 0)
		return ret;
	if (http1_parse_response(c->up.in.data + c->scan.start,
				 c->scan.end - c->scan.start, c->to_head, h,
				 e) < 0)
		return -1;
	c->unchunked = c->old && h->body == HTTP1_CHUNKED;
	if (h->body == HTTP1_UNTIL_CLOSE || !c->request.done)
		c->keep_alive = false;
	if (h->status >= 200 || !c->old)
		http1_put_response(h, c->keep_alive, c->unchunked,
				   &down->out);
	http1_body_init(&c->response, h);
	ret = h->status >= 200;
	wire_take(&c->up, c->scan.end);
	c->scan = (struct http1_scan){ 0 };
	c->answered = ret;
	return ret ? 1 : take_head(c, e);
}

/* From the server's answer to the client: 1 when there is no more of it, 0
 * when it goes on, -1. */
static int move_down(struct client *c, struct err *e)
{
	struct wire *down = &c->front.wire;
	size_t used, before = down->out.len;

	if (!c->answered) {
		int ret = take_head(c, e);

		wire_flush(down);	/* an interim answer is waited for */
		if (ret < 0 || (ret == 0 && !c->up.ended))
			return ret;
		if (ret == 0)
			return err_set(e, ERR_REMOTE,
				       "the server closed the connection without an answer");
	}
	if (http1_body_take(&c->response, c->up.in.data, c->up.in.len, &used,
			    c->unchunked ? &down->out : NULL, e) < 0)
		return -1;
	if (!c->unchunked && used > 0)
		buf_add(&down->out, c->up.in.data, used);
	if (used > 0)
		wire_take(&c->up, used);
	if (c->up.ended && !c->response.done &&
	    (c->up.broken || http1_body_close(&c->response, e) < 0))
		return err_set(e, ERR_REMOTE,
			       "the answer was cut short");
	if (down->out.len != before)
		wire_flush(down);
	wire_read(&c->up, wire_waiting(down) < BODY_MAX);
	return c->response.done;
}

static void exchange(struct client *c)
{
	struct err e;
	int ret;

	if (c->front.state != FRONT_BUSY)	/* gone() is on its way */
		return;
	if (!c->request.done && move_up(c, &e) < 0) {
		wire_release(&c->up);
		if (c->answered)
			front_abort(&c->front);
		else
			front_refuse(&c->front, 400, e.msg);
		return;
	}
	ret = move_down(c, &e);
	if (ret < 0)
		bad_gateway(c, e.msg);
	else if (ret > 0)
		next_request(c);
	else if (c->front.wire.ended && !c->request.done)
		front_abort(&c->front);
}

static void up_moved(void *arg)
{
	exchange(arg);
}

static void relay_ended(void *arg)
{
	gate_leave(arg);
}

/* The answer to CONNECT is with the kernel: the two are joined. */
static void join(struct client *c, int fd)
{
	struct egress *eg = c->egress;
	struct buf first = c->front.wire.in;
	struct stream down, up;

	c->front.wire.in.data = NULL;
	c->front.wire.in.len = c->front.wire.in.cap = 0;
	down = wire_steal(&c->front.wire);
	stream_init_plain(&up, fd);
	client_free(c);
	if (relay_start(eg->relays, &down, &up, first.data, first.len,
			relay_ended, eg->gate) < 0)
		gate_leave(eg->gate);
	buf_release(&first);
}

static void open_tunnel(struct client *c, int fd)
{
	struct wire *down = &c->front.wire;

	buf_adds(&down->out, "HTTP/1.1 200 Connection established\r\n\r\n");
	wire_flush(down);
	/* Nothing was written before it that it could have to wait for, but
	 * answers that the client does not read: it is not waited for. */
	if (wire_waiting(down) > 0 || down->deaf) {
		close(fd);
		front_abort(&c->front);
		return;
	}
	join(c, fd);
}

static void dialled(void *arg, int fd, unsigned status, const char *sentence)
{
	struct client *c = arg;
	struct stream s;

	c->dial = NULL;
	if (c->front.state != FRONT_BUSY) {	/* gone() is on its way */
		if (fd >= 0)
			close(fd);
		return;
	}
	if (fd < 0) {
		fail(c, status, sentence);
		return;
	}
	if (c->tunnel) {
		open_tunnel(c, fd);
		return;
	}
	stream_init_plain(&s, fd);
	if (wire_start(&c->up, c->egress->loop, &s, HTTP1_HEAD_MAX + 1, UP_MAX,
		       up_moved, c) < 0) {
		front_refuse(&c->front, 503, "odyn has no resources left");
		return;
	}
	http1_put_request(c->front.head, &c->host, c->port, false,
			  &c->up.out);
	wire_flush(&c->up);
	exchange(c);
}

/* Where it goes, or the status of the refusal with its sentence. */
static unsigned judge(struct client *c, const struct http1_head *h,
		      struct err *e)
{
	if (h->form == HTTP1_ORIGIN || h->form == HTTP1_ASTERISK) {
		err_set(e, ERR_INPUT,
			"this is a proxy: ask for a URL, http://HOST/PATH, or CONNECT");
		return 400;
	}
	if (host_parse_authority(h->authority.s, h->authority.len,
				 c->tunnel ? 0 : 80, &c->host, &c->port,
				 e) < 0)
		return 400;
	return policy_check(&c->egress->policy, &c->host, e) < 0 ? 403 : 0;
}

static void asked(void *arg)
{
	struct client *c = arg;
	const struct http1_head *h = c->front.head;
	unsigned status;
	struct err e;

	c->tunnel = h->form == HTTP1_AUTHORITY;
	c->to_head = http1_is(h->method, "HEAD");
	c->old = h->minor == 0;
	c->keep_alive = h->keep_alive;
	c->scan = (struct http1_scan){ 0 };
	http1_body_init(&c->request, h);
	status = judge(c, h, &e);
	if (status == 403)
		console_say("%s", e.msg);
	if (status)
		front_refuse(&c->front, status, e.msg);
	else
		c->dial = dial_start(c->egress->dialer, &c->host, c->port,
				     dialled, c);
}

static void down_moved(void *arg)
{
	struct client *c = arg;

	if (c->up.stream.ops)
		exchange(c);
}

static void accepted(void *arg, int fd)
{
	static const struct front_ops ops = { asked, down_moved, gone };
	struct egress *eg = arg;
	struct client *c = xcalloc(1, sizeof(*c));

	c->egress = eg;
	list_add(&eg->clients, &c->link, c);
	if (front_start(&c->front, eg->loop, fd, &ops, c) < 0)
		gone(c);
}

struct egress *egress_start(struct loop *l, struct dialer *d,
			    struct relays *rs, struct gate *g,
			    const struct manifest *m, struct err *e)
{
	struct egress *eg = xcalloc(1, sizeof(*eg));

	eg->loop = l;
	eg->dialer = d;
	eg->relays = rs;
	eg->gate = g;
	eg->failures.lines = SAID_MAX;
	eg->policy = (struct policy){ &m->allow, &m->deny };
	if (tcp_listen(&eg->listener, l, m->proxy_port, g, accepted, eg,
		       e) < 0) {
		free(eg);
		return NULL;
	}
	return eg;
}

void egress_free(struct egress *eg)
{
	if (!eg)
		return;
	while (eg->clients)
		client_free(eg->clients->owner);
	listener_stop(&eg->listener);
	free(eg);
}
