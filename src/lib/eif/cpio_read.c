/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cpio_read.c - the "newc" archives of a ramdisk, entry by entry
 *
 * Hostile input: see cpio_read.h.  What Linux makes of it is in its
 * init/initramfs.c: links by inode, device and type, forgotten at a trailer.
 */
#include "eif/cpio_read.h"

#include <search.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/xalloc.h"

#define MAGIC	    "070701"
#define MAGIC_SIZE  6
#define FIELD_SIZE  8		/* hex digits */
#define HEADER_SIZE 110
#define TRAILER	    "TRAILER!!!"
#define NAME_SIZE   (CPIO_NAME_MAX + 1)	/* with the NUL */
#define ZEROS_STEP  4096

/* The fields after the magic, in their order. */
enum field {
	F_INO, F_MODE, F_UID, F_GID, F_NLINK, F_MTIME, F_SIZE, F_DEV_MAJOR,
	F_DEV_MINOR, F_MAJOR, F_MINOR, F_NAME_SIZE, F_CHECK, FIELDS,
};

/* An inode with several names, and where in the file the header of the first
 * is: its name stays there. */
struct link_key {
	uint32_t ino, dev_major, dev_minor, type;
	uint64_t first;
};

struct cpio_reader {
	int	    fd;
	const char *file;
	uint64_t    start, at, end;
	bool	    inside;		/* an archive that has no trailer yet */
	void	   *links;		/* tsearch(3): of this archive */
	size_t	    n_links;
	char	    entry[HEADER_SIZE + NAME_SIZE];
	char	    first[HEADER_SIZE + NAME_SIZE];
};

struct cpio_reader *cpio_reader_new(int fd, uint64_t offset, uint64_t size,
				    const char *name)
{
	struct cpio_reader *r = xcalloc(1, sizeof(*r));

	r->fd = fd;
	r->file = name;
	r->start = r->at = offset;
	r->end = offset + size;
	return r;
}

static void forget_links(struct cpio_reader *r)
{
	tdestroy(r->links, free);
	r->links = NULL;
	r->n_links = 0;
}

void cpio_reader_free(struct cpio_reader *r)
{
	if (!r)
		return;
	forget_links(r);
	free(r);
}

static int bad(const struct cpio_reader *r, const char *what, struct err *e)
{
	return err_set(e, ERR_INPUT,
		       "the ramdisk in '%s' is damaged at byte %ju: %s",
		       r->file, (uintmax_t)(r->at - r->start), what);
}

/* How many of size bytes at r->at there are. */
static ssize_t get(const struct cpio_reader *r, char *data, size_t size,
		   uint64_t at, struct err *e)
{
	uint64_t left = r->end - at;
	ssize_t n = io_pread(r->fd, data, left < size ? (size_t)left : size,
			     at);

	if (n < 0)
		return err_sys(e, "cannot read '%s'", r->file);
	return n;
}

static int field_read(const char *digits, uint32_t *out)
{
	uint32_t value = 0;

	for (size_t i = 0; i < FIELD_SIZE; i++) {
		char c = digits[i];
		uint32_t digit;

		if (c >= '0' && c <= '9')
			digit = (uint32_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			digit = (uint32_t)(c - 'a') + 10;
		else if (c >= 'A' && c <= 'F')
			digit = (uint32_t)(c - 'A') + 10;
		else
			return -1;
		value = value << 4 | digit;
	}
	*out = value;
	return 0;
}

static uint64_t padded(uint64_t n)
{
	return (n + 3) & ~UINT64_C(3);
}

/* To the next archive: 1, or 0 when there is none. */
static int skip_zeros(struct cpio_reader *r, struct err *e)
{
	while (r->at < r->end) {
		char chunk[ZEROS_STEP];
		ssize_t n = get(r, chunk, sizeof(chunk), r->at, e), i = 0;

		if (n < 0)
			return -1;
		if (n == 0)
			return bad(r, "the file became shorter", e);
		while (i < n && chunk[i] == '\0')
			i++;
		r->at += (uint64_t)i;
		if (i < n)
			break;
	}
	if (r->at == r->end)
		return 0;
	if ((r->at - r->start) % 4)
		return bad(r, "an archive begins at no multiple of four", e);
	return 1;
}

/* The header and the name, both judged; the name's place is the entry's. */
static int read_entry(struct cpio_reader *r, uint32_t fields[FIELDS],
		      struct err *e)
{
	ssize_t n = get(r, r->entry, sizeof(r->entry), r->at, e);
	const char *name = r->entry + HEADER_SIZE;

	if (n < 0)
		return -1;
	if (n < HEADER_SIZE)
		return bad(r, "it ends inside of a header", e);
	if (memcmp(r->entry, MAGIC, MAGIC_SIZE) != 0)
		return bad(r, "neither an entry nor an archive (\"newc\", not compressed) begins there",
			   e);
	for (size_t i = 0; i < FIELDS; i++)
		if (field_read(r->entry + MAGIC_SIZE + i * FIELD_SIZE,
			       &fields[i]) < 0)
			return bad(r, "a field is not hexadecimal", e);
	if (fields[F_NAME_SIZE] < 2 || fields[F_NAME_SIZE] > NAME_SIZE)
		return bad(r, "a name is empty, or longer than Linux takes",
			   e);
	if ((size_t)n < HEADER_SIZE + fields[F_NAME_SIZE])
		return bad(r, "it ends inside of a name", e);
	if (strnlen(name, fields[F_NAME_SIZE]) != fields[F_NAME_SIZE] - 1)
		return bad(r, "a name does not end where its length says", e);
	return 0;
}

/* What may have a body: Linux drops a folder with one. */
static int check_body(const struct cpio_reader *r, uint32_t mode, uint32_t size,
		      struct err *e)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return 0;
	case S_IFLNK:
		return size > 0 && size <= CPIO_NAME_MAX ? 0 :
			bad(r, "a symbolic link leads nowhere, or further than Linux goes",
			    e);
	case S_IFDIR:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		return size == 0 ? 0 :
			bad(r, "something that is no file has a body", e);
	default:
		return bad(r, "an entry has no type of a file", e);
	}
}

static int compare_keys(const void *a, const void *b)
{
	const struct link_key *x = a, *y = b;

	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	if (x->dev_major != y->dev_major)
		return x->dev_major < y->dev_major ? -1 : 1;
	if (x->dev_minor != y->dev_minor)
		return x->dev_minor < y->dev_minor ? -1 : 1;
	return (x->type > y->type) - (x->type < y->type);
}

/* Folders and symbolic links have no other names, whatever they count. */
static bool may_be_linked(const uint32_t fields[FIELDS])
{
	uint32_t type = fields[F_MODE] & S_IFMT;

	return fields[F_NLINK] >= 2 && type != S_IFDIR && type != S_IFLNK;
}

/* NULL when this is the inode's first name, which is remembered then. */
static int find_link(struct cpio_reader *r, const uint32_t fields[FIELDS],
		     const char **name, struct err *e)
{
	const struct link_key key = {
		.ino = fields[F_INO], .dev_major = fields[F_DEV_MAJOR],
		.dev_minor = fields[F_DEV_MINOR],
		.type = fields[F_MODE] & S_IFMT, .first = r->at,
	};
	struct link_key **found = tfind(&key, &r->links, compare_keys);
	ssize_t n;

	*name = NULL;
	if (!found) {
		if (r->n_links == CPIO_LINKS_MAX)
			return bad(r, "more than a million files have several names",
				   e);
		r->n_links++;
		if (!tsearch(xmemdup(&key, sizeof(key)), &r->links,
			     compare_keys))
			oom();
		return 0;
	}
	n = get(r, r->first, sizeof(r->first), (*found)->first, e);
	if (n < 0)
		return -1;
	/* It was judged when it was read; the file may have changed since. */
	if (n <= HEADER_SIZE || !memchr(r->first + HEADER_SIZE, '\0',
					(size_t)n - HEADER_SIZE))
		return bad(r, "the file was changed", e);
	*name = r->first + HEADER_SIZE;
	return 0;
}

/* From the header at r->at to the one after it: 1 and the item, 0 at a
 * trailer. */
static int take_entry(struct cpio_reader *r, struct cpio_item *item,
		      struct err *e)
{
	const char *name = r->entry + HEADER_SIZE;
	uint32_t f[FIELDS];
	uint64_t body;

	if (read_entry(r, f, e) < 0)
		return -1;
	body = padded(HEADER_SIZE + f[F_NAME_SIZE]);
	if (strcmp(name, TRAILER) == 0) {
		if (f[F_SIZE] != 0)
			return bad(r, "a trailer has a body", e);
		r->at += HEADER_SIZE + f[F_NAME_SIZE];
		return 0;
	}
	if (body > r->end - r->at || f[F_SIZE] > r->end - r->at - body)
		return bad(r, "a body ends behind the end", e);
	if (check_body(r, f[F_MODE], f[F_SIZE], e) < 0)
		return -1;
	*item = (struct cpio_item){
		.entry = {
			.name = name, .ino = f[F_INO], .mode = f[F_MODE],
			.uid = f[F_UID], .gid = f[F_GID], .nlink = f[F_NLINK],
			.mtime = f[F_MTIME], .size = f[F_SIZE],
			.major = f[F_MAJOR], .minor = f[F_MINOR],
		},
		.body = r->at + body,
	};
	if (may_be_linked(f) && find_link(r, f, &item->link, e) < 0)
		return -1;
	body += padded(f[F_SIZE]);
	/* The last body's padding may be missing, as Linux has it. */
	r->at = body < r->end - r->at ? r->at + body : r->end;
	return 1;
}

int cpio_next(struct cpio_reader *r, struct cpio_item *item, struct err *e)
{
	for (;;) {
		int more;

		if (!r->inside) {
			more = skip_zeros(r, e);
			if (more <= 0)
				return more;
			r->inside = true;
		}
		if (r->at == r->end)
			return bad(r, "it ends without a trailer", e);
		more = take_entry(r, item, e);
		if (more != 0)
			return more;
		forget_links(r);
		r->inside = false;
	}
}
