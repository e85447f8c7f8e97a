/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spool.c - one nameless temporary file that holds the bodies of many
 */
#include "image/spool.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/outfile.h"
#include "base/xalloc.h"

#define PENDING_SIZE ((size_t)1 << 20)
/* Below this a hole frees little and costs a system call. */
#define FORGET_MIN   ((uint64_t)1 << 16)

int spool_open(struct spool *s, const char *folder, struct err *e)
{
	s->fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (s->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR ||
			  errno == EINVAL)) {
		/* A file system without O_TMPFILE: make a name, unlink it. */
		AUTO_OUTFILE struct outfile f = OUTFILE_INIT;
		AUTO_FREE char *prefix = xasprintf("%s/.spool", folder);

		if (outfile_open(&f, AT_FDCWD, prefix, e) < 0)
			return -1;
		s->fd = fcntl(f.fd, F_DUPFD_CLOEXEC, 0);
	}
	if (s->fd < 0)
		return err_sys(e, "cannot create a temporary file in '%s'",
			       folder);
	s->pending = xmalloc(PENDING_SIZE);
	s->n_pending = 0;
	s->size = 0;
	return 0;
}

int spool_open_beside(struct spool *s, const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *folder =
		slash ? xstrndup(path, (size_t)(slash - path) + 1) :
			xstrdup(".");

	return spool_open(s, folder, e);
}

int spool_flush(struct spool *s, struct err *e)
{
	if (io_pwrite(s->fd, s->pending, s->n_pending,
		      s->size - s->n_pending) < 0)
		return err_sys(e, "cannot write a temporary file");
	s->n_pending = 0;
	return 0;
}

int spool_write(struct spool *s, const void *data, size_t len, struct err *e)
{
	if (len > PENDING_SIZE - s->n_pending && spool_flush(s, e) < 0)
		return -1;
	if (len >= PENDING_SIZE) {
		if (io_pwrite(s->fd, data, len, s->size) < 0)
			return err_sys(e, "cannot write a temporary file");
	} else {
		memcpy(s->pending + s->n_pending, data, len);
		s->n_pending += len;
	}
	s->size += len;
	return 0;
}

int spool_skip(struct spool *s, uint64_t len, struct err *e)
{
	if (spool_flush(s, e) < 0)
		return -1;
	if (ftruncate(s->fd, (off_t)(s->size + len)) < 0)
		return err_sys(e, "cannot extend a temporary file");
	s->size += len;
	return 0;
}

void spool_forget(struct spool *s, uint64_t offset, uint64_t len)
{
	/* What is still pending is written later all the same: leave it. */
	if (len < FORGET_MIN || offset + len > s->size - s->n_pending)
		return;
	fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		  (off_t)offset, (off_t)len);
}

void spool_release(struct spool *s)
{
	auto_closep(&s->fd);
	s->fd = -1;
	free(s->pending);
	s->pending = NULL;
}
