/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon_load.c - an image of a layout into the docker daemon
 *
 * Docker Engine API: POST /images/load, GET /images/NAME/json.  The daemon
 * unpacks all before it names anything, so what breaks off half way leaves no
 * image.  Its answer is a line of JSON after the other, and status 200 even when
 * one of them says "error".
 */
#include <string.h>

#include "base/xalloc.h"
#include "image/daemon.h"
#include "image/export.h"
#include "image/export_parts.h"

#define ANSWER_MAX (1u << 20)

struct load {
	struct daemon	 *daemon;	/* borrowed */
	struct http_feed *feed;
	struct buf	  answer;
	char		 *what;
	struct progress	 *progress;
	uint64_t	  sent;
};

static void load_release(struct load *l)
{
	http_feed_free(l->feed);
	buf_release(&l->answer);
	free(l->what);
}

static int on_answer(void *ctx, const void *data, size_t len, struct err *e)
{
	if (buf_append(ctx, data, len) < 0)
		return err_set(e, ERR_REMOTE,
			       "the docker daemon's answer is longer than %u bytes",
			       ANSWER_MAX);
	return 0;
}

static int on_tar(void *ctx, const void *data, size_t len, struct err *e)
{
	struct load *l = ctx;

	if (http_feed_write(l->feed, data, len, e) < 0)
		return -1;
	l->sent += len;
	progress_update(l->progress, l->what, l->sent, 0);
	return 0;
}

/* 1: it says that the image is loaded, 0: it says something else, -1. */
static int read_line(const struct load *l, const char *line, size_t len,
		     struct err *e)
{
	static const char loaded[] = "Loaded image";
	AUTO_JSON json_t *j = json_parse_object(line, len, "/images/load", e);
	const char *error, *stream;

	if (!j) {
		e->class = ERR_REMOTE;
		return err_wrap(e, "%s: docker daemon at '%s'", l->what,
				l->daemon->where);
	}
	error = json_str(j, "error");
	if (error || json_object_get(j, "error"))
		return err_set(e, ERR_REMOTE,
			       "%s: the docker daemon at '%s' cannot load it: %.*s",
			       l->what, l->daemon->where, DAEMON_REASON_MAX,
			       error ? error : "it does not say why");
	stream = json_str(j, "stream");
	return stream && strncmp(stream, loaded, strlen(loaded)) == 0;
}

static int check_answer(const struct load *l, struct err *e)
{
	const char *line = l->answer.data ? l->answer.data : "";
	const char *end = line + l->answer.len;
	bool loaded = false;

	while (line < end) {
		const char *next = memchr(line, '\n', (size_t)(end - line));
		size_t len = (size_t)((next ? next : end) - line);
		int ret;

		if (len > 0 && line[len - 1] == '\r')
			len--;
		ret = len > 0 ? read_line(l, line, len, e) : 0;
		if (ret < 0)
			return -1;
		loaded |= ret;
		line = next ? next + 1 : end;
	}
	if (!loaded)
		return err_set(e, ERR_REMOTE,
			       "%s: the docker daemon at '%s' does not say that it loaded the image",
			       l->what, l->daemon->where);
	return 0;
}

static int send_image(struct load *l, const struct image *img,
		      const char *name, struct http_request *q, struct err *e)
{
	struct tar_writer w = { .write = on_tar, .ctx = l };

	l->feed = http_feed_new(l->daemon->http, q, "application/x-tar");
	if (export_docker(&w, img, name, e) == 0 && tar_finish(&w, e) == 0 &&
	    http_feed_end(l->feed, e) == 0 && q->status == 200)
		return 0;
	if (q->failure != HTTP_ANSWERED)
		return daemon_lost(l->daemon, q, l->what, e);
	if (q->status != 0 && q->status != 200)
		return daemon_refused(l->daemon, q, l->what, e);
	return err_wrap(e, "%s", l->what);
}

int export_to_daemon(struct daemon *d, const struct image *img,
		     const char *name, struct progress *p, struct err *e)
{
	AUTO(load_release) struct load l = {
		.daemon = d,
		.answer = BUF_INIT(ANSWER_MAX),
		.progress = p,
	};
	struct http_request q = {
		.method = HTTP_POST,
		.body = on_answer,
		.ctx = &l.answer,
	};
	int ret;

	l.what = xasprintf("output 'docker-daemon:%s'", name);
	q.url = xasprintf("%s/images/load?quiet=1", d->url);
	ret = send_image(&l, img, name, &q, e);
	if (ret == 0)
		ret = check_answer(&l, e);
	if (ret < 0 && e->class == ERR_NO)
		e->class = ERR_REMOTE;
	if (ret == 0)
		progress_update(p, l.what, l.sent, l.sent);
	http_feed_free(steal_ptr(&l.feed));
	http_request_release(&q);
	return ret;
}

static int on_facts(void *ctx, const void *data, size_t len, struct err *e)
{
	if (buf_append(ctx, data, len) < 0)
		return err_set(e, ERR_REMOTE,
			       "the docker daemon's description of the image is larger than %u bytes",
			       ANSWER_MAX);
	return 0;
}

/* The image's ID is the digest of its configuration. */
int export_is_there(struct daemon *d, const struct image *img,
		    const char *name, struct err *e)
{
	AUTO_FREE char *path = xasprintf("/images/%s/json", name);
	AUTO_FREE char *what = xasprintf("image '%s'", name);
	AUTO_BUF struct buf text = BUF_INIT(ANSWER_MAX);
	AUTO_JSON json_t *j = NULL;
	const char *id, *hex;
	struct err ignored;

	if (daemon_get(d, path, what, on_facts, &text, e) < 0)
		return e->class == ERR_NO ? 0 : -1;
	j = json_parse_object(text.data, text.len, path, &ignored);
	id = json_str(j, "Id");
	return id && digest_is_sha256(id, &hex) &&
	       strcmp(hex, img->doc.config.hex) == 0;
}
