/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connect.c - a TCP connection to one of several addresses
 */
#include "enc-run/connect.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/xalloc.h"

#define AT_ONCE_MAX 3u

struct attempt {
	struct connector *connector;
	struct watch	  watch;
	int		  fd;		/* -1: not under way */
};

struct connector {
	struct loop    *loop;
	struct addresses to;		/* in the order of their turns */
	uint16_t	port;
	size_t		next;		/* whose turn it is */
	struct attempt	attempts[ADDRESSES_MAX];
	size_t		under_way;
	int		fault;		/* errno, of what failed so far */
	struct timer	stagger, deadline;
	void	      (*done)(void *arg, int fd);
	void	       *arg;
};

void connect_tune(int fd)
{
	static const int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

/* The families alternate, the first one's first: RFC 8305 section 4. */
static void take_turns(const struct addresses *from, struct addresses *out)
{
	bool taken[ADDRESSES_MAX] = { false };
	int last = AF_UNSPEC;

	for (out->n = 0; out->n < from->n; out->n++) {
		size_t at = from->n;

		for (size_t i = 0; i < from->n; i++) {
			if (taken[i])
				continue;
			if (at == from->n)
				at = i;		/* no other family is left */
			if (from->items[i].family != last) {
				at = i;
				break;
			}
		}
		taken[at] = true;
		out->items[out->n] = from->items[at];
		last = from->items[at].family;
	}
}

static void attempt_end(struct attempt *a)
{
	if (a->fd < 0)
		return;
	watch_stop(&a->watch);
	close(steal_fd(&a->fd));
	a->connector->under_way--;
}

void connect_cancel(struct connector *c)
{
	timer_stop(&c->stagger);
	timer_stop(&c->deadline);
	for (size_t i = 0; i < ADDRESSES_MAX; i++)
		attempt_end(&c->attempts[i]);
	free(c);
}

static void finish(struct connector *c, int fd, int fault)
{
	void (*done)(void *arg, int fd_) = c->done;
	void *arg = c->arg;

	connect_cancel(c);
	errno = fault;
	done(arg, fd);
}

/* Why none of them answers: that this machine has no IPv6 is the reason only
 * when there is no other. */
static void note_fault(struct connector *c, int fault)
{
	bool no_way = fault == ENETUNREACH || fault == EAFNOSUPPORT ||
		      fault == EADDRNOTAVAIL;

	if (!no_way || !c->fault)
		c->fault = fault;
}

static void try_next(void *arg);

static void happened(void *arg, uint32_t events)
{
	struct attempt *a = arg;
	struct connector *c = a->connector;
	int fault = io_connect_error(a->fd);

	(void)events;
	if (fault) {
		attempt_end(a);
		note_fault(c, fault);
		try_next(c);
		return;
	}
	watch_stop(&a->watch);
	c->under_way--;
	finish(c, steal_fd(&a->fd), 0);
}

static socklen_t socket_address(const struct address *a, uint16_t port,
				struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	out->ss_family = (sa_family_t)a->family;
	if (a->family == AF_INET) {
		memcpy(&v4->sin_addr, a->bytes, sizeof(v4->sin_addr));
		v4->sin_port = htons(port);
		return sizeof(*v4);
	}
	memcpy(&v6->sin6_addr, a->bytes, sizeof(v6->sin6_addr));
	v6->sin6_port = htons(port);
	return sizeof(*v6);
}

static int attempt_start(struct attempt *a, const struct address *to)
{
	struct connector *c = a->connector;
	struct sockaddr_storage addr;
	socklen_t len = socket_address(to, c->port, &addr);
	AUTO_CLOSE int fd = socket(to->family, SOCK_STREAM | SOCK_CLOEXEC |
				   SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	connect_tune(fd);
	if (connect(fd, (struct sockaddr *)&addr, len) < 0 &&
	    errno != EINPROGRESS)
		return -1;
	if (watch_start(&a->watch, c->loop, fd, EPOLLOUT, happened, a) < 0)
		return -1;
	a->fd = steal_fd(&fd);
	c->under_way++;
	return 0;
}

/* A name with many dead addresses takes no more descriptors than that: the one
 * that was waited for longest gives way. */
static void make_room(struct connector *c)
{
	for (size_t i = 0; i < c->to.n && c->under_way >= AT_ONCE_MAX; i++)
		attempt_end(&c->attempts[i]);
}

static void try_next(void *arg)
{
	struct connector *c = arg;

	while (c->next < c->to.n) {
		size_t i = c->next++;

		make_room(c);

		if (attempt_start(&c->attempts[i], &c->to.items[i]) == 0) {
			timer_start(&c->stagger, c->loop, CONNECT_STAGGER_MS,
				    try_next, c);
			return;
		}
		note_fault(c, errno);
	}
	if (c->under_way == 0)
		finish(c, -1, c->fault);
}

static void too_late(void *arg)
{
	finish(arg, -1, ETIMEDOUT);
}

struct connector *connect_start(struct loop *l, const struct addresses *to,
				uint16_t port, uint64_t patience,
				void (*done)(void *arg, int fd), void *arg)
{
	struct connector *c = xcalloc(1, sizeof(*c));

	c->loop = l;
	take_turns(to, &c->to);
	c->port = port;
	c->done = done;
	c->arg = arg;
	for (size_t i = 0; i < ADDRESSES_MAX; i++) {
		c->attempts[i].connector = c;
		c->attempts[i].fd = -1;
	}
	timer_start(&c->deadline, l, patience, too_late, c);
	timer_start(&c->stagger, l, 0, try_next, c);
	return c;
}
