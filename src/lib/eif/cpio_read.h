/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cpio_read.h - the "newc" archives of a ramdisk, entry by entry
 *
 * The kernel's Documentation/driver-api/early-userspace/buffer-format.rst.
 * Archives follow each other, each with a trailer of its own and beginning at a
 * multiple of four after any number of zeros.  The bytes are hostile: what
 * Linux would drop without a word or unpack in another way than it reads is an
 * error here.  Names are as they stand in the archive, and may be absolute or
 * hold "..": whoever unpacks them sees to it that they lead nowhere.
 */
#ifndef ENC_CPIO_READ_H
#define ENC_CPIO_READ_H

#include "base/cleanup.h"
#include "eif/cpio.h"

/* Inodes with more than one name, in one archive: each takes memory until its
 * trailer. */
#define CPIO_LINKS_MAX (1u << 20)

struct cpio_reader;

struct cpio_item {
	struct cpio_entry entry;	/* its name: until the next call */
	uint64_t body;		/* where in the file; entry.size bytes */
	/* The name that the same inode had first in this archive, until the
	 * next call; NULL: this is the first, or the only one.  What has a
	 * size replaces what the inode held. */
	const char *link;
};

/* A reader of the size bytes of a file (borrowed) at offset; name (borrowed)
 * stands in messages.  Returns new. */
struct cpio_reader *cpio_reader_new(int fd, uint64_t offset, uint64_t size,
				    const char *name);
void cpio_reader_free(struct cpio_reader *r);

/* The next entry: 1 and *item, or 0 at the end of the last archive.
 * ERR_INPUT, with the offset of what is wrong; ERR_SYS. */
int cpio_next(struct cpio_reader *r, struct cpio_item *item, struct err *e)
	MUST_CHECK;

static inline void cpio_reader_freep(struct cpio_reader **r)
{
	cpio_reader_free(*r);
}
#define AUTO_CPIO_READER AUTO(cpio_reader_freep)

#endif
