/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.c - how the application is, one line of JSON for each change
 */
#include "odyn/status.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/list.h"
#include "base/xalloc.h"

#define READERS_MAX 64		/* at once */
#define LINE_MAX_BYTES 1023
#define ERROR_MAX   300		/* of which JSON may make three times as much */

struct reader {
	struct status *status;
	struct link    link;
	int	       fd;
	struct watch   watch;
	size_t	       sent;		/* how far it is in the text */
	bool	       deaf;		/* it sends nothing any more */
	bool	       shut;		/* it was told the end */
};

struct status {
	struct loop    *loop;
	struct listener listener;
	struct gate	gate;
	struct link    *readers;
	char		text[2 * (LINE_MAX_BYTES + 1)];	/* all lines */
	size_t		len, last;	/* and where the last one begins */
	bool		is_final, is_read;
	void	      (*changed)(void *arg);
	void	       *arg;
};

struct status *status_new(struct loop *l, void (*changed)(void *arg), void *arg)
{
	struct status *s = xcalloc(1, sizeof(*s));

	s->loop = l;
	s->gate.max = READERS_MAX;
	s->changed = changed;
	s->arg = arg;
	return s;
}

static void reader_free(struct reader *r)
{
	watch_stop(&r->watch);
	close(r->fd);
	list_remove(&r->link);
	gate_leave(&r->status->gate);
	free(r);
}

void status_free(struct status *s)
{
	if (!s)
		return;
	listener_stop(&s->listener);
	while (s->readers)
		reader_free(s->readers->owner);
	free(s);
}

/* It has hung up: after the final line, that is what the end waits for. */
static void reader_gone(struct reader *r)
{
	struct status *s = r->status;

	s->is_read |= r->shut;
	reader_free(r);
	s->changed(s->arg);
}

/* It may be gone afterwards. */
static void feed(struct reader *r)
{
	const struct status *s = r->status;

	while (r->sent < s->len) {
		ssize_t n = send(r->fd, s->text + r->sent, s->len - r->sent,
				 MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			reader_gone(r);
			return;
		}
		r->sent += (size_t)n;
	}
	/* For one who only waits for the end. */
	if (s->is_final && r->sent == s->len && !r->shut) {
		shutdown(r->fd, SHUT_WR);
		r->shut = true;
	}
	watch_set(&r->watch, (r->sent < s->len ? EPOLLOUT : 0) |
		  (r->deaf ? 0 : EPOLLIN));
}

/* Who ends what he sends has hung up when nothing more will come; before
 * that he may still read. */
static void hear(struct reader *r)
{
	char ignored[256];
	ssize_t n;

	do {
		n = recv(r->fd, ignored, sizeof(ignored), 0);
	} while (n > 0);
	if (n < 0)
		return;
	if (r->shut) {
		reader_gone(r);
		return;
	}
	r->deaf = true;
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

static void accepted(void *arg, int fd)
{
	struct status *s = arg;
	struct reader *r = xcalloc(1, sizeof(*r));

	*r = (struct reader){ .status = s, .fd = fd, .sent = s->last };
	list_add(&s->readers, &r->link, r);
	if (watch_start(&r->watch, s->loop, fd, EPOLLIN, reader_ready, r) < 0)
		reader_gone(r);
	else
		feed(r);
}

int status_listen(struct status *s, struct vsock *v, uint32_t port,
		  struct err *e)
{
	return vsock_listen(v, port, &s->listener, &s->gate, accepted, s, e);
}

/* Takes j.  Its members keep their order: "status" first. */
static void announce(struct status *s, json_t *j, bool is_final)
{
	AUTO_FREE char *line = json_text_ordered(j);
	struct link *next;
	size_t len = strlen(line);

	json_decref(j);
	if (s->is_final || s->len + len + 1 > sizeof(s->text))
		return;
	memcpy(s->text + s->len, line, len);
	s->text[s->len + len] = '\n';
	s->last = s->len;
	s->len += len + 1;
	s->is_final = is_final;
	for (struct link *k = s->readers; k; k = next) {
		next = k->next;
		feed(k->owner);
	}
}

static json_t *status_of(const char *word)
{
	json_t *j = json_object();

	json_put_str(j, "status", word);
	return j;
}

void status_running(struct status *s)
{
	announce(s, status_of("running"), false);
}

void status_ended(struct status *s, int wait_status)
{
	bool killed = WIFSIGNALED(wait_status);
	json_t *j = status_of(killed ? "signaled" : "exited");

	json_put(j, killed ? "signal" : "code",
		 json_integer(killed ? WTERMSIG(wait_status)
				     : WEXITSTATUS(wait_status)));
	announce(s, j, true);
}

void status_fatal(struct status *s, const char *error)
{
	AUTO_FREE char *text = xstrndup(error, ERROR_MAX);
	json_t *j = status_of("fatal");

	json_put_str(j, "error", text);
	announce(s, j, true);
}

bool status_is_read(const struct status *s)
{
	return s->is_read;
}
