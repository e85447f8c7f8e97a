/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tarwrite.c - a tar whose every byte is decided here
 *
 * POSIX.1-2017, pax: "ustar Interchange Format" and "pax Header Block".
 */
#include "image/tarwrite.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "image/store.h"

#define USTAR_NAME 100
#define USTAR_SIZE_MAX UINT64_C(077777777777)	/* 8 GiB - 1 */
#define PAX_MAX (2 * TAR_PATH_MAX + 65536)
#define PAX_NAME "pax_header"

enum { TYPE_FILE = '0', TYPE_LINK = '2', TYPE_DIR = '5', TYPE_PAX = 'x' };

/* The ustar header, as it stands in the file: 500 bytes and padding. */
struct ustar {
	char name[USTAR_NAME];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char linkname[TAR_LINK_MAX];
	char magic[6];
	char version[2];
	char uname[32];
	char gname[32];
	char devmajor[8];
	char devminor[8];
	char prefix[155];
	char padding[12];
};
_Static_assert(sizeof(struct ustar) == TAR_BLOCK, "a header is one block");

/* Octal digits and a NUL that fill the field. */
static void octal(char *field, size_t width, uint64_t value)
{
	for (size_t i = width - 1; i-- > 0; value /= 8)
		field[i] = (char)('0' + value % 8);
	assert(value == 0);
	field[width - 1] = '\0';
}

static int put(struct tar_writer *w, const void *data, size_t len,
	       struct err *e)
{
	if (w->write(w->ctx, data, len, e) < 0)
		return -1;
	w->offset += len;
	return 0;
}

/* link: where a symbolic link leads, or NULL. */
static int put_header(struct tar_writer *w, const char *name, int type,
		      uint32_t mode, uint64_t size, const char *link,
		      struct err *e)
{
	struct ustar h;
	unsigned sum = 0;

	memset(&h, 0, sizeof(h));
	memcpy(h.name, name, strnlen(name, sizeof(h.name)));
	octal(h.mode, sizeof(h.mode), mode & 07777);
	octal(h.uid, sizeof(h.uid), 0);
	octal(h.gid, sizeof(h.gid), 0);
	/* What does not fit is in the extended header, which wins. */
	octal(h.size, sizeof(h.size), size > USTAR_SIZE_MAX ? 0 : size);
	octal(h.mtime, sizeof(h.mtime), (uint64_t)w->mtime);
	memset(h.checksum, ' ', sizeof(h.checksum));
	h.type = (char)type;
	if (link)
		memcpy(h.linkname, link, strnlen(link, sizeof(h.linkname)));
	memcpy(h.magic, "ustar", sizeof(h.magic));
	memcpy(h.version, "00", sizeof(h.version));
	octal(h.devmajor, sizeof(h.devmajor), 0);
	octal(h.devminor, sizeof(h.devminor), 0);
	for (size_t i = 0; i < sizeof(h); i++)
		sum += ((const unsigned char *)&h)[i];
	octal(h.checksum, 7, sum);
	return put(w, &h, sizeof(h), e);
}

/* Zeros up to the next block. */
static int pad(struct tar_writer *w, struct err *e)
{
	static const char zeros[TAR_BLOCK];
	size_t over = w->offset % TAR_BLOCK;

	return over ? put(w, zeros, TAR_BLOCK - over, e) : 0;
}

/* "LENGTH KEY=VALUE\n", where LENGTH counts its own digits. */
static void add_record(struct buf *b, const char *key, const char *value)
{
	size_t rest = strlen(key) + strlen(value) + 3;	/* ' ', '=', '\n' */
	size_t len = rest + 1, digits = 1;

	for (size_t n = len; n >= 10; n /= 10)
		digits++;
	len = rest + digits;
	if (snprintf(NULL, 0, "%zu", len) > (int)digits)
		len++;
	buf_addf(b, "%zu %s=%s\n", len, key, value);
}

/* A comment that makes the body len bytes long. */
static void add_filler(struct buf *b, size_t len)
{
	size_t room = len - b->len;
	int digits = snprintf(NULL, 0, "%zu", room);
	size_t value = room - (size_t)digits - strlen(" comment=\n");

	buf_addf(b, "%zu comment=", room);
	while (value-- > 0)
		buf_addc(b, '-');
	buf_addc(b, '\n');
}

/* Bytes of the extended header's body so that the data of the entry after it
 * begins at a multiple of align; 0 when it does without one. */
static size_t body_for(const struct tar_writer *w, uint64_t align, size_t least)
{
	uint64_t body;

	if (least == 0 && (w->offset + TAR_BLOCK) % align == 0)
		return 0;
	/* Room for the records and, after them, one filler at least. */
	body = (least + 32 + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
	while ((w->offset + 2 * TAR_BLOCK + body) % align != 0)
		body += TAR_BLOCK;
	return (size_t)body;
}

static int put_extended(struct tar_writer *w, const char *path, uint64_t size,
			uint64_t align, struct err *e)
{
	AUTO_BUF struct buf body = BUF_INIT(PAX_MAX);
	size_t want;

	if (strlen(path) > USTAR_NAME)
		add_record(&body, "path", path);
	if (size > USTAR_SIZE_MAX) {
		char text[32];

		snprintf(text, sizeof(text), "%ju", (uintmax_t)size);
		add_record(&body, "size", text);
	}
	want = align > 1 ? body_for(w, align, body.len) : 0;
	if (want > 0)
		add_filler(&body, want);
	if (body.len == 0)
		return 0;
	if (put_header(w, PAX_NAME, TYPE_PAX, 0644, body.len, NULL, e) < 0 ||
	    put(w, body.data, body.len, e) < 0)
		return -1;
	return pad(w, e);
}

static int put_entry(struct tar_writer *w, const char *path, int type,
		     uint32_t mode, uint64_t size, uint64_t align,
		     const char *link, struct err *e)
{
	assert(w->left == 0);
	if (strlen(path) > TAR_PATH_MAX)
		return err_set(e, ERR_INPUT, "'%s' is too long for a tar",
			       path);
	if (pad(w, e) < 0 || put_extended(w, path, size, align, e) < 0)
		return -1;
	w->left = size;
	return put_header(w, path, type, mode, size, link, e);
}

int tar_dir(struct tar_writer *w, const char *path, uint32_t mode,
	    struct err *e)
{
	AUTO_FREE char *name = xasprintf("%s/", path);

	return put_entry(w, name, TYPE_DIR, mode, 0, 1, NULL, e);
}

int tar_file(struct tar_writer *w, const char *path, uint32_t mode,
	     uint64_t size, uint64_t align, struct err *e)
{
	return put_entry(w, path, TYPE_FILE, mode, size, align, NULL, e);
}

int tar_symlink(struct tar_writer *w, const char *path, const char *target,
		struct err *e)
{
	assert(strlen(target) <= TAR_LINK_MAX);
	return put_entry(w, path, TYPE_LINK, 0777, 0, 1, target, e);
}

int tar_data(struct tar_writer *w, const void *data, size_t len,
	     struct err *e)
{
	assert(len <= w->left);
	w->left -= len;
	return put(w, data, len, e);
}

void tar_passed(struct tar_writer *w, uint64_t len)
{
	assert(len <= w->left);
	w->left -= len;
	w->offset += len;
}

int tar_put(struct tar_writer *w, const char *path, uint32_t mode,
	    const void *data, size_t len, struct err *e)
{
	if (tar_file(w, path, mode, len, 1, e) < 0)
		return -1;
	return tar_data(w, data, len, e);
}

int tar_finish(struct tar_writer *w, struct err *e)
{
	static const char zeros[2 * TAR_BLOCK];

	assert(w->left == 0);
	if (pad(w, e) < 0)
		return -1;
	return put(w, zeros, sizeof(zeros), e);
}

int tar_write_blob(void *ctx, const void *data, size_t len, struct err *e)
{
	return blob_write(ctx, data, len, e);
}
