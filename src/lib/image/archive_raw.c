/* SPDX-License-Identifier: Apache-2.0 */
/*
 * archive_raw.c - the bytes inside a compressed file, by libarchive
 */
#include "image/archive_raw.h"

#include <errno.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/xalloc.h"

#define BLOCK	    (128 * 1024)
#define FILTERS_MAX 2	/* libarchive counts the file itself as one */

struct raw {
	struct archive *a;
	char	       *name;
	untar_read_fn  *read;
	void	       *ctx;
	struct err	read_error;	/* what the callback said */
	bool		empty;
};

static int fault(const struct raw *r, struct err *e)
{
	const char *why = archive_error_string(r->a);

	if (r->read_error.class != ERR_NONE) {
		*e = r->read_error;
		return -1;
	}
	return err_set(e, ERR_INPUT, "%s cannot be decompressed: %s", r->name,
		       why ? why : "unknown error");
}

static la_ssize_t on_read(struct archive *a, void *ctx, const void **data)
{
	struct raw *r = ctx;
	ssize_t n = r->read(r->ctx, data, &r->read_error);

	if (n < 0)
		archive_set_error(a, EIO, "read failed");
	return n;
}

/* Not "all": no program is ever run for an exotic filter. */
static struct raw *raw_new(const char *name)
{
	struct raw *r = xcalloc(1, sizeof(*r));

	r->name = xstrdup(name);
	r->a = archive_read_new();
	if (!r->a)
		oom();
	archive_read_support_filter_gzip(r->a);
	archive_read_support_filter_zstd(r->a);
	archive_read_support_format_raw(r->a);
	/* What inflates to nothing is no fault. */
	archive_read_support_format_empty(r->a);
	return r;
}

static int begin(struct raw *r, int opened, struct err *e)
{
	struct archive_entry *entry;
	int ret = opened;

	if (ret == ARCHIVE_OK)
		ret = archive_read_next_header(r->a, &entry);
	r->empty = ret == ARCHIVE_EOF;
	if (ret != ARCHIVE_OK && !r->empty)
		return fault(r, e);
	if (archive_filter_count(r->a) > FILTERS_MAX)
		return err_set(e, ERR_INPUT, "%s is compressed more than once",
			       r->name);
	return 0;
}

struct raw *raw_open_fd(int fd, const char *name, struct err *e)
{
	AUTO_RAW struct raw *r = raw_new(name);

	if (begin(r, archive_read_open_fd(r->a, fd, BLOCK), e) < 0)
		return NULL;
	return steal_ptr(&r);
}

struct raw *raw_open(untar_read_fn *read, void *ctx, const char *name,
		     struct err *e)
{
	AUTO_RAW struct raw *r = raw_new(name);

	r->read = read;
	r->ctx = ctx;
	if (begin(r, archive_read_open(r->a, r, NULL, on_read, NULL), e) < 0)
		return NULL;
	return steal_ptr(&r);
}

ssize_t raw_block(struct raw *r, const void **data, struct err *e)
{
	la_int64_t at;
	size_t len = 0;
	int ret;

	if (r->empty)
		return 0;
	do
		ret = archive_read_data_block(r->a, data, &len, &at);
	while (ret == ARCHIVE_OK && len == 0);
	if (ret == ARCHIVE_EOF)
		return 0;
	return ret == ARCHIVE_OK ? (ssize_t)len : fault(r, e);
}

ssize_t raw_read(struct raw *r, void *data, size_t len, struct err *e)
{
	la_ssize_t n = r->empty ? 0 : archive_read_data(r->a, data, len);

	return n < 0 ? fault(r, e) : (ssize_t)n;
}

void raw_free(struct raw *r)
{
	if (!r)
		return;
	archive_read_free(r->a);
	free(r->name);
	free(r);
}
