/* SPDX-License-Identifier: Apache-2.0 */
/*
 * archive.c - reading tar by libarchive
 */
#include "image/archive.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/xalloc.h"

#define FILTERS_MAX 2	/* libarchive counts the file itself as one */

struct untar {
	struct archive	     *a;
	untar_read_fn	     *read;
	void		     *ctx;
	char		     *name;
	struct err	      read_error;	/* what the callback said */
	uint64_t	      size, reached;	/* of the member's data */
	struct untar_xattr *xattrs;
	size_t		      cap_xattrs;
};

/* libarchive's message, or the one that the callback left. */
static int fault(struct untar *r, struct err *e)
{
	const char *text = archive_error_string(r->a);
	int number = archive_errno(r->a);

	if (r->read_error.class != ERR_NONE) {
		*e = r->read_error;
		return -1;
	}
	if (number == ENOMEM)
		oom();
	return err_set(e, number == EIO ? ERR_SYS : ERR_INPUT,
		       "cannot read archive '%s': %s", r->name,
		       text ? text : "no reason given");
}

static la_ssize_t on_read(struct archive *a, void *ctx, const void **data)
{
	struct untar *r = ctx;
	ssize_t n = r->read(r->ctx, data, &r->read_error);

	if (n < 0)
		archive_set_error(a, EIO, "read failed");
	return n;
}

/* zstd by a program from PATH is what libarchive offers when it was built
 * without the library (it warns then): not ours. */
static int allow_formats(struct archive *a)
{
	archive_read_support_filter_gzip(a);
	if (archive_read_support_filter_zstd(a) != ARCHIVE_OK)
		return -1;
	/* A file without a byte is an archive without a member, as for Go's
	 * archive/tar and GNU tar. */
	archive_read_support_format_empty(a);
	archive_read_support_format_tar(a);
	return 0;
}

static struct untar *reader_new(const char *name, struct err *e)
{
	struct untar *r = xcalloc(1, sizeof(*r));

	r->name = xstrdup(name);
	r->a = archive_read_new();
	if (!r->a)
		oom();
	if (allow_formats(r->a) == 0)
		return r;
	err_set(e, ERR_SYS, "this libarchive was built without zstd");
	untar_free(r);
	return NULL;
}

/* gzip in gzip in gzip is nothing that an image has, and a kilobyte of it may
 * stand for a terabyte. */
static int check_filters(struct untar *r, struct err *e)
{
	if (archive_filter_count(r->a) <= FILTERS_MAX)
		return 0;
	return err_set(e, ERR_INPUT,
		       "archive '%s' is compressed more than once", r->name);
}

struct untar *untar_open(untar_read_fn *read, void *ctx,
				    const char *name, struct err *e)
{
	AUTO_UNTAR struct untar *r = reader_new(name, e);

	if (!r)
		return NULL;
	r->read = read;
	r->ctx = ctx;
	if (archive_read_open(r->a, r, NULL, on_read, NULL) != ARCHIVE_OK) {
		fault(r, e);
		return NULL;
	}
	if (check_filters(r, e) < 0)
		return NULL;
	return steal_ptr(&r);
}

struct untar *untar_open_fd(int fd, const char *name, struct err *e)
{
	AUTO_UNTAR struct untar *r = reader_new(name, e);

	if (!r)
		return NULL;
	if (archive_read_open_fd(r->a, fd, UNTAR_BLOCK) != ARCHIVE_OK) {
		fault(r, e);
		return NULL;
	}
	if (check_filters(r, e) < 0)
		return NULL;
	return steal_ptr(&r);
}

void untar_free(struct untar *r)
{
	if (!r)
		return;
	archive_read_free(r->a);
	free(r->xattrs);
	free(r->name);
	free(r);
}

/* 1 for a new one, 0 for one that is there already: bsdtar writes each twice,
 * in GNU's way and in its own.  -1 for what Linux does not take. */
static int judge_xattr(const struct untar *r, const struct untar_member *m,
		       const struct untar_xattr *x, struct err *e)
{
	if (x->len > UNTAR_XATTR_MAX || strlen(x->name) > UNTAR_XATTR_NAME_MAX)
		return err_set(e, ERR_INPUT,
			       "'%s' in archive '%s' has an extended attribute of more than %d bytes, or with a name of more than %d",
			       m->path, r->name, UNTAR_XATTR_MAX,
			       UNTAR_XATTR_NAME_MAX);
	for (size_t i = 0; i < m->n_xattrs; i++) {
		const struct untar_xattr *y = &m->xattrs[i];

		if (strcmp(x->name, y->name) != 0)
			continue;
		if (x->len == y->len &&
		    (x->len == 0 || memcmp(x->value, y->value, x->len) == 0))
			return 0;
		return err_set(e, ERR_INPUT,
			       "'%s' in archive '%s' has two values of the extended attribute '%s'",
			       m->path, r->name, x->name);
	}
	return 1;
}

static int read_xattrs(struct untar *r, struct archive_entry *entry,
		       struct untar_member *m, struct err *e)
{
	int n = archive_entry_xattr_reset(entry);

	if (n > UNTAR_XATTRS_MAX)
		return err_set(e, ERR_INPUT,
			       "'%s' in archive '%s' has more than %d extended attributes",
			       m->path, r->name, UNTAR_XATTRS_MAX);
	if ((size_t)n > r->cap_xattrs) {
		r->cap_xattrs = (size_t)n;
		r->xattrs = xreallocarray(r->xattrs, r->cap_xattrs,
					  sizeof(*r->xattrs));
	}
	m->xattrs = r->xattrs;
	for (int i = 0; i < n; i++) {
		struct untar_xattr *x = &r->xattrs[m->n_xattrs];
		int is_new;

		if (archive_entry_xattr_next(entry, &x->name, &x->value,
					     &x->len) != ARCHIVE_OK)
			break;
		is_new = judge_xattr(r, m, x, e);
		if (is_new < 0)
			return -1;
		m->n_xattrs += (size_t)is_new;
	}
	return 0;
}

static int read_owner(struct untar *r, struct archive_entry *entry,
		      struct untar_member *m, struct err *e)
{
	la_int64_t uid = archive_entry_uid(entry);
	la_int64_t gid = archive_entry_gid(entry);

	/* (uid_t)-1 is "no change" to the kernel, not an owner. */
	if (uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX)
		return err_set(e, ERR_INPUT,
			       "'%s' in archive '%s' has an owner that does not fit 32 bits",
			       m->path, r->name);
	m->uid = (uint32_t)uid;
	m->gid = (uint32_t)gid;
	return 0;
}

static int read_member(struct untar *r, struct archive_entry *entry,
		       struct untar_member *m, struct err *e)
{
	la_int64_t size = archive_entry_size(entry);

	memset(m, 0, sizeof(*m));
	m->path = archive_entry_pathname(entry);
	if (!m->path || !*m->path)
		return err_set(e, ERR_INPUT, "archive '%s' has a member without a name",
			       r->name);
	if (size < 0)
		return err_set(e, ERR_INPUT, "'%s' in archive '%s' has a negative size",
			       m->path, r->name);
	m->hardlink = archive_entry_hardlink(entry);
	m->symlink = archive_entry_symlink(entry);
	m->mode = archive_entry_mode(entry);
	if (S_ISLNK(m->mode) && !m->symlink)
		return err_set(e, ERR_INPUT, "symbolic link '%s' in archive '%s' has no target",
			       m->path, r->name);
	m->mtime = archive_entry_mtime(entry);
	m->size = (uint64_t)size;
	m->rdev_major = (uint32_t)archive_entry_rdevmajor(entry);
	m->rdev_minor = (uint32_t)archive_entry_rdevminor(entry);
	r->size = m->size;
	r->reached = 0;
	if (read_owner(r, entry, m, e) < 0)
		return -1;
	return read_xattrs(r, entry, m, e);
}

int untar_next(struct untar *r, struct untar_member *m,
		 struct err *e)
{
	struct archive_entry *entry;
	int ret = archive_read_next_header(r->a, &entry);

	if (ret == ARCHIVE_EOF)
		return 0;
	/* The one warning that is none: a name that stays as it is. */
	if (ret == ARCHIVE_WARN &&
	    strstr(archive_error_string(r->a), "can't be converted"))
		ret = ARCHIVE_OK;
	if (ret != ARCHIVE_OK)
		return fault(r, e);
	return read_member(r, entry, m, e) < 0 ? -1 : 1;
}

uint64_t untar_position(const struct untar *r)
{
	la_int64_t at = archive_filter_bytes(r->a, 0);

	return at < 0 ? 0 : (uint64_t)at;
}

int untar_data(struct untar *r, const void **data, size_t *len,
		 uint64_t *offset, struct err *e)
{
	la_int64_t at;
	int ret = archive_read_data_block(r->a, data, len, &at);

	if (ret == ARCHIVE_EOF)
		return 0;
	if (ret != ARCHIVE_OK)
		return fault(r, e);
	/* Callers write where the offset says: it goes forward, inside. */
	if (at < 0 || (uint64_t)at < r->reached || (uint64_t)at > r->size ||
	    *len > r->size - (uint64_t)at)
		return err_set(e, ERR_INPUT,
			       "archive '%s' has data outside of a member",
			       r->name);
	*offset = (uint64_t)at;
	r->reached = *offset + *len;
	return 1;
}
