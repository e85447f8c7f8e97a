/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dial.c - a connection to somewhere outside, by the host's egress proxy
 *
 * The answer is read to its last byte and no further: what follows is the
 * connection's.  Trust: the parent can answer what it likes, and can do no more
 * than to connect us with somebody else, which TLS is for.
 */
#include "odyn/dial.h"

#include <fcntl.h>
#include <sys/socket.h>		/* Linux 6.1's vm_sockets.h needs it */
#include <linux/vm_sockets.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"

#define DIAL_MS    90000	/* a host takes a minute to give up on TCP */
#define SETTLED_MS 10000
#define AGAIN_MS   20

struct dial {
	struct dialer *dialer;
	struct link    link;
	struct host    host;
	uint16_t       port;
	uint32_t       ports[2];	/* the dialer's, when it began */
	size_t	       at;		/* which of them */
	struct vsock_call *call;
	int	       fd;
	struct watch   watch;
	struct timer   timer, again;
	struct buf     frame;	/* to be written, then what is read */
	size_t	       sent;
	size_t	       total;	/* bytes of the answer, once that is known */
	void	     (*done)(void *arg, int fd, unsigned status,
			     const char *sentence);
	void	      *arg;
};

/* 0 when there is none. */
static uint32_t own_cid(void)
{
	AUTO_CLOSE int fd = open("/dev/vsock", O_RDONLY | O_CLOEXEC);
	unsigned int cid = 0;

	if (fd < 0 || ioctl(fd, IOCTL_VM_SOCKETS_GET_LOCAL_CID, &cid) < 0 ||
	    cid > UINT32_MAX - DIAL_OWN_PORT)
		return 0;
	return cid;
}

void dialer_init(struct dialer *d, struct loop *l, struct vsock *v,
		 const struct manifest *m, bool hybrid)
{
	uint32_t cid = hybrid ? 0 : own_cid();

	*d = (struct dialer){ .loop = l, .vsock = v,
			      .settled = clock_ticks() + SETTLED_MS };
	if (cid)
		d->ports[d->n_ports++] = DIAL_OWN_PORT + cid;
	d->ports[d->n_ports++] = m->http_egress_port;
}

void dial_hang_up(struct dial *d)
{
	if (d->call)
		vsock_hang_up(d->call);
	timer_stop(&d->timer);
	timer_stop(&d->again);
	watch_stop(&d->watch);
	if (d->fd >= 0)
		close(steal_fd(&d->fd));
	list_remove(&d->link);
	buf_release(&d->frame);
	free(d);
}

static void finish(struct dial *d, int fd, unsigned status,
		   const char *sentence)
{
	void (*done)(void *arg, int fd_, unsigned status_,
		     const char *sentence_) = d->done;
	void *arg = d->arg;

	dial_hang_up(d);
	done(arg, fd, status, sentence);
}

static void fail(struct dial *d, unsigned status, const char *why)
{
	AUTO_FREE char *text = xasprintf("cannot connect to '%s' port %u: %s",
					 d->host.text, d->port, why);

	finish(d, -1, status, text);
}

static void too_late(void *arg)
{
	fail(arg, 504, "the host's egress proxy does not answer");
}

static void refused(struct dial *d, const struct frame_answer *a)
{
	unsigned status = a->os_code == EACCES || a->os_code == EPERM ? 403 :
			  a->os_code == ETIMEDOUT ? 504 : 502;

	fail(d, status, a->message);
}

/* The whole frame is there. */
static void answered(struct dial *d)
{
	struct frame_answer a;
	struct err e;

	if (frame_parse_answer(d->frame.data, d->total, &a, &e) < 0) {
		fail(d, 502, e.msg);
	} else if (!a.ok) {
		refused(d, &a);
	} else {
		watch_stop(&d->watch);
		finish(d, steal_fd(&d->fd), 0, NULL);
	}
}

static void broken(struct dial *d)
{
	fail(d, 502, "the host's egress proxy closed the connection");
}

static void read_answer(struct dial *d)
{
	char data[FRAME_HEAD + FRAME_MAX];
	struct err e;

	for (int ret = 0; ret == 0;) {
		size_t want = d->frame.len < FRAME_HEAD ? FRAME_HEAD : d->total;
		ssize_t n = recv(d->fd, data, want - d->frame.len, 0);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			broken(d);
			return;
		}
		buf_add(&d->frame, data, (size_t)n);
		ret = frame_scan(d->frame.data, d->frame.len, &d->total, &e);
		if (ret < 0)
			fail(d, 502, e.msg);
		else if (ret > 0)
			answered(d);
	}
}

static void send_request(struct dial *d)
{
	ssize_t n = send(d->fd, d->frame.data + d->sent,
			 d->frame.len - d->sent, MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		broken(d);
		return;
	}
	d->sent += (size_t)n;
	if (d->sent < d->frame.len)
		return;
	buf_release(&d->frame);
	watch_set(&d->watch, EPOLLIN);
}

static void ready(void *arg, uint32_t events)
{
	struct dial *d = arg;

	(void)events;
	if (d->watch.events == EPOLLOUT)
		send_request(d);
	else
		read_answer(d);
}

static void called(void *arg, int fd);

static void call(void *arg)
{
	struct dial *d = arg;

	timer_stop(&d->again);
	d->call = vsock_call(d->dialer->vsock, d->ports[d->at], called, d);
}

static void called(void *arg, int fd)
{
	struct dial *d = arg;
	struct dialer *all = d->dialer;

	d->call = NULL;
	if (fd < 0 && d->at + 1 < all->n_ports) {
		d->at++;
		call(d);
		return;
	}
	if (fd < 0 && clock_ticks() < all->settled) {
		d->at = 0;
		timer_start(&d->again, all->loop, AGAIN_MS, call, d);
		return;
	}
	if (fd < 0) {
		fail(d, 502, "the host has no egress proxy");
		return;
	}
	if (d->at > 0) {	/* that one first from now on */
		all->ports[0] = d->ports[1];
		all->ports[1] = d->ports[0];
	}
	d->fd = fd;
	frame_put_request(&d->host, d->port, &d->frame);
	if (watch_start(&d->watch, all->loop, fd, EPOLLOUT, ready, d) < 0)
		broken(d);
}

struct dial *dial_start(struct dialer *all, const struct host *host,
			uint16_t port, void (*done)(void *arg, int fd,
			unsigned status, const char *sentence), void *arg)
{
	struct dial *d = xcalloc(1, sizeof(*d));

	d->dialer = all;
	list_add(&all->dials, &d->link, d);
	d->host = *host;
	d->port = port;
	d->fd = -1;
	d->frame = (struct buf)BUF_INIT(FRAME_HEAD + FRAME_MAX);
	memcpy(d->ports, all->ports, sizeof(d->ports));
	d->done = done;
	d->arg = arg;
	timer_start(&d->timer, all->loop, DIAL_MS, too_late, d);
	call(d);
	return d;
}
