/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vsock_call.c - a call to a port of the other side
 *
 * A parent that listens at one of its CIDs may answer a call to the other
 * never, so both are called at once.
 */
#include "enclave/vsock.h"

#include <sys/socket.h>		/* Linux 6.1's vm_sockets.h needs it */
#include <linux/vm_sockets.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/xalloc.h"
#include "enclave/vsock_parts.h"

#define RETRY_MS 10	/* a UNIX socket whose queue is full */

static void attempt_end(struct vsock_attempt *a)
{
	watch_stop(&a->watch);
	if (a->fd >= 0)
		close(steal_fd(&a->fd));
}

void vsock_hang_up(struct vsock_call *c)
{
	timer_stop(&c->timer);
	for (size_t i = 0; i < ARRAY_SIZE(c->attempts); i++)
		attempt_end(&c->attempts[i]);
	free(c);
}

void vsock_call_finish(struct vsock_call *c, int fd, int fault)
{
	void (*done)(void *arg, int fd) = c->done;
	void *arg = c->arg;

	vsock_hang_up(c);
	errno = fault;
	done(arg, fd);
}

static void call_peers(struct vsock_call *c);

/* One of them will not answer; when none is left the call has failed, unless
 * it was the one that answered last time, who may have changed. */
static void attempt_failed(struct vsock_attempt *a, int fault)
{
	struct vsock_call *c = a->call;

	attempt_end(a);
	for (size_t i = 0; i < ARRAY_SIZE(c->attempts); i++)
		if (c->attempts[i].fd >= 0)
			return;
	if (c->v->peer == a->cid) {
		c->v->peer = 0;
		call_peers(c);
	} else {
		vsock_call_finish(c, -1, fault);
	}
}

static void answered(void *arg, uint32_t events)
{
	struct vsock_attempt *a = arg;
	struct vsock_call *c = a->call;
	int fault = io_connect_error(a->fd);

	(void)events;
	if (fault) {
		attempt_failed(a, fault);
		return;
	}
	if (c->v->peers[1])
		c->v->peer = a->cid;
	watch_stop(&a->watch);
	vsock_call_finish(c, steal_fd(&a->fd), 0);
}

static int attempt_start(struct vsock_attempt *a, uint32_t cid)
{
	struct sockaddr_vm to = { .svm_family = AF_VSOCK, .svm_cid = cid,
				  .svm_port = a->call->port };

	a->cid = cid;
	a->fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       0);
	if (a->fd < 0)
		return -1;
	if (connect(a->fd, (struct sockaddr *)&to, sizeof(to)) < 0 &&
	    errno != EINPROGRESS)
		return -1;
	return watch_start(&a->watch, a->call->v->loop, a->fd, EPOLLOUT,
			   answered, a);
}

static void call_peers(struct vsock_call *c)
{
	struct vsock_attempt *failed = NULL;
	int fault = 0;

	for (size_t i = 0; i < VSOCK_PEERS; i++) {
		struct vsock_attempt *a = &c->attempts[i];
		uint32_t cid = c->v->peers[i];

		if (!cid || (c->v->peer && c->v->peer != cid))
			continue;
		if (attempt_start(a, cid) == 0)
			continue;
		fault = errno;
		attempt_end(a);
		failed = a;
	}
	if (failed)
		attempt_failed(failed, fault);
}

static void give_up(void *arg)
{
	vsock_call_finish(arg, -1, ETIMEDOUT);
}

static int connect_unix(const struct vsock *v, int fd,
			const struct sockaddr_un *to)
{
	return v->connect_unix ? v->connect_unix(fd, to) :
	       connect(fd, (const struct sockaddr *)to, sizeof(*to));
}

/* A UNIX socket answers at once, or its queue is full: then again later. */
static void call_unix(void *arg)
{
	struct vsock_call *c = arg;
	struct vsock *v = c->v;
	struct sockaddr_un to;
	struct err e;
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
				   SOCK_NONBLOCK, 0);

	if (fd < 0) {
		vsock_call_finish(c, -1, errno);
	} else if (vsock_unix_address(v->path, v->greet ? 0 : c->port, &to,
				      &e) < 0) {
		vsock_call_finish(c, -1, ENAMETOOLONG);
	} else if (connect_unix(v, fd, &to) == 0) {
		if (v->greet)
			v->greet(c, steal_fd(&fd));
		else
			vsock_call_finish(c, steal_fd(&fd), 0);
	} else if (errno == EAGAIN && clock_ticks() < c->deadline) {
		timer_start(&c->timer, v->loop, RETRY_MS, call_unix, c);
	} else {
		vsock_call_finish(c, -1, errno == EAGAIN ? ETIMEDOUT :
				  errno == ENOENT ? ECONNREFUSED : errno);
	}
}

static void begin(void *arg)
{
	struct vsock_call *c = arg;

	if (c->v->path) {
		call_unix(c);
		return;
	}
	timer_start(&c->timer, c->v->loop, c->v->call_ms, give_up, c);
	call_peers(c);
}

struct vsock_call *vsock_call(struct vsock *v, uint32_t port,
			      void (*done)(void *arg, int fd), void *arg)
{
	struct vsock_call *c = xcalloc(1, sizeof(*c));

	c->v = v;
	c->port = port;
	c->deadline = clock_ticks() + v->call_ms;
	c->done = done;
	c->arg = arg;
	for (size_t i = 0; i < ARRAY_SIZE(c->attempts); i++) {
		c->attempts[i].call = c;
		c->attempts[i].fd = -1;
	}
	/* From the loop, so that done() never comes before this returns. */
	timer_start(&c->timer, v->loop, 0, begin, c);
	return c;
}
