/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output.c - what the application and odyn write, for whoever wants to read it
 */
#include "odyn/output.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/xalloc.h"
#include "enclave/stream.h"
#include "odyn/ring.h"

#define READERS_MAX  64		/* on the port, at once */
#define NOTICE_MAX   64
#define PIPE_MAX     65536	/* pipe(7) */
#define FLUSH_MS     1000	/* for a slow console, at the very end */

struct reader {
	struct output *output;
	struct link    link;
	int	       fd;
	struct watch   watch;		/* not for a file */
	uint64_t       place;		/* of the next byte in the stream */
	char	       notice[NOTICE_MAX];	/* comes before that byte */
	size_t	       notice_at, notice_len;
	bool	       newline;		/* what it got last was one */
	bool	       deaf;		/* it sends nothing any more */
	bool	       shut;		/* it was told the end */
};

struct output {
	struct loop    *loop;
	struct ring	ring;
	int		fds[2];		/* the pipe; -1: closed */
	struct watch	watch;
	struct listener listener;
	struct gate	gate;
	struct link    *readers;	/* on the port */
	struct link    *console;	/* one or none */
	bool		finished;
	void	      (*changed)(void *arg);
	void	       *arg;
};

static void reader_free(struct reader *r)
{
	watch_stop(&r->watch);
	close(r->fd);
	list_remove(&r->link);
	free(r);
}

static bool is_console(const struct reader *r)
{
	return r->output->console == &r->link;
}

static void reader_gone(struct reader *r)
{
	struct output *o = r->output;

	if (!is_console(r))
		gate_leave(&o->gate);
	reader_free(r);
	o->changed(o->arg);
}

/* What it missed, if it did, becomes a line of its own. */
static void skip_dropped(struct reader *r)
{
	uint64_t start = ring_start(&r->output->ring);

	if (r->place >= start)
		return;
	r->notice_len = (size_t)snprintf(r->notice, sizeof(r->notice),
		"%sodyn: %llu bytes were dropped here\n",
		r->newline ? "" : "\n", (unsigned long long)(start - r->place));
	r->notice_at = 0;
	r->place = start;
}

/* What it gets next; 0: it has everything. */
static size_t next_piece(struct reader *r, const char **data)
{
	if (r->notice_at == r->notice_len)
		skip_dropped(r);
	if (r->notice_at < r->notice_len) {
		*data = r->notice + r->notice_at;
		return r->notice_len - r->notice_at;
	}
	return ring_at(&r->output->ring, r->place, data);
}

static void got(struct reader *r, const char *data, size_t n)
{
	if (r->notice_at < r->notice_len)
		r->notice_at += n;
	else
		r->place += n;
	r->newline = data[n - 1] == '\n';
}

/* 1 when it has everything, 0 when it must wait, -1 when it is gone. */
static int write_to(struct reader *r)
{
	const char *data;
	size_t len;

	while ((len = next_piece(r, &data)) > 0) {
		ssize_t n = write(r->fd, data, len < STREAM_VSOCK_MAX ?
				  len : STREAM_VSOCK_MAX);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -1;
		got(r, data, (size_t)n);
	}
	return 1;
}

/* Gives it what it does not have.  It may be gone afterwards. */
static void feed(struct reader *r)
{
	int ret = write_to(r);

	if (ret < 0) {
		reader_gone(r);
		return;
	}
	if (ret > 0 && r->output->finished && !r->shut) {
		shutdown(r->fd, SHUT_WR);	/* the console is no socket */
		r->shut = true;
	}
	if (r->watch.loop)
		watch_set(&r->watch, (ret == 0 ? EPOLLOUT : 0) |
			  (r->deaf ? 0 : EPOLLIN));
	if (ret > 0 && is_console(r))
		r->output->changed(r->output->arg);
}

/* What a reader sends means nothing; that it ends is its leave, once the
 * stream has ended too.  Before that it may be half of a leave, of one who
 * still reads. */
static void hear(struct reader *r)
{
	char ignored[256];
	ssize_t n;

	do {
		n = recv(r->fd, ignored, sizeof(ignored), 0);
	} while (n > 0);
	if (n == 0 && r->shut)
		reader_gone(r);
	else if (n == 0)
		r->deaf = true;
	if (n == 0 && !r->shut)
		feed(r);
}

static void reader_ready(void *arg, uint32_t events)
{
	struct reader *r = arg;

	if (events & (EPOLLERR | EPOLLHUP))
		reader_gone(r);
	else if (events & EPOLLIN)
		hear(r);
	else
		feed(r);
}

static void feed_all(struct output *o)
{
	struct link *next;

	if (o->console)
		feed(o->console->owner);
	for (struct link *k = o->readers; k; k = next) {
		next = k->next;
		feed(k->owner);
	}
}

static struct reader *reader_new(struct output *o, struct link **list, int fd)
{
	struct reader *r = xcalloc(1, sizeof(*r));

	*r = (struct reader){ .output = o, .fd = fd, .newline = true };
	list_add(list, &r->link, r);
	return r;
}

static void accepted(void *arg, int fd)
{
	struct output *o = arg;
	struct reader *r = reader_new(o, &o->readers, fd);

	if (watch_start(&r->watch, o->loop, fd, EPOLLIN, reader_ready, r) < 0)
		reader_gone(r);
	else
		feed(r);
}

static void close_pipe(struct output *o)
{
	watch_stop(&o->watch);
	if (o->fds[0] >= 0)
		close(steal_fd(&o->fds[0]));
}

/* Reads what the application wrote; 0: there is no more now. */
static size_t take(struct output *o)
{
	char *at;
	size_t room = ring_room(&o->ring, &at);
	ssize_t n = read(o->fds[0], at, room);

	if (n > 0) {
		ring_wrote(&o->ring, (size_t)n);
		return (size_t)n;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		close_pipe(o);
	return 0;
}

static void pipe_ready(void *arg, uint32_t events)
{
	struct output *o = arg;

	(void)events;
	take(o);
	feed_all(o);
}

struct output *output_new(struct loop *l, size_t ring,
			  void (*changed)(void *arg), void *arg, struct err *e)
{
	struct output *o = xcalloc(1, sizeof(*o));

	o->loop = l;
	o->gate.max = READERS_MAX;
	o->changed = changed;
	o->arg = arg;
	o->fds[0] = o->fds[1] = -1;
	ring_init(&o->ring, ring);
	if (pipe2(o->fds, O_CLOEXEC) < 0 ||
	    fcntl(o->fds[0], F_SETFL, O_NONBLOCK) < 0 ||
	    watch_start(&o->watch, l, o->fds[0], EPOLLIN, pipe_ready, o) < 0) {
		err_sys(e, "cannot make a pipe for the application's output");
		output_free(o);
		return NULL;
	}
	return o;
}

/* A console that is not read from keeps the end waiting, but not for long. */
static void flush_console(struct reader *r)
{
	uint64_t limit = clock_ticks() + FLUSH_MS, now;

	while (write_to(r) == 0 && (now = clock_ticks()) < limit) {
		struct pollfd p = { .fd = r->fd, .events = POLLOUT };

		poll(&p, 1, (int)(limit - now));
	}
}

void output_free(struct output *o)
{
	if (!o)
		return;
	listener_stop(&o->listener);
	while (o->readers)
		reader_free(o->readers->owner);
	if (o->console) {
		flush_console(o->console->owner);
		reader_free(o->console->owner);
	}
	close_pipe(o);
	if (o->fds[1] >= 0)
		close(o->fds[1]);
	ring_release(&o->ring);
	free(o);
}

int output_listen(struct output *o, struct vsock *v, uint32_t port,
		  struct err *e)
{
	return vsock_listen(v, port, &o->listener, &o->gate, accepted, o, e);
}

/* Standard output, so that writing to it does not block: opened anew where
 * that can be, because others may share what there is.  A file never blocks,
 * and must be written where it stands. */
static int open_console(void)
{
	struct stat st;
	int fd = -1;

	if (fstat(1, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode))
		fd = open("/proc/self/fd/1",
			  O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		fd = fcntl(1, F_DUPFD_CLOEXEC, 3);
	if (fd >= 0 && !S_ISREG(st.st_mode))
		fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static void console_ready(void *arg, uint32_t events)
{
	(void)events;
	feed(arg);
}

void output_console(struct output *o, bool on)
{
	int fd = on && !o->console ? open_console() : -1;
	struct reader *r;

	if (!on && o->console)
		reader_free(o->console->owner);
	if (fd < 0)
		return;
	r = reader_new(o, &o->console, fd);
	r->deaf = true;
	/* A file cannot be watched, nor need it be. */
	if (watch_start(&r->watch, o->loop, fd, 0, console_ready, r) < 0)
		r->watch.loop = NULL;
	feed(r);
}

void output_line(struct output *o, const char *line, size_t len)
{
	ring_add(&o->ring, line, len);
	feed_all(o);
}

int output_pipe(const struct output *o)
{
	return o->fds[1];
}

void output_started(struct output *o)
{
	close(steal_fd(&o->fds[1]));
}

void output_finish(struct output *o)
{
	size_t n, total = 0;

	/* No more than a pipe can hold: somebody else may still be writing. */
	while (o->fds[0] >= 0 && total < PIPE_MAX && (n = take(o)) > 0) {
		total += n;
		feed_all(o);
	}
	close_pipe(o);
	o->finished = true;
	feed_all(o);
}

bool output_is_read(const struct output *o)
{
	const struct reader *r = o->console ? o->console->owner : NULL;

	return !o->readers && (!r || r->place == o->ring.end);
}
