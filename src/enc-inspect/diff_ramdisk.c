/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff_ramdisk.c - the files of a ramdisk, as a sorted list
 *
 * The bytes are hostile: cpio_read.h judges them.  Names and the targets of
 * symbolic links are held, bodies stay in the file.  A name that is there twice,
 * which the later one has in the end, is two entries.
 */
#include <stddef.h>
#include <string.h>

#include "base/io.h"
#include "base/xalloc.h"
#include "eif/cpio_read.h"
#include "enc-inspect/diff.h"

#define ENTRIES_MAX (1u << 20)	/* each takes some sixty bytes and its names */
#define NAMES_MAX   ((size_t)256 << 20)	/* bytes of all names and targets */

/* Names are offsets in the list's names; 0: none. */
struct item {
	uint64_t body, size;
	uint32_t path, target, link;
	uint32_t mode, uid, gid, major, minor, mtime;
};

struct ramdisk_files {
	struct diff_files all;
	struct diff_range range;
	struct item	 *items;
	size_t		  cap;
	struct buf	  names;
};

static const struct ramdisk_files *of_files(const struct diff_files *all)
{
	return (const struct ramdisk_files *)((const char *)all -
				offsetof(struct ramdisk_files, all));
}

static const char *name_at(const struct ramdisk_files *f, uint32_t at)
{
	return at ? f->names.data + at : NULL;
}

static void get(const struct diff_files *all, size_t i,
		struct diff_entry *entry)
{
	const struct ramdisk_files *f = of_files(all);
	const struct item *item = &f->items[i];

	*entry = (struct diff_entry){
		.path = f->names.data + item->path,
		.link = name_at(f, item->link),
		.inode = {
			.mode = item->mode, .uid = item->uid, .gid = item->gid,
			.major = item->major, .minor = item->minor,
			.mtime = item->mtime, .size = item->size,
			.body = item->body,
		},
	};
	if (item->target)
		entry->inode.target = f->names.data + item->target;
}

static int too_large(const struct ramdisk_files *f, struct err *e)
{
	return err_set(e, ERR_INPUT,
		       "the ramdisk in '%s' has more than %u files, or names of more than %zu bytes",
		       f->range.name, ENTRIES_MAX, NAMES_MAX);
}

static int keep_name(struct ramdisk_files *f, const char *name, uint32_t *at,
		     struct err *e)
{
	*at = (uint32_t)f->names.len;
	if (buf_append(&f->names, name, strlen(name) + 1) < 0)
		return too_large(f, e);
	return 0;
}

/* Linux takes a target to its first NUL, and so do we. */
static int keep_target(struct ramdisk_files *f, const struct cpio_item *from,
		       uint32_t *at, struct err *e)
{
	char target[CPIO_NAME_MAX + 1] = "";
	ssize_t n = io_pread(f->range.fd, target, (size_t)from->entry.size,
			     from->body);

	if (n < 0)
		return err_sys(e, "cannot read '%s'", f->range.name);
	return keep_name(f, target, at, e);
}

static int keep(struct ramdisk_files *f, const struct cpio_item *from,
		struct err *e)
{
	const struct cpio_entry *c = &from->entry;
	struct item *item;

	if (f->all.n == ENTRIES_MAX)
		return too_large(f, e);
	if (f->all.n == f->cap) {
		f->cap = f->cap ? 2 * f->cap : 1024;
		f->items = xreallocarray(f->items, f->cap, sizeof(*f->items));
	}
	item = &f->items[f->all.n++];
	*item = (struct item){
		.body = from->body, .size = c->size, .mode = c->mode,
		.uid = c->uid, .gid = c->gid, .major = c->major,
		.minor = c->minor, .mtime = (uint32_t)c->mtime,
	};
	if (keep_name(f, c->name, &item->path, e) < 0 ||
	    (from->link && keep_name(f, from->link, &item->link, e) < 0))
		return -1;
	return S_ISLNK(c->mode) ? keep_target(f, from, &item->target, e) : 0;
}

/* Those of one name stay in their order. */
static int compare(const void *a, const void *b, void *names)
{
	const struct item *x = a, *y = b;
	const char *text = names;
	int order = strcmp(text + x->path, text + y->path);

	return order ? order : (x->body > y->body) - (x->body < y->body);
}

static int fill(struct ramdisk_files *f, struct err *e)
{
	const struct diff_range *r = &f->range;
	AUTO_CPIO_READER struct cpio_reader *reader =
		cpio_reader_new(r->fd, r->offset, r->size, r->name);
	struct cpio_item item;
	int more;

	while ((more = cpio_next(reader, &item, e)) > 0)
		if (keep(f, &item, e) < 0)
			return -1;
	if (more == 0 && f->all.n > 0)
		qsort_r(f->items, f->all.n, sizeof(*f->items), compare,
			f->names.data);
	return more;
}

struct ramdisk_files *ramdisk_files_new(const struct diff_range *range,
					struct err *why)
{
	AUTO_RAMDISK_FILES struct ramdisk_files *f = xcalloc(1, sizeof(*f));

	f->range = *range;
	f->all = (struct diff_files){
		.get = get, .fd = range->fd, .name = range->name,
	};
	f->names = (struct buf)BUF_INIT(NAMES_MAX);
	buf_addc(&f->names, '\0');	/* at 0 begins none */
	return fill(f, why) < 0 ? NULL : steal_ptr(&f);
}

const struct diff_files *ramdisk_files_all(const struct ramdisk_files *f)
{
	return &f->all;
}

void ramdisk_files_free(struct ramdisk_files *f)
{
	if (!f)
		return;
	buf_release(&f->names);
	free(f->items);
	free(f);
}
