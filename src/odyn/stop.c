/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stop.c - the parent asks for an end
 */
#include "odyn/stop.h"

#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/list.h"
#include "base/xalloc.h"
#include "odyn/console.h"

#define REQUESTS_MAX 16		/* at once */
#define REQUEST_MS   10000	/* for the whole line */

struct request {
	struct stop    *stop;
	struct link	link;
	int		fd;
	struct watch	watch;
	struct timer	timer;
	char		line[STOP_LINE_MAX];
	size_t		len;
};

struct stop {
	struct loop    *loop;
	struct listener listener;
	struct gate	gate;
	struct link    *requests;
	void	      (*asked)(void *arg, unsigned grace_seconds);
	void	       *arg;
};

int stop_parse(const char *line, size_t len, struct err *e)
{
	AUTO_JSON json_t *j = json_parse_object(line, len, "stop request", e);
	json_t *stop, *grace;

	if (!j)
		return -1;
	stop = json_object_get(j, "stop");
	grace = json_object_get(stop, "grace_seconds");
	if (!json_is_integer(grace) || json_integer_value(grace) < 0 ||
	    json_integer_value(grace) > STOP_GRACE_MAX)
		return err_set(e, ERR_INPUT,
			       "'stop request': 'stop.grace_seconds' is not a number from 0 to %d",
			       STOP_GRACE_MAX);
	return (int)json_integer_value(grace);
}

static void request_free(struct request *r)
{
	watch_stop(&r->watch);
	timer_stop(&r->timer);
	close(r->fd);
	list_remove(&r->link);
	gate_leave(&r->stop->gate);
	free(r);
}

static void too_late(void *arg)
{
	request_free(arg);
}

static void obey(struct request *r, size_t len)
{
	struct stop *s = r->stop;
	struct err e;
	int grace = stop_parse(r->line, len, &e);

	request_free(r);
	if (grace < 0) {
		console_say("%s", e.msg);
		return;
	}
	console_say("the parent asks for an end within %d s", grace);
	s->asked(s->arg, (unsigned)grace);
}

static void readable(void *arg, uint32_t events)
{
	struct request *r = arg;
	ssize_t n = recv(r->fd, r->line + r->len, sizeof(r->line) - r->len, 0);
	char *nl;

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		request_free(r);
		return;
	}
	r->len += (size_t)n;
	nl = memchr(r->line, '\n', r->len);
	if (nl || r->len == sizeof(r->line))
		obey(r, nl ? (size_t)(nl - r->line) : r->len);
}

static void accepted(void *arg, int fd)
{
	struct stop *s = arg;
	struct request *r = xcalloc(1, sizeof(*r));

	r->stop = s;
	list_add(&s->requests, &r->link, r);
	r->fd = fd;
	timer_start(&r->timer, s->loop, REQUEST_MS, too_late, r);
	if (watch_start(&r->watch, s->loop, fd, EPOLLIN, readable, r) < 0)
		request_free(r);
}

struct stop *stop_listen(struct loop *l, struct vsock *v,
			 void (*asked)(void *arg, unsigned grace_seconds),
			 void *arg, struct err *e)
{
	struct stop *s = xcalloc(1, sizeof(*s));

	s->loop = l;
	s->gate.max = REQUESTS_MAX;
	s->asked = asked;
	s->arg = arg;
	if (vsock_listen(v, STOP_PORT, &s->listener, &s->gate, accepted, s,
			 e) < 0) {
		free(s);
		return NULL;
	}
	return s;
}

void stop_free(struct stop *s)
{
	if (!s)
		return;
	listener_stop(&s->listener);
	while (s->requests)
		request_free(s->requests->owner);
	free(s);
}
