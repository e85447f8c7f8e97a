/* SPDX-License-Identifier: Apache-2.0 */
/*
 * egress.c - the host's egress proxy: who is asked for, whether he may be, and
 * the way there
 *
 * Trust: not the enclave, whose proxy has asked the same policy; and not the
 * names' owners, who can have them lead to what is this machine's own.
 */
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/list.h"
#include "base/xalloc.h"
#include "cli/cli.h"
#include "enc-run/connect.h"
#include "enc-run/notes.h"
#include "enc-run/proxies.h"
#include "enc-run/request.h"
#include "enc-run/resolve.h"
#include "enclave/frame.h"
#include "enclave/policy.h"

/* odyn waits for 90 seconds for the sum of them. */
#define REQUEST_MS 10000
#define RESOLVE_MS 10000
#define CONNECT_MS 45000

#define OWN_PORT 65536u		/* of the parent, and the enclave's CID more */

struct egress {
	struct loop	*loop;
	struct relays	*relays;
	struct gate	*gate;
	struct policy	 policy;
	struct resolver *resolver;
	struct notes	 notes;
	struct link	*clients;
	struct listener  listeners[2];
	size_t		 n_listeners;
};

struct client {
	struct egress	 *egress;
	struct link	  link;
	struct request	  request;
	struct host	  host;
	uint16_t	  port;
	struct lookup	 *lookup;	/* while it is under way */
	struct connector *connector;
};

static void client_free(struct client *c)
{
	if (c->lookup)
		lookup_cancel(c->lookup);
	if (c->connector)
		connect_cancel(c->connector);
	request_release(&c->request);
	list_remove(&c->link);
	free(c);
}

static void over(void *arg)
{
	struct client *c = arg;
	struct gate *g = c->egress->gate;

	client_free(c);
	gate_leave(g);
}

static void ended(void *arg)
{
	gate_leave(arg);
}

static void connected(void *arg, int fd)
{
	struct client *c = arg;
	struct egress *eg = c->egress;
	AUTO_BUF struct buf ok = BUF_INIT(FRAME_HEAD + FRAME_MAX);
	struct stream outside, enclave;

	c->connector = NULL;
	if (fd < 0) {
		request_refuse(&c->request, errno, strerror(errno));
		return;
	}
	frame_put_ok(&ok);
	stream_init_plain(&outside, fd);
	stream_init_plain(&enclave, request_steal(&c->request));
	client_free(c);
	if (relay_start(eg->relays, &outside, &enclave, ok.data, ok.len,
			ended, eg->gate) < 0)
		gate_leave(eg->gate);
}

static void connect_to(struct client *c, const struct addresses *to)
{
	c->connector = connect_start(c->egress->loop, to, c->port, CONNECT_MS,
				     connected, c);
}

static void refuse(struct client *c, const struct err *e)
{
	notes_say(&c->egress->notes, e->msg);
	request_refuse(&c->request, EACCES, e->msg);
}

/* A name leads somewhere: each address is judged before it is called. */
static void resolved(void *arg, const struct addresses *found, int fault,
		     const char *sentence)
{
	struct client *c = arg;
	struct addresses allowed = { .n = 0 };
	struct err e;

	c->lookup = NULL;
	if (!found) {
		request_refuse(&c->request, fault, sentence);
		return;
	}
	for (size_t i = 0; i < found->n; i++) {
		const struct address *a = &found->items[i];
		struct host h;

		host_from_address(a->family, a->bytes, &h);
		if (policy_check_address(&c->egress->policy, &h, &e) == 0)
			allowed.items[allowed.n++] = *a;
	}
	if (allowed.n > 0) {
		connect_to(c, &allowed);
		return;
	}
	err_wrap(&e, "'%s'", c->host.text);
	refuse(c, &e);
}

/* An address that was judged as it is written; "host" is this machine. */
static void go_straight(struct client *c)
{
	static const uint8_t loopback[4] = { 127, 0, 0, 1 };
	struct addresses to = { .n = 1 };

	if (c->host.kind == HOST_PARENT) {
		to.items[0].family = AF_INET;
		memcpy(to.items[0].bytes, loopback, sizeof(loopback));
	} else {
		to.items[0].family = c->host.family;
		memcpy(to.items[0].bytes, c->host.addr,
		       sizeof(to.items[0].bytes));
	}
	connect_to(c, &to);
}

static void asked(void *arg)
{
	struct client *c = arg;
	struct egress *eg = c->egress;
	struct err e;

	if (frame_parse_request(c->request.frame.data, c->request.total,
				&c->host, &c->port, &e) < 0) {
		request_refuse(&c->request, EINVAL, e.msg);
		return;
	}
	buf_release(&c->request.frame);
	if (policy_check(&eg->policy, &c->host, &e) < 0)
		refuse(c, &e);
	else if (c->host.kind == HOST_NAME)
		c->lookup = lookup_start(eg->resolver, c->host.text, resolved,
					 c);
	else
		go_straight(c);
}

static void accepted(void *arg, int fd)
{
	struct egress *eg = arg;
	struct client *c = xcalloc(1, sizeof(*c));

	c->egress = eg;
	list_add(&eg->clients, &c->link, c);
	request_start(&c->request, eg->loop, fd, REQUEST_MS, asked, over, c);
}

/* One that another enclave's proxy has is none of ours. */
static int listen_on(struct egress *eg, struct vsock *v, uint32_t port,
		     struct err *e)
{
	if (vsock_listen(v, port, &eg->listeners[eg->n_listeners], eg->gate,
			 accepted, eg, e) == 0) {
		eg->n_listeners++;
		return 0;
	}
	if (errno != EADDRINUSE)
		return -1;
	cli_debug("egress: vsock port %u is another's, done without", port);
	return 0;
}

static int listen_all(struct egress *eg, struct vsock *v, uint32_t usual,
		      uint32_t cid, struct err *e)
{
	if (cid != 0 && cid <= UINT32_MAX - OWN_PORT &&
	    listen_on(eg, v, OWN_PORT + cid, e) < 0)
		return -1;
	if (listen_on(eg, v, usual, e) < 0)
		return -1;
	if (eg->n_listeners == 0)
		return err_set(e, ERR_SYS,
			       "cannot listen on vsock port %u, nor on the enclave's own: others have them, so there would be no egress",
			       usual);
	return 0;
}

struct egress *egress_start(struct vsock *v, struct loop *l,
			    struct relays *rs, struct gate *g,
			    const struct manifest *m, uint32_t cid,
			    const char *resolver, struct err *e)
{
	struct egress *eg = xcalloc(1, sizeof(*eg));

	*eg = (struct egress){ .loop = l, .relays = rs, .gate = g,
			       .policy = { &m->allow, &m->deny },
			       .notes = { .loop = l, .what = "egress" } };
	eg->resolver = resolver_new(l, resolver, RESOLVE_MS, e);
	if (!eg->resolver ||
	    listen_all(eg, v, m->http_egress_port, cid, e) < 0) {
		egress_free(eg);
		return NULL;
	}
	return eg;
}

void egress_free(struct egress *eg)
{
	if (!eg)
		return;
	while (eg->clients)
		over(eg->clients->owner);
	for (size_t i = 0; i < eg->n_listeners; i++)
		listener_stop(&eg->listeners[i]);
	resolver_free(eg->resolver);
	notes_release(&eg->notes);
	free(eg);
}
