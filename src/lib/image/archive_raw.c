/* SPDX-License-Identifier: Apache-2.0 */
/*
 * archive_raw.c - the bytes inside a compressed file, by libarchive
 */
#include "image/archive_raw.h"

#include <archive.h>
#include <archive_entry.h>

#include "base/xalloc.h"

#define BLOCK	    (128 * 1024)
#define FILTERS_MAX 2	/* libarchive counts the file itself as one */

struct raw {
	struct archive *a;
	char *name;
};

static int fault(const struct raw *r, struct err *e)
{
	const char *why = archive_error_string(r->a);

	return err_set(e, ERR_INPUT, "%s cannot be decompressed: %s", r->name,
		       why ? why : "unknown error");
}

struct raw *raw_open_fd(int fd, const char *name, struct err *e)
{
	AUTO_RAW struct raw *r = xcalloc(1, sizeof(*r));
	struct archive_entry *entry;

	r->name = xstrdup(name);
	r->a = archive_read_new();
	if (!r->a)
		oom();
	/* Not "all": no program is ever run for an exotic one. */
	if (archive_read_support_filter_gzip(r->a) != ARCHIVE_OK ||
	    archive_read_support_filter_zstd(r->a) != ARCHIVE_OK ||
	    archive_read_support_format_raw(r->a) != ARCHIVE_OK ||
	    archive_read_open_fd(r->a, fd, BLOCK) != ARCHIVE_OK ||
	    archive_read_next_header(r->a, &entry) != ARCHIVE_OK) {
		fault(r, e);
		return NULL;
	}
	if (archive_filter_count(r->a) > FILTERS_MAX) {
		err_set(e, ERR_INPUT, "%s is compressed more than once",
			r->name);
		return NULL;
	}
	return steal_ptr(&r);
}

ssize_t raw_read(struct raw *r, void *data, size_t len, struct err *e)
{
	la_ssize_t n = archive_read_data(r->a, data, len);

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
