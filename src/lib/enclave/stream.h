/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream.h - a connection to read and write, plain or TLS
 *
 * Non-blocking: what would block returns -1 with EAGAIN, and read_wants or
 * write_wants says which event of the descriptor to wait for before the same
 * call is made again (TLS may have to write before it can read).
 */
#ifndef ENC_STREAM_H
#define ENC_STREAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/compiler.h"

/* One that reads less than this leaves bytes behind that no event tells of: a
 * record of TLS, RFC 8446 section 5.2. */
#define STREAM_READ_MIN 16384

/* What is written to a vsock at once.  A large write becomes one packet of up to
 * 64 KiB, and those some monitors lose (vhost-device-vsock 0.3.0 does). */
#define STREAM_VSOCK_MAX 16384

struct stream;

struct stream_ops {
	ssize_t (*read)(struct stream *s, void *data, size_t size);
	ssize_t (*write)(struct stream *s, const void *data, size_t len);
	int	(*shut)(struct stream *s);
	void	(*release)(struct stream *s);	/* all but the descriptor */
};

struct stream {
	const struct stream_ops *ops;	/* NULL: there is none */
	int	 fd;			/* owned */
	uint32_t read_wants;		/* EPOLLIN or EPOLLOUT */
	uint32_t write_wants;
	void	*state;			/* of ops */
};

/* Over a connected or connecting socket, which is the stream's from now on. */
void stream_init_plain(struct stream *s, int fd);

/* The number of bytes, 0 at the end of what the peer sends, or -1.  A TLS
 * stream that ends without saying so is ECONNABORTED: bytes may be missing. */
ssize_t stream_read(struct stream *s, void *data, size_t size) MUST_CHECK;
/* How many bytes were taken, or -1.  After EAGAIN the next call must begin
 * with the same bytes. */
ssize_t stream_write(struct stream *s, const void *data, size_t len)
	MUST_CHECK;
/* Says that nothing more will be written; reading goes on.  0 or -1. */
int stream_shut(struct stream *s) MUST_CHECK;

/* Closes it; nothing happens when there is none. */
void stream_release(struct stream *s);
/* The same, so that the peer of a TCP connection can tell it from an end. */
void stream_abort(struct stream *s);

#endif
