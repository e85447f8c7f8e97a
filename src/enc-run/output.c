/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output.c - bytes to a stream of ours that may be slow
 */
#include "enc-run/output.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

#define OUTPUT_MAX (2 * OUTPUT_WAITING)

/* What is waiting has been written, or never will be. */
static void empty(struct output *o)
{
	buf_release(&o->waiting);
	o->from = 0;
	watch_stop(&o->watch);
}

static void fail(struct output *o)
{
	o->fault = errno;
	empty(o);
	o->failed(o->arg);
}

/* 1 when something was written, 0 when it would have to wait, -1. */
static int write_piece(struct output *o)
{
	size_t len = o->waiting.len - o->from;
	ssize_t n = write(o->fd, o->waiting.data + o->from,
			  len < PIPE_BUF ? len : PIPE_BUF);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0)
		return -1;
	o->from += (size_t)n;
	return 1;
}

static void writable(void *arg, uint32_t events)
{
	struct output *o = arg;

	(void)events;
	if (write_piece(o) < 0) {
		fail(o);
	} else if (o->from == o->waiting.len) {
		empty(o);
		o->drained(o->arg);
	}
}

/* A terminal or a pipe by another description: its flags are ours alone. */
static int open_again(int fd)
{
	char path[32];
	struct stat st;

	if (fstat(fd, &st) < 0 || (!S_ISFIFO(st.st_mode) && !isatty(fd)))
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void output_init(struct output *o, struct loop *l, int fd,
		 void (*drained)(void *arg), void (*failed)(void *arg),
		 void *arg)
{
	int own = open_again(fd);

	*o = (struct output){ .loop = l, .fd = own < 0 ? fd : own, .own = own,
			      .waiting = BUF_INIT(OUTPUT_MAX),
			      .drained = drained, .failed = failed,
			      .arg = arg };
}

static void write_all(struct output *o)
{
	while (!o->fault && o->from < o->waiting.len)
		if (write_piece(o) < 0)
			fail(o);
	empty(o);
}

bool output_put(struct output *o, const void *data, size_t len)
{
	if (o->fault)
		return false;
	if (o->from > 0) {
		o->waiting.len -= o->from;
		memmove(o->waiting.data, o->waiting.data + o->from,
			o->waiting.len);
		o->from = 0;
	}
	buf_add(&o->waiting, data, len);
	/* epoll(7) has no files, which never wait for anybody. */
	if (!o->always && !o->watch.loop &&
	    watch_start(&o->watch, o->loop, o->fd, EPOLLOUT, writable, o) < 0)
		o->always = true;
	if (o->always)
		write_all(o);
	return o->waiting.len - o->from > OUTPUT_WAITING;
}

bool output_is_empty(const struct output *o)
{
	return o->waiting.len == 0;
}

void output_release(struct output *o)
{
	empty(o);
	if (o->own >= 0)
		close(steal_fd(&o->own));
}
