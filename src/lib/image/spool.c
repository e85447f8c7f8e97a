/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spool.c - one nameless temporary file that holds the bodies of many
 */
#include "image/spool.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/io.h"
#include "base/outfile.h"
#include "base/xalloc.h"

#define PENDING_SIZE ((size_t)1 << 20)
/* What a writer reserves for small bodies at a time. */
#define RESERVE_SIZE ((uint64_t)4 << 20)
/* Below this a hole frees little and costs a system call. */
#define FORGET_MIN   ((uint64_t)1 << 16)
#define ZEROS_SIZE   ((size_t)1 << 16)

int spool_open(struct spool *s, const char *folder, struct err *e)
{
	AUTO_OUTFILE struct outfile f = OUTFILE_INIT;
	AUTO_FREE char *prefix = xasprintf("%s/.spool", folder);

	/* Never committed: if it had to have a name, that goes here. */
	if (outfile_open(&f, AT_FDCWD, prefix, e) < 0)
		return -1;
	s->fd = fcntl(f.fd, F_DUPFD_CLOEXEC, 0);
	if (s->fd < 0)
		return err_sys(e, "cannot create a temporary file in '%s'",
			       folder);
	s->folder = xstrdup(folder);
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

int spool_open_digests(struct spool *s, struct err *e)
{
	s->fd = memfd_create("digests", MFD_CLOEXEC);
	if (s->fd < 0)
		return err_sys(e, "cannot create a file in memory");
	s->folder = xstrdup("memory");
	s->size = 0;
	s->digests = true;
	return 0;
}

void spool_release(struct spool *s)
{
	auto_closep(&s->fd);
	s->fd = -1;
	free(s->folder);
	s->folder = NULL;
}

int spool_clear(struct spool *s, struct err *e)
{
	s->size = 0;
	if (ftruncate(s->fd, 0) < 0)
		return err_sys(e, "cannot empty a temporary file in '%s'",
			       s->folder);
	return 0;
}

int spool_settle(struct spool *s, struct err *e)
{
	if (ftruncate(s->fd, (off_t)s->size) < 0)
		return err_sys(e, "cannot extend a temporary file in '%s'",
			       s->folder);
	return 0;
}

void spool_forget(const struct spool *s, uint64_t offset, uint64_t len)
{
	if (s->digests || len < FORGET_MIN)
		return;
	fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		  (off_t)offset, (off_t)len);
}

void spool_writer_init(struct spool_writer *w, struct spool *s)
{
	*w = (struct spool_writer){ .spool = s };
	if (s->digests)
		w->digest = digest_new(DIGEST_SHA256);
	else
		w->pending = xmalloc(PENDING_SIZE);
}

void spool_writer_release(struct spool_writer *w)
{
	free(w->pending);
	w->pending = NULL;
	digest_free(w->digest);
	w->digest = NULL;
}

/* Linux lets one thread at a time write to a file, and the others spin: better
 * they wait here, and leave the processor to one that inflates. */
static int put(struct spool_writer *w, const void *data, size_t len,
	       struct err *e)
{
	struct spool *s = w->spool;
	int ret;

	pthread_mutex_lock(&s->turn);
	ret = io_pwrite(s->fd, data, len, w->at);
	pthread_mutex_unlock(&s->turn);
	if (ret < 0)
		return err_sys(e, "cannot write a temporary file in '%s'",
			       s->folder);
	w->at += len;
	w->left -= len;
	return 0;
}

/* The next bytes of a body of which the digest is kept. */
static int add(struct spool_writer *w, const void *data, size_t len,
	       struct err *e)
{
	uint8_t sum[SHA256_LEN];

	if (len == 0)
		return 0;
	digest_update(w->digest, data, len);
	w->left -= len;
	if (w->left > 0)
		return 0;
	digest_final(w->digest, sum);
	w->left = sizeof(sum);
	return put(w, sum, sizeof(sum), e);
}

static int add_zeros(struct spool_writer *w, uint64_t len, struct err *e)
{
	static const char zeros[ZEROS_SIZE];

	while (len > 0) {
		size_t n = len < sizeof(zeros) ? (size_t)len : sizeof(zeros);

		if (add(w, zeros, n, e) < 0)
			return -1;
		len -= n;
	}
	return 0;
}

int spool_flush(struct spool_writer *w, struct err *e)
{
	if (put(w, w->pending, w->n_pending, e) < 0)
		return -1;
	w->n_pending = 0;
	return 0;
}

int spool_begin(struct spool_writer *w, uint64_t size, uint64_t *offset,
		struct err *e)
{
	uint64_t room = size > RESERVE_SIZE ? size : RESERVE_SIZE;

	if (w->digest) {
		w->at = atomic_fetch_add(&w->spool->size, SHA256_LEN);
		w->left = size;
		*offset = w->at;
		return 0;
	}
	if (size > w->left - w->n_pending) {
		if (spool_flush(w, e) < 0)
			return -1;
		w->at = atomic_fetch_add(&w->spool->size, room);
		w->left = room;
	}
	*offset = w->at + w->n_pending;
	return 0;
}

int spool_write(struct spool_writer *w, const void *data, size_t len,
		struct err *e)
{
	if (w->digest)
		return add(w, data, len, e);
	if (len > PENDING_SIZE - w->n_pending && spool_flush(w, e) < 0)
		return -1;
	if (len < PENDING_SIZE) {
		memcpy(w->pending + w->n_pending, data, len);
		w->n_pending += len;
		return 0;
	}
	return put(w, data, len, e);
}

int spool_skip(struct spool_writer *w, uint64_t len, struct err *e)
{
	if (w->digest)
		return add_zeros(w, len, e);
	if (spool_flush(w, e) < 0)
		return -1;
	w->at += len;
	w->left -= len;
	return 0;
}
