/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vsock_call.c - a call to a port of the parent
 *
 * AWS's init calls CID 3, the documentation of vsock(7) says 2.  A parent that
 * listens at one may answer a call to the other never, so both are called at
 * once.
 */
#include "enclave/vsock.h"

#include <linux/vm_sockets.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "enclave/vsock_parts.h"

#define CALL_MS	 5000	/* the kernel itself gives up after two seconds */
#define RETRY_MS 10	/* a UNIX socket whose queue is full */

static const uint32_t parents[] = { 3, VMADDR_CID_HOST };

struct attempt {
	struct vsock_call *call;
	struct watch watch;
	uint32_t     cid;
	int	     fd;		/* -1: not under way */
};

struct vsock_call {
	struct vsock *v;
	uint32_t      port;
	uint64_t      deadline;
	struct timer  timer;
	struct attempt attempts[ARRAY_SIZE(parents)];
	int	      fault;		/* errno of the last attempt to fail */
	void	    (*done)(void *arg, int fd);
	void	     *arg;
};

static void attempt_end(struct attempt *a)
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

/* The call is over: it is gone when done() is called. */
static void finish(struct vsock_call *c, int fd, int fault)
{
	void (*done)(void *arg, int fd) = c->done;
	void *arg = c->arg;

	vsock_hang_up(c);
	errno = fault;
	done(arg, fd);
}

static void call_parents(struct vsock_call *c);

/* One of them will not answer; when none is left the call has failed, unless
 * it was the one that answered last time, who may have changed. */
static void attempt_failed(struct attempt *a, int fault)
{
	struct vsock_call *c = a->call;

	attempt_end(a);
	c->fault = fault;
	for (size_t i = 0; i < ARRAY_SIZE(c->attempts); i++)
		if (c->attempts[i].fd >= 0)
			return;
	if (c->v->parent == a->cid) {
		c->v->parent = 0;
		call_parents(c);
	} else {
		finish(c, -1, fault);
	}
}

static void answered(void *arg, uint32_t events)
{
	struct attempt *a = arg;
	struct vsock_call *c = a->call;
	int fault = 0;
	socklen_t len = sizeof(fault);

	(void)events;
	if (getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &fault, &len) < 0)
		fault = errno;
	if (fault) {
		attempt_failed(a, fault);
		return;
	}
	c->v->parent = a->cid;
	watch_stop(&a->watch);
	finish(c, steal_fd(&a->fd), 0);
}

static int attempt_start(struct attempt *a, uint32_t cid)
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

static void call_parents(struct vsock_call *c)
{
	struct attempt *failed = NULL;
	int fault = 0;

	for (size_t i = 0; i < ARRAY_SIZE(parents); i++) {
		struct attempt *a = &c->attempts[i];

		if (c->v->parent && c->v->parent != parents[i])
			continue;
		if (attempt_start(a, parents[i]) == 0)
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
	finish(arg, -1, ETIMEDOUT);
}

/* A UNIX socket answers at once, or its queue is full: then again later. */
static void call_unix(void *arg)
{
	struct vsock_call *c = arg;
	struct sockaddr_un to;
	struct err e;
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
				   SOCK_NONBLOCK, 0);

	if (fd < 0) {
		finish(c, -1, errno);
	} else if (vsock_unix_address(c->v->path, c->port, &to, &e) < 0) {
		finish(c, -1, ENAMETOOLONG);
	} else if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0) {
		finish(c, steal_fd(&fd), 0);
	} else if (errno == EAGAIN && clock_ticks() < c->deadline) {
		timer_start(&c->timer, c->v->loop, RETRY_MS, call_unix, c);
	} else {
		finish(c, -1, errno == EAGAIN ? ETIMEDOUT : errno);
	}
}

static void begin(void *arg)
{
	struct vsock_call *c = arg;

	if (c->v->path) {
		call_unix(c);
		return;
	}
	timer_start(&c->timer, c->v->loop, CALL_MS, give_up, c);
	call_parents(c);
}

struct vsock_call *vsock_call(struct vsock *v, uint32_t port,
			      void (*done)(void *arg, int fd), void *arg)
{
	struct vsock_call *c = xcalloc(1, sizeof(*c));

	c->v = v;
	c->port = port;
	c->deadline = clock_ticks() + CALL_MS;
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
