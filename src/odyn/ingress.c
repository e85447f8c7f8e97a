/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ingress.c - what comes in from outside: vsock ports, each to the port of the
 * same number on 127.0.0.1
 *
 * With TLS the application is called when the handshake is over, not before:
 * who only knocks does not reach it.
 */
#include "odyn/ingress.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/list.h"
#include "base/xalloc.h"
#include "enclave/tls.h"
#include "odyn/console.h"

#define HANDSHAKE_MS 30000	/* for all of a handshake */

struct entry {
	struct ingress *ingress;
	uint16_t	port;
	struct tls     *tls;		/* NULL: plain */
	struct console_limit absent, foreign;
	struct listener listener;
};

struct handshake {
	struct entry	 *entry;
	struct link	  link;
	struct stream	  stream;
	struct watch	  watch;
	struct timer	  timer;
};

struct ingress {
	struct loop	 *loop;
	struct relays	 *relays;
	struct gate	 *gate;
	struct link	 *handshakes;
	size_t		  n;
	struct entry	  entries[];
};

/* A connection to the application, complete or under way; -1 with errno.  When
 * nobody listens the loopback's answer is there as soon as connect() is over. */
static int call_application(uint16_t port)
{
	static const int on = 1;
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(port) };
	AUTO_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC |
				   SOCK_NONBLOCK, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0)
		return -1;
	/* What came as it was sent goes on as it came. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 &&
	    errno != EINPROGRESS)
		return -1;
	errno = io_connect_error(fd);
	return errno ? -1 : steal_fd(&fd);
}

static void ended(void *arg)
{
	gate_leave(arg);
}

/* s is joined with the application, or gone. */
static void join(struct entry *en, struct stream *s)
{
	struct ingress *in = en->ingress;
	struct stream app;
	int fd = call_application(en->port);

	if (fd < 0) {
		if (errno == ECONNREFUSED)
			console_say_some(&en->absent,
					 "ingress %u: nobody listens on 127.0.0.1:%u",
					 en->port, en->port);
		stream_abort(s);
		gate_leave(in->gate);
		return;
	}
	stream_init_plain(&app, fd);
	if (relay_start(in->relays, s, &app, NULL, 0, ended, in->gate) < 0)
		gate_leave(in->gate);
}

/* The stream is the caller's afterwards. */
static struct stream handshake_free(struct handshake *h)
{
	struct stream s = h->stream;

	watch_stop(&h->watch);
	timer_stop(&h->timer);
	list_remove(&h->link);
	free(h);
	return s;
}

static void handshake_failed(void *arg)
{
	struct handshake *h = arg;
	struct gate *g = h->entry->ingress->gate;
	struct stream s = handshake_free(h);

	stream_release(&s);
	gate_leave(g);
}

static void handshake_on(void *arg, uint32_t events)
{
	struct handshake *h = arg;
	struct entry *en = h->entry;
	struct stream s;
	int ret = tls_handshake(&h->stream);

	(void)events;
	if (ret < 0) {
		if (errno == EPROTO)
			console_say_some(&en->foreign,
					 "ingress %u: a client does not speak TLS",
					 en->port);
		handshake_failed(h);
	} else if (ret == 0) {
		watch_set(&h->watch, h->stream.read_wants);
	} else {
		s = handshake_free(h);
		join(en, &s);
	}
}

static void handshake_start(struct entry *en, int fd)
{
	struct ingress *in = en->ingress;
	struct handshake *h = xcalloc(1, sizeof(*h));

	h->entry = en;
	list_add(&in->handshakes, &h->link, h);
	timer_start(&h->timer, in->loop, HANDSHAKE_MS, handshake_failed, h);
	if (tls_accept(en->tls, &h->stream, fd) < 0 ||
	    watch_start(&h->watch, in->loop, fd, EPOLLIN, handshake_on, h) < 0)
		handshake_failed(h);
}

static void accepted(void *arg, int fd)
{
	struct entry *en = arg;
	struct stream s;

	if (en->tls) {
		handshake_start(en, fd);
		return;
	}
	stream_init_plain(&s, fd);
	join(en, &s);
}

static int load_tls(struct entry *en, const char *dir, struct err *e)
{
	AUTO_FREE char *cert = xasprintf("%s/tls/server/%u/cert.pem", dir,
					 en->port);
	AUTO_FREE char *key = xasprintf("%s/tls/server/%u/key.pem", dir,
					en->port);
	int validity;

	en->tls = tls_server(cert, key, e);
	if (!en->tls)
		return -1;
	validity = tls_validity(en->tls, clock_now());
	if (validity)
		console_say("'%s' %s", cert, validity > 0 ? "has expired" :
			    "is not valid yet");
	return 0;
}

struct ingress *ingress_start(struct loop *l, struct vsock *v,
			      struct relays *rs, struct gate *g,
			      const struct manifest *m, const char *dir,
			      struct err *e)
{
	struct ingress *in = xcalloc(1, sizeof(*in) +
				     m->n_ingress * sizeof(*in->entries));

	in->loop = l;
	in->relays = rs;
	in->gate = g;
	for (size_t i = 0; i < m->n_ingress; i++) {
		struct entry *en = &in->entries[i];

		en->ingress = in;
		en->absent.lines = en->foreign.lines = 1;
		en->port = m->ingress[i].listen_port;
		if ((m->ingress[i].tls && load_tls(en, dir, e) < 0) ||
		    vsock_listen(v, en->port, &en->listener, g, accepted, en,
				 e) < 0) {
			tls_free(en->tls);
			ingress_free(in);
			return NULL;
		}
		in->n++;
	}
	return in;
}

void ingress_free(struct ingress *in)
{
	if (!in)
		return;
	while (in->handshakes)
		handshake_failed(in->handshakes->owner);
	for (size_t i = 0; i < in->n; i++) {
		listener_stop(&in->entries[i].listener);
		tls_free(in->entries[i].tls);
	}
	free(in);
}
