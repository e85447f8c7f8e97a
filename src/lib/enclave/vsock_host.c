/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vsock_host.c - vsock as the host of one enclave has it
 *
 * Trust: not the enclave, and not what else may connect: over AF_VSOCK the
 * ports of this machine are open to each of its enclaves.
 */
#include "enclave/vsock.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <linux/vm_sockets.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "enclave/vsock_parts.h"

/* Is the peer the enclave that we are the host of? */
static bool admits(const struct listener *l, int fd)
{
	struct sockaddr_vm peer = { .svm_family = AF_UNSPEC };
	socklen_t len = sizeof(peer);

	return getpeername(fd, (struct sockaddr *)&peer, &len) == 0 &&
	       len == sizeof(peer) && peer.svm_family == AF_VSOCK &&
	       peer.svm_cid == l->peer;
}

/* The folder may be the enclave's, who would have us talk to somebody else: a
 * link is not followed. */
static int connect_unix(int fd, const struct sockaddr_un *to)
{
	struct sockaddr_un real = { .sun_family = AF_UNIX };
	AUTO_CLOSE int at = open(to->sun_path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (at < 0 || fstat(at, &st) < 0)
		return -1;
	if (!S_ISSOCK(st.st_mode)) {
		errno = ENOTSOCK;
		return -1;
	}
	snprintf(real.sun_path, sizeof(real.sun_path), "/proc/self/fd/%d", at);
	return connect(fd, (struct sockaddr *)&real, sizeof(real));
}

/* A socket that nobody listens on any more is in the way of none; one that
 * somebody does is his. */
static bool is_stale(const struct sockaddr_un *to)
{
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
				   SOCK_NONBLOCK, 0);

	return fd >= 0 && connect_unix(fd, to) < 0 && errno == ECONNREFUSED;
}

static int listen_unix(struct vsock *v, uint32_t port, struct err *e)
{
	struct sockaddr_un here;
	AUTO_CLOSE int fd = -1;
	mode_t old;
	int ret;

	if (vsock_unix_address(v->path, port, &here, e) < 0)
		return -1;
	if (is_stale(&here))
		unlink(here.sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* The enclave may be another user than we: the folder says who gets
	 * here. */
	old = umask(0);
	ret = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&here, sizeof(here));
	umask(old);
	if (ret < 0)
		return err_sys(e, "cannot listen on '%s'", here.sun_path);
	v->bound = xreallocarray(v->bound, v->n_bound + 1, sizeof(*v->bound));
	v->bound[v->n_bound++] = port;
	if (listen(fd, SOMAXCONN) < 0)
		return err_sys(e, "cannot listen on '%s'", here.sun_path);
	return steal_fd(&fd);
}

/* "OK NUMBER\n" */
static bool is_ok(const char *line)
{
	size_t digits;

	if (strncmp(line, "OK ", 3) != 0)
		return false;
	digits = strspn(line + 3, "0123456789");
	return digits > 0 && line[3 + digits] == '\n';
}

static void answered(void *arg, uint32_t events)
{
	struct vsock_call *c = arg;
	struct vsock_attempt *a = &c->attempts[0];
	int ret = vsock_read_line(a->fd, c->line, &c->len);

	(void)events;
	if (ret < 0) {
		/* Who is closed upon without a word found nobody. */
		vsock_call_finish(c, -1, errno ? errno : ECONNREFUSED);
	} else if (ret > 0 && is_ok(c->line)) {
		watch_stop(&a->watch);
		vsock_call_finish(c, steal_fd(&a->fd), 0);
	} else if (ret > 0) {
		vsock_call_finish(c, -1, EPROTO);
	}
}

static void too_late(void *arg)
{
	vsock_call_finish(arg, -1, ETIMEDOUT);
}

static void greet(struct vsock_call *c, int fd)
{
	struct vsock_attempt *a = &c->attempts[0];
	uint64_t now = clock_ticks();
	char line[VSOCK_LINE];
	int len = snprintf(line, sizeof(line), "CONNECT %u\n", c->port);

	a->fd = fd;
	/* The first bytes that are ever sent fit. */
	if (send(fd, line, (size_t)len, MSG_NOSIGNAL) != len) {
		vsock_call_finish(c, -1, ECONNREFUSED);
		return;
	}
	timer_start(&c->timer, c->v->loop,
		    c->deadline > now ? c->deadline - now : 0, too_late, c);
	if (watch_start(&a->watch, c->v->loop, fd, EPOLLIN, answered, c) < 0)
		vsock_call_finish(c, -1, errno);
}

static void release(struct vsock *v)
{
	struct sockaddr_un at;
	struct err e;

	for (size_t i = 0; i < v->n_bound; i++)
		if (vsock_unix_address(v->path, v->bound[i], &at, &e) == 0)
			unlink(at.sun_path);
	free(v->bound);
}

struct vsock *vsock_host(struct loop *l, const char *path, uint32_t cid)
{
	struct vsock *v = xcalloc(1, sizeof(*v));

	v->loop = l;
	v->call_ms = VSOCK_CALL_MS;
	v->path = path ? xstrdup(path) : NULL;
	v->door.fd = -1;
	v->peers[0] = cid;
	v->admits = admits;
	v->listen_unix = listen_unix;
	v->connect_unix = connect_unix;
	v->greet = greet;
	v->release = release;
	return v;
}
