/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.c - one request of the enclave's egress proxy: a frame in, a frame
 * out
 *
 * Trust: the enclave can send what it likes, as slowly as it likes.
 */
#include "enc-run/request.h"

#include <sys/socket.h>

#include "base/cleanup.h"

#define LINGER_MS 2000		/* until a refusal is read */

static void over(void *arg)
{
	struct request *r = arg;

	watch_stop(&r->watch);
	timer_stop(&r->timer);
	r->over(r->arg);
}

static void gone(void *arg, uint32_t events)
{
	(void)events;
	over(arg);
}

static void read_more(void *arg, uint32_t events)
{
	struct request *r = arg;
	char data[FRAME_HEAD + FRAME_MAX];
	struct err e;

	(void)events;
	for (int ret = 0; ret == 0;) {
		size_t want = r->frame.len < FRAME_HEAD ? FRAME_HEAD : r->total;
		ssize_t n = recv(r->fd, data, want - r->frame.len, 0);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			over(r);
			return;
		}
		buf_add(&r->frame, data, (size_t)n);
		ret = frame_scan(r->frame.data, r->frame.len, &r->total, &e);
		if (ret < 0) {
			over(r);
			return;
		}
	}
	timer_stop(&r->timer);
	/* Until it is answered it says nothing; but it may go. */
	watch_stop(&r->watch);
	if (watch_start(&r->watch, r->loop, r->fd, EPOLLRDHUP, gone, r) < 0)
		over(r);
	else
		r->asked(r->arg);
}

void request_start(struct request *r, struct loop *l, int fd,
		   uint64_t patience, void (*asked)(void *arg),
		   void (*is_over)(void *arg), void *arg)
{
	*r = (struct request){ .loop = l, .fd = fd,
			       .frame = BUF_INIT(FRAME_HEAD + FRAME_MAX),
			       .asked = asked, .over = is_over, .arg = arg };
	timer_start(&r->timer, l, patience, over, r);
	if (watch_start(&r->watch, l, fd, EPOLLIN, read_more, r) < 0)
		timer_start(&r->timer, l, 0, over, r);
}

void request_refuse(struct request *r, int os_code, const char *sentence)
{
	AUTO_BUF struct buf out = BUF_INIT(FRAME_HEAD + FRAME_MAX);

	frame_put_error(os_code, sentence, &out);
	/* The first bytes that are ever sent fit. */
	if (send(r->fd, out.data, out.len, MSG_NOSIGNAL) < 0 ||
	    shutdown(r->fd, SHUT_WR) < 0)
		timer_start(&r->timer, r->loop, 0, over, r);
	else
		timer_start(&r->timer, r->loop, LINGER_MS, over, r);
}

int request_steal(struct request *r)
{
	watch_stop(&r->watch);
	timer_stop(&r->timer);
	return steal_fd(&r->fd);
}

void request_release(struct request *r)
{
	watch_stop(&r->watch);
	timer_stop(&r->timer);
	if (r->fd >= 0)
		close(steal_fd(&r->fd));
	buf_release(&r->frame);
}
