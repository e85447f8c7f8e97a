/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cpio.c - the "newc" archives that Linux unpacks as its first file system
 */
#include "eif/cpio.h"

#include <string.h>

#define HEADER_SIZE 110		/* "070701" and 13 fields of 8 hex digits */
#define TRAILER	    "TRAILER!!!"

static const char zeros[4];

static uint64_t padded(uint64_t n)
{
	return (n + 3) & ~UINT64_C(3);
}

uint64_t cpio_entry_size(const struct cpio_entry *c)
{
	return padded(HEADER_SIZE + strlen(c->name) + 1) + padded(c->size);
}

static char *put_field(char *at, uint32_t value)
{
	static const char digits[] = "0123456789ABCDEF";

	for (int shift = 28; shift >= 0; shift -= 4)
		*at++ = digits[value >> shift & 15];
	return at;
}

static uint32_t clamp_time(int64_t t)
{
	if (t < 0)
		return 0;
	return t > UINT32_MAX ? UINT32_MAX : (uint32_t)t;
}

static int put_header(struct eif_writer *w, const struct cpio_entry *c,
		      struct err *e)
{
	size_t name_len = strlen(c->name) + 1;
	const uint32_t fields[] = {
		c->ino, c->mode, c->uid, c->gid, c->nlink,
		clamp_time(c->mtime), (uint32_t)c->size,
		0, 0,			/* the device that the file is on */
		c->major, c->minor, (uint32_t)name_len,
		0,			/* checksum: none in newc */
	};
	char header[HEADER_SIZE], *at = header;

	memcpy(at, "070701", 6);
	at += 6;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		at = put_field(at, fields[i]);
	if (eif_write(w, header, sizeof(header), e) < 0 ||
	    eif_write(w, c->name, name_len, e) < 0)
		return -1;
	return cpio_pad(w, HEADER_SIZE + name_len, e);
}

int cpio_put_entry(struct eif_writer *w, const struct cpio_entry *c,
		   struct err *e)
{
	if (strlen(c->name) > CPIO_NAME_MAX)
		return err_set(e, ERR_INPUT,
			       "the name '%.80s…' is longer than the %d bytes that Linux takes in a ramdisk",
			       c->name, CPIO_NAME_MAX);
	if (c->size > CPIO_BODY_MAX)
		return err_set(e, ERR_INPUT,
			       "'%.200s' has %ju bytes, and a ramdisk takes files of less than 4 GiB: split it or leave it out",
			       c->name, (uintmax_t)c->size);
	return put_header(w, c, e);
}

int cpio_pad(struct eif_writer *w, uint64_t size, struct err *e)
{
	return eif_write(w, zeros, (size_t)(padded(size) - size), e);
}

int cpio_put(struct eif_writer *w, const struct cpio_entry *c,
	     const void *body, struct err *e)
{
	if (cpio_put_entry(w, c, e) < 0 ||
	    eif_write(w, body, (size_t)c->size, e) < 0)
		return -1;
	return cpio_pad(w, c->size, e);
}

int cpio_put_trailer(struct eif_writer *w, struct err *e)
{
	const struct cpio_entry c = { .name = TRAILER, .nlink = 1 };

	return put_header(w, &c, e);
}
