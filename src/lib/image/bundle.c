/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bundle.c - images in one archive file: finding and copying members
 */
#include "image/bundle.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/xalloc.h"

#define MEMBERS_MAX 1000000	/* an image has a few dozen */

int bundle_open(struct bundle *b, const char *path, struct err *e)
{
	b->name = xstrdup(path);
	b->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (b->fd < 0)
		return err_sys(e, "cannot open archive '%s'", path);
	return 0;
}

void bundle_release(struct bundle *b)
{
	auto_closep(&b->fd);
	free(b->name);
	*b = (struct bundle)BUNDLE_INIT;
}

int bundle_walk(const struct bundle *b, bundle_fn *fn, void *ctx,
		struct err *e)
{
	AUTO_UNTAR struct untar *t = NULL;
	struct untar_member m;
	int ret;

	if (lseek(b->fd, 0, SEEK_SET) < 0 && errno == ESPIPE)
		return err_set(e, ERR_USAGE,
			       "archive '%s' is a pipe, and it is read several times: write it to a file",
			       b->name);
	if (lseek(b->fd, 0, SEEK_SET) < 0)
		return err_sys(e, "cannot go back to the beginning of archive '%s'",
			       b->name);
	t = untar_open_fd(b->fd, b->name, e);
	if (!t)
		return -1;
	for (unsigned n = 0; (ret = untar_next(t, &m, e)) == 1; n++) {
		const char *path = m.path;

		if (n == MEMBERS_MAX)
			return err_set(e, ERR_INPUT,
				       "archive '%s' has more than %d members",
				       b->name, MEMBERS_MAX);
		while (strncmp(path, "./", 2) == 0)
			path += 2;
		ret = fn(ctx, t, &m, path, e);
		if (ret != 0)
			return ret < 0 ? -1 : 0;
	}
	return ret;
}

/* Zeros up to the offset. */
static int fill(uint64_t *at, uint64_t to, bundle_sink_fn *sink, void *ctx,
		struct err *e)
{
	static const char zeros[4096];

	while (*at < to) {
		size_t len = to - *at < sizeof(zeros) ? (size_t)(to - *at) :
							sizeof(zeros);
		int ret = sink(ctx, zeros, len, e);

		if (ret != 0)
			return ret;
		*at += len;
	}
	return 0;
}

int bundle_copy(struct untar *t, const struct untar_member *m,
		bundle_sink_fn *sink, void *ctx, struct err *e)
{
	uint64_t at = 0, offset;
	const void *data;
	size_t len;
	int ret, more;

	while ((more = untar_data(t, &data, &len, &offset, e)) == 1) {
		ret = fill(&at, offset, sink, ctx, e);
		if (ret == 0 && len > 0)
			ret = sink(ctx, data, len, e);
		if (ret != 0)
			return ret < 0 ? -1 : 0;
		at += len;
	}
	if (more < 0)
		return -1;
	return fill(&at, m->size, sink, ctx, e) < 0 ? -1 : 0;
}

struct wanted_text {
	const char *file, *path;
	struct buf *text;
	bool	    found;
};

static int on_text(void *ctx, const void *data, size_t len, struct err *e)
{
	struct wanted_text *w = ctx;

	if (buf_append(w->text, data, len) < 0)
		return err_set(e, ERR_INPUT,
			       "'%s' in archive '%s' is larger than %zu bytes",
			       w->path, w->file, w->text->max);
	return 0;
}

static int on_text_member(void *ctx, struct untar *t,
			  const struct untar_member *m, const char *path,
			  struct err *e)
{
	struct wanted_text *w = ctx;

	if (strcmp(path, w->path) != 0 || !S_ISREG(m->mode) || m->hardlink)
		return 0;
	w->found = true;
	return bundle_copy(t, m, on_text, w, e) < 0 ? -1 : 1;
}

int bundle_read(const struct bundle *b, const char *path, struct buf *text,
		struct err *e)
{
	struct wanted_text w = { b->name, path, text, false };

	if (bundle_walk(b, on_text_member, &w, e) < 0)
		return -1;
	return w.found;
}

struct blob_sink {
	struct blob_writer	 writer;
	const struct descriptor *d;
	const char		*what;
	struct progress		*progress;
};

static int on_blob(void *ctx, const void *data, size_t len, struct err *e)
{
	struct blob_sink *s = ctx;

	if (blob_write(&s->writer, data, len, e) < 0)
		return -1;
	if (s->writer.size < s->d->size)
		progress_update(s->progress, s->what, s->writer.size,
				s->d->size);
	return 0;
}

int bundle_blob(struct untar *t, const struct untar_member *m,
		struct store *store, const struct descriptor *d,
		const char *what, struct progress *p, struct err *e)
{
	struct blob_sink s = { BLOB_WRITER_INIT, d, what, p };
	int ret;

	if (m->size != d->size)
		return err_set(e, ERR_VERIFY,
			       "%s has %ju bytes in the archive, and %ju were announced",
			       what, (uintmax_t)m->size, (uintmax_t)d->size);
	ret = blob_begin(&s.writer, store, e);
	if (ret == 0)
		ret = bundle_copy(t, m, on_blob, &s, e);
	if (ret == 0)
		ret = blob_commit(&s.writer, d, what, e);
	blob_abort(&s.writer);
	if (ret == 0)
		progress_update(p, what, d->size, d->size);
	return ret;
}
