/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.c - a connection with a buffer for each direction
 */
#include "odyn/wire.h"

#include <errno.h>
#include <string.h>

#define TURN 4			/* reads before others have their turn */

size_t wire_waiting(const struct wire *w)
{
	return w->out.len - w->out_at;
}

static bool has_room(const struct wire *w)
{
	return w->reading && !w->ended && w->in.len < w->in.max;
}

static void settle(struct wire *w)
{
	if (w->watch.loop)
		watch_set(&w->watch,
			  (has_room(w) ? w->stream.read_wants : 0) |
			  (wire_waiting(w) ? w->stream.write_wants : 0));
}

static void fill(struct wire *w)
{
	char data[STREAM_READ_MIN];

	for (int i = 0; i < TURN && has_room(w); i++) {
		size_t room = w->in.max - w->in.len;
		size_t size = room < sizeof(data) ? room : sizeof(data);
		ssize_t n = stream_read(&w->stream, data, size);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			w->ended = true;
			w->broken = n < 0;
			return;
		}
		buf_add(&w->in, data, (size_t)n);
		explicit_bzero(data, (size_t)n);
		if ((size_t)n < size)
			return;
	}
}

/* What was written makes room at once: out has a ceiling. */
static void close_ranks(struct wire *w)
{
	if (w->out_at == 0)
		return;
	memmove(w->out.data, w->out.data + w->out_at, wire_waiting(w));
	w->out.len -= w->out_at;
	w->out_at = 0;
}

static void write_out(struct wire *w)
{
	while (wire_waiting(w)) {
		ssize_t n = stream_write(&w->stream, w->out.data + w->out_at,
					 wire_waiting(w));

		if (n < 0 && errno == EAGAIN) {
			close_ranks(w);
			return;
		}
		if (n < 0) {
			w->deaf = true;
			break;
		}
		w->out_at += (size_t)n;
	}
	buf_wipe(&w->out);
	w->out_at = 0;
}

void wire_flush(struct wire *w)
{
	if (w->stream.ops && !w->deaf)
		write_out(w);
	settle(w);
}

static void on_event(void *arg, uint32_t events)
{
	struct wire *w = arg;

	if (wire_waiting(w))
		write_out(w);
	if (has_room(w))
		fill(w);
	else if (events & (EPOLLERR | EPOLLHUP))
		w->gone = true;
	settle(w);
	w->moved(w->arg);
}

int wire_start(struct wire *w, struct loop *l, struct stream *s,
	       size_t in_max, size_t out_max, void (*moved)(void *arg),
	       void *arg)
{
	*w = (struct wire){ .stream = *s, .in = BUF_INIT(in_max),
			    .out = BUF_INIT(out_max), .reading = true,
			    .moved = moved, .arg = arg };
	s->ops = NULL;
	if (watch_start(&w->watch, l, w->stream.fd, w->stream.read_wants,
			on_event, w) < 0) {
		wire_release(w);
		return -1;
	}
	return 0;
}

void wire_read(struct wire *w, bool wanted)
{
	w->reading = wanted;
	settle(w);
}

void wire_take(struct wire *w, size_t n)
{
	if (n < w->in.len) {
		memmove(w->in.data, w->in.data + n, w->in.len - n);
		w->in.len -= n;
	} else {
		buf_wipe(&w->in);
	}
	settle(w);
}

struct stream wire_steal(struct wire *w)
{
	struct stream s = w->stream;

	watch_stop(&w->watch);
	w->stream.ops = NULL;
	return s;
}

void wire_release(struct wire *w)
{
	watch_stop(&w->watch);
	stream_release(&w->stream);
	buf_wipe(&w->in);
	buf_wipe(&w->out);
	w->out_at = 0;
}
