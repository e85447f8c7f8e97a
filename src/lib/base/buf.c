/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.c - a growing buffer with a ceiling
 */
#include "base/buf.h"

#include <assert.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "base/xalloc.h"

int buf_append(struct buf *b, const void *data, size_t len)
{
	size_t need;

	if (len > b->max || b->len > b->max - len)
		return -1;
	need = b->len + len + 1;	/* max < SIZE_MAX: see BUF_INIT's users */
	if (need > b->cap) {
		size_t cap = b->cap ? b->cap : 64;

		while (cap < need)
			cap *= 2;
		b->data = xreallocarray(b->data, cap, 1);
		b->cap = cap;
	}
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
	return 0;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	int ret = buf_append(b, data, len);

	assert(ret == 0);
	if (ret < 0)
		oom();
}

void buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	AUTO_FREE char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	s = xvasprintf(fmt, ap);
	va_end(ap);
	buf_adds(b, s);
}

char *buf_steal(struct buf *b)
{
	char *s = b->data ? b->data : xstrdup("");

	b->data = NULL;
	b->len = 0;
	b->cap = 0;
	return s;
}

void buf_release(struct buf *b)
{
	free(b->data);
	b->data = NULL;
	b->len = 0;
	b->cap = 0;
}

void buf_wipe(struct buf *b)
{
	if (b->data)
		explicit_bzero(b->data, b->cap);
	buf_release(b);
}

int buf_read_fd(struct buf *b, int fd, const char *name, struct err *e)
{
	char chunk[16384];

	for (;;) {
		ssize_t n = io_read(fd, chunk, sizeof(chunk));

		if (n < 0)
			return err_sys(e, "cannot read '%s'", name);
		if (n == 0)
			return 0;
		if (buf_append(b, chunk, (size_t)n) < 0)
			return err_set(e, ERR_INPUT,
				       "'%s' is larger than %zu bytes", name,
				       b->max);
	}
}

int buf_read_file(struct buf *b, int dirfd, const char *path, struct err *e)
{
	AUTO_CLOSE int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "cannot open '%s'", path);
	return buf_read_fd(b, fd, path, e);
}
