/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dns.c - a channel of c-ares', driven by the loop
 */
#include "enc-run/dns.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/xalloc.h"

#define TRY_MS 2000		/* for the first question to each server */
#define TRIES  3
#define SERVERS_MAX 1024	/* bytes of their list; libc takes three servers */

/* A socket of c-ares'. */
struct ares_watch {
	struct dns  *dns;
	struct link  link;
	struct watch watch;
};

static void tick(void *arg);

/* c-ares has timers of its own: the next of them. */
static void set_tick(struct dns *d)
{
	struct timeval left;

	timer_stop(&d->tick);
	if (ares_timeout(d->channel, NULL, &left))
		timer_start(&d->tick, d->loop,
			    (uint64_t)left.tv_sec * 1000 +
			    (uint64_t)left.tv_usec / 1000 + 1, tick, d);
}

static void tick(void *arg)
{
	struct dns *d = arg;

	ares_process_fd(d->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	set_tick(d);
}

static void ready(void *arg, uint32_t events)
{
	struct ares_watch *w = arg;
	struct dns *d = w->dns;
	int fd = w->watch.fd;
	const uint32_t broken = EPOLLERR | EPOLLHUP;

	ares_process_fd(d->channel,
			events & (EPOLLIN | broken) ? fd : ARES_SOCKET_BAD,
			events & EPOLLOUT ? fd : ARES_SOCKET_BAD);
	set_tick(d);
}

/* A socket that cannot be watched is one that never answers. */
static void socket_changed(void *arg, ares_socket_t fd, int readable,
			   int writable)
{
	struct dns *d = arg;
	uint32_t events = (readable ? EPOLLIN : 0u) |
			  (writable ? EPOLLOUT : 0u);
	struct ares_watch *w = NULL;

	for (struct link *i = d->sockets; i && !w; i = i->next)
		if (((struct ares_watch *)i->owner)->watch.fd == fd)
			w = i->owner;
	if (w && events && w->watch.loop) {
		watch_set(&w->watch, events);
	} else if (w && !events) {
		watch_stop(&w->watch);
		list_remove(&w->link);
		free(w);
	} else if (!w && events) {
		w = xcalloc(1, sizeof(*w));
		w->dns = d;
		list_add(&d->sockets, &w->link, w);
		if (watch_start(&w->watch, d->loop, fd, events,
				ready, w) < 0)
			w->watch.fd = fd;
	}
}

int dns_open(struct dns *d, struct loop *l, const char *server)
{
	/* What is asked for is the name that was judged: no HOSTALIASES, and no
	 * search domain behind it. */
	struct ares_options o = { .flags = ARES_FLAG_NOALIASES |
					   ARES_FLAG_NOSEARCH,
				  .timeout = TRY_MS, .tries = TRIES,
				  .sock_state_cb = socket_changed,
				  .sock_state_cb_data = d };
	int ret;

	*d = (struct dns){ .loop = l };
	ret = ares_init_options(&d->channel, &o, ARES_OPT_FLAGS |
				ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
				ARES_OPT_SOCK_STATE_CB);
	if (ret != ARES_SUCCESS) {
		d->channel = NULL;
		return ret;
	}
	if (*server)
		ret = ares_set_servers_ports_csv(d->channel, server);
	if (ret != ARES_SUCCESS)
		dns_close(d);
	return ret;
}

void dns_ask(struct dns *d, const char *name, int family,
	     ares_addrinfo_callback answered, void *arg)
{
	struct ares_addrinfo_hints hints = {
		.ai_flags = ARES_AI_NOSORT,	/* connect.c has an order */
		.ai_family = family,
		.ai_socktype = SOCK_STREAM,
	};

	ares_getaddrinfo(d->channel, name, NULL, &hints, answered, arg);
	set_tick(d);
}

void dns_close(struct dns *d)
{
	timer_stop(&d->tick);
	if (d->channel)
		ares_destroy(d->channel);
	d->channel = NULL;
}

char *dns_servers(void)
{
	AUTO_BUF struct buf all = BUF_INIT(SERVERS_MAX);
	struct ares_addr_port_node *list = NULL;
	ares_channel channel;

	if (ares_init(&channel) != ARES_SUCCESS)
		return xstrdup("");
	if (ares_get_servers_ports(channel, &list) != ARES_SUCCESS)
		list = NULL;
	for (struct ares_addr_port_node *n = list; n; n = n->next) {
		char text[INET6_ADDRSTRLEN];

		if (all.len > SERVERS_MAX / 2 ||
		    !inet_ntop(n->family, &n->addr, text, sizeof(text)))
			continue;
		buf_addf(&all, n->family == AF_INET6 ? "%s[%s]:%d" :
			 "%s%s:%d", all.len > 0 ? "," : "", text,
			 n->udp_port ? n->udp_port : 53);
	}
	ares_free_data(list);
	ares_destroy(channel);
	return buf_steal(&all);
}
