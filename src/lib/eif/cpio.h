/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cpio.h - the "newc" archives that Linux unpacks as its first file system
 *
 * The kernel's Documentation/driver-api/early-userspace/buffer-format.rst and
 * what its init/initramfs.c makes of it.  What that reader drops without a
 * word is refused here: names over 4096 bytes with their NUL, files of 4 GiB
 * and more.
 */
#ifndef ENC_CPIO_H
#define ENC_CPIO_H

#include <stdint.h>

#include "base/err.h"
#include "eif/eif.h"

#define CPIO_NAME_MAX 4095			/* without the NUL */
#define CPIO_BODY_MAX UINT64_C(0xffffffff)	/* bytes */

struct cpio_entry {
	const char *name;	/* no leading "/" */
	uint32_t ino;		/* the same for hard links, else unique */
	uint32_t mode;		/* S_IFMT and permissions */
	uint32_t uid, gid;
	uint32_t nlink;		/* 2 and more for hard links */
	int64_t	 mtime;		/* seconds; written as 0 … 2^32 - 1 */
	uint64_t size;		/* of the body that follows, bytes */
	uint32_t major, minor;	/* of a device */
};

/* How many bytes an entry takes, header, name, body and padding. */
uint64_t cpio_entry_size(const struct cpio_entry *c);

/* The entry's header and name; its body is to follow, then cpio_pad().
 * ERR_INPUT for what Linux would drop. */
int cpio_put_entry(struct eif_writer *w, const struct cpio_entry *c,
		   struct err *e) MUST_CHECK;
/* The padding after a body of size bytes. */
int cpio_pad(struct eif_writer *w, uint64_t size, struct err *e) MUST_CHECK;

/* An entry with its body from memory, all of it. */
int cpio_put(struct eif_writer *w, const struct cpio_entry *c,
	     const void *body, struct err *e) MUST_CHECK;

/* The end of the archive, a multiple of four bytes. */
#define CPIO_TRAILER_SIZE 124
int cpio_put_trailer(struct eif_writer *w, struct err *e) MUST_CHECK;

#endif
