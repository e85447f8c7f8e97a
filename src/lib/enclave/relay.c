/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay.c - two connections joined: what one side sends, the other gets
 */
#include "enclave/relay.h"

#include <malloc.h>
#include <string.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "base/list.h"
#include "base/xalloc.h"

#define SPARE_CHUNKS 16			/* kept for the next who needs one */
#define CROWD	     16		/* relays: see let_go_memory() */
#define TURN	     (4 * RELAY_CHUNK)	/* bytes before others have theirs */

_Static_assert(RELAY_CHUNK >= STREAM_READ_MIN, "bytes would be forgotten");

/* Memory for bytes that wait.  By mmap(2): what a busy hour took goes back to
 * the system, whatever else was allocated meanwhile. */
union chunk {
	union chunk *next;
	uint8_t	     data[RELAY_CHUNK];
};

struct side {
	struct relay *relay;
	struct side  *other;
	struct stream stream;
	struct watch  watch;
	/* Read here, not yet taken by the other side. */
	union chunk  *waiting;
	uint32_t      from, to;		/* what of it */
	bool	      ended;		/* nothing more comes from here */
	bool	      passed_on;	/* and the other side was told */
};

struct relay {
	struct relays *all;
	struct link    link;
	struct side    sides[2];
	void	     (*done)(void *arg);
	void	      *arg;
};

struct relays {
	struct loop  *loop;
	struct link  *list;
	size_t	      n;
	size_t	      peak;		/* since memory was given back */
	union chunk  *spare;
	size_t	      n_spare;
	uint8_t	      scratch[RELAY_CHUNK];
};

struct relays *relays_new(struct loop *l)
{
	struct relays *rs = xcalloc(1, sizeof(*rs));

	rs->loop = l;
	return rs;
}

size_t relays_count(const struct relays *rs)
{
	return rs->n;
}

static union chunk *chunk_new(struct relays *rs)
{
	union chunk *c = rs->spare;

	if (c) {
		rs->spare = c->next;
		rs->n_spare--;
		return c;
	}
	c = mmap(NULL, sizeof(*c), PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (c == MAP_FAILED)
		oom();
	return c;
}

static void chunk_free(struct relays *rs, union chunk *c)
{
	if (rs->n_spare == SPARE_CHUNKS) {
		munmap(c, sizeof(*c));
		return;
	}
	c->next = rs->spare;
	rs->spare = c;
	rs->n_spare++;
}

static void keep(struct side *from, const void *data, size_t len)
{
	from->waiting = chunk_new(from->relay->all);
	memcpy(from->waiting->data, data, len);
	from->from = 0;
	from->to = (uint32_t)len;
}

static void forget(struct side *from)
{
	chunk_free(from->relay->all, from->waiting);
	from->waiting = NULL;
}

/* What a crowd took lies scattered among what the rest still has; left to
 * itself, glibc would keep it all.  Whenever half of them have gone. */
static void let_go_memory(struct relays *rs)
{
	if (rs->peak < CROWD || rs->n > rs->peak / 2)
		return;
	rs->peak = rs->n;
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

static void relay_free(struct relay *r, void (*let_go)(struct stream *s))
{
	struct relays *rs = r->all;

	for (size_t i = 0; i < ARRAY_SIZE(r->sides); i++) {
		struct side *s = &r->sides[i];

		watch_stop(&s->watch);
		let_go(&s->stream);
		if (s->waiting)
			forget(s);
	}
	list_remove(&r->link);
	rs->n--;
	free(r);
	let_go_memory(rs);
}

void relays_free(struct relays *rs)
{
	if (!rs)
		return;
	while (rs->list)
		relay_free(rs->list->owner, stream_abort);
	while (rs->spare) {
		union chunk *c = rs->spare;

		rs->spare = c->next;
		munmap(c, sizeof(*c));
	}
	free(rs);
}

/* How much of it was taken, less than len when no more is now; -1 when the
 * connection is broken. */
static ssize_t write_some(struct side *to, const uint8_t *data, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = stream_write(&to->stream, data + done, len - done);

		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			return -1;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

/* Everything that was read from this side is at the other: 1, 0 when it has
 * to wait, -1 when one of them is broken. */
static int flush(struct side *from)
{
	if (from->waiting) {
		ssize_t n = write_some(from->other,
				       from->waiting->data + from->from,
				       from->to - from->from);

		if (n < 0)
			return -1;
		from->from += (uint32_t)n;
		if (from->from < from->to)
			return 0;
		forget(from);
	}
	if (from->ended && !from->passed_on) {
		if (stream_shut(&from->other->stream) < 0)
			return errno == EAGAIN ? 0 : -1;
		from->passed_on = true;
	}
	return 1;
}

/* Bytes that went on, 0 when there are none now or the other side is busy, -1
 * when one of them is broken. */
static ssize_t move_some(struct side *from)
{
	uint8_t *scratch = from->relay->all->scratch;
	ssize_t done, n = stream_read(&from->stream, scratch, RELAY_CHUNK);

	if (n < 0)
		return errno == EAGAIN ? 0 : -1;
	if (n == 0) {
		from->ended = true;
		return flush(from) < 0 ? -1 : 0;
	}
	done = write_some(from->other, scratch, (size_t)n);
	if (done < 0)
		return -1;
	if (done < n) {
		keep(from, scratch + done, (size_t)(n - done));
		return 0;
	}
	return n;
}

/* 0, or -1 when one of them is broken. */
static int pump(struct side *from)
{
	size_t total = 0;
	int ready = flush(from);
	ssize_t n;

	if (ready < 0)
		return -1;
	if (ready == 0)
		return 0;
	/* A short read has most likely emptied the socket: no need to ask. */
	do {
		n = from->ended ? 0 : move_some(from);
		total += n > 0 ? (size_t)n : 0;
	} while (n >= STREAM_READ_MIN && total < TURN);
	return n < 0 ? -1 : 0;
}

static bool wants_write(const struct side *to)
{
	const struct side *from = to->other;

	return from->waiting || (from->ended && !from->passed_on);
}

static bool wants_read(const struct side *from)
{
	return !from->waiting && !from->ended;
}

static uint32_t wants(const struct side *s)
{
	return (wants_read(s) ? s->stream.read_wants : 0) |
	       (wants_write(s) ? s->stream.write_wants : 0);
}

static void finish(struct relay *r, void (*let_go)(struct stream *s))
{
	void (*done)(void *arg) = r->done;
	void *arg = r->arg;

	relay_free(r, let_go);
	done(arg);
}

static void happened(void *arg, uint32_t events)
{
	struct side *s = arg;
	struct relay *r = s->relay;
	const uint32_t broken = EPOLLERR | EPOLLHUP;
	bool write = wants_write(s) &&
		     (events & (s->stream.write_wants | broken));
	bool read = wants_read(s) && (events & (s->stream.read_wants | broken));
	/* It took its leave, nothing is on the way to it, and now it is gone
	 * altogether: nobody is left who could want an answer. */
	bool gone = s->ended && !wants_write(s) && (events & broken);

	if ((write && pump(s->other) < 0) || (read && pump(s) < 0)) {
		finish(r, stream_abort);
	} else if (gone || (s->passed_on && s->other->passed_on)) {
		finish(r, stream_release);
	} else {
		watch_set(&s->watch, wants(s));
		watch_set(&s->other->watch, wants(s->other));
	}
}

int relay_start(struct relays *rs, struct stream *a, struct stream *b,
		const void *first, size_t len, void (*ended)(void *arg),
		void *arg)
{
	struct relay *r = xcalloc(1, sizeof(*r));

	*r = (struct relay){ .all = rs, .done = ended, .arg = arg };
	list_add(&rs->list, &r->link, r);
	if (++rs->n > rs->peak)
		rs->peak = rs->n;
	for (size_t i = 0; i < ARRAY_SIZE(r->sides); i++) {
		r->sides[i].relay = r;
		r->sides[i].other = &r->sides[1 - i];
		r->sides[i].stream = i == 0 ? *a : *b;
	}
	a->ops = b->ops = NULL;
	if (len > 0)
		keep(&r->sides[0], first, len);
	for (size_t i = 0; i < ARRAY_SIZE(r->sides); i++) {
		struct side *s = &r->sides[i];

		if (watch_start(&s->watch, rs->loop, s->stream.fd, wants(s),
				happened, s) < 0) {
			relay_free(r, stream_abort);
			return -1;
		}
	}
	return 0;
}
