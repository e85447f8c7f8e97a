/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream.c - a connection to read and write, plain or TLS
 */
#include "enclave/stream.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/cleanup.h"

static ssize_t plain_read(struct stream *s, void *data, size_t size)
{
	return recv(s->fd, data, size, 0);
}

static ssize_t plain_write(struct stream *s, const void *data, size_t len)
{
	return send(s->fd, data, len, MSG_NOSIGNAL);
}

static ssize_t vsock_write(struct stream *s, const void *data, size_t len)
{
	return plain_write(s, data, len < STREAM_VSOCK_MAX ? len :
			   STREAM_VSOCK_MAX);
}

static int plain_shut(struct stream *s)
{
	return shutdown(s->fd, SHUT_WR);
}

static void plain_release(struct stream *s)
{
	(void)s;
}

void stream_init_plain(struct stream *s, int fd)
{
	static const struct stream_ops plain = { plain_read, plain_write,
						 plain_shut, plain_release };
	static const struct stream_ops vsock = { plain_read, vsock_write,
						 plain_shut, plain_release };
	int domain = AF_UNSPEC;
	socklen_t len = sizeof(domain);

	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
	*s = (struct stream){ .ops = domain == AF_VSOCK ? &vsock : &plain,
			      .fd = fd, .read_wants = EPOLLIN,
			      .write_wants = EPOLLOUT };
}

ssize_t stream_read(struct stream *s, void *data, size_t size)
{
	ssize_t n;

	do {
		n = s->ops->read(s, data, size);
	} while (n < 0 && errno == EINTR);
	return n;
}

ssize_t stream_write(struct stream *s, const void *data, size_t len)
{
	ssize_t n;

	do {
		n = s->ops->write(s, data, len);
	} while (n < 0 && errno == EINTR);
	return n;
}

int stream_shut(struct stream *s)
{
	return s->ops->shut(s);
}

void stream_release(struct stream *s)
{
	if (!s->ops)
		return;
	s->ops->release(s);
	s->ops = NULL;
	close(steal_fd(&s->fd));
}

void stream_abort(struct stream *s)
{
	/* tcp(7): closed with this it sends a reset. */
	static const struct linger now = { .l_onoff = 1, .l_linger = 0 };

	if (!s->ops)
		return;
	setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	stream_release(s);
}
