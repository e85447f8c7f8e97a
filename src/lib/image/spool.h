/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spool.h - one nameless temporary file that holds the bodies of many
 *
 * Layers can only be read from front to back, and the ramdisk wants the files
 * in another order: their bodies wait here, in the order in which they came,
 * each known by its offset.  The file has no name, so a kill leaves nothing.
 */
#ifndef ENC_SPOOL_H
#define ENC_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"

struct spool {
	int	 fd;		/* read bodies from here, after spool_flush() */
	uint64_t size;		/* where the next byte goes */
	char	*pending;	/* bytes not yet written */
	size_t	 n_pending;
};

#define SPOOL_INIT { .fd = -1, .size = 0, .pending = NULL, .n_pending = 0 }
#define AUTO_SPOOL AUTO(spool_release)

/* A new empty file in the folder of path (of a file that may not exist yet):
 * where the output goes, there is room for its like. */
int spool_open_beside(struct spool *s, const char *path, struct err *e)
	MUST_CHECK;
/* A new empty file in the folder. */
int spool_open(struct spool *s, const char *folder, struct err *e) MUST_CHECK;

/* Appends; small pieces are gathered into large writes. */
int spool_write(struct spool *s, const void *data, size_t len, struct err *e)
	MUST_CHECK;
/* Appends zeros that take no room on the disk. */
int spool_skip(struct spool *s, uint64_t len, struct err *e) MUST_CHECK;
/* Makes all that was appended readable through fd. */
int spool_flush(struct spool *s, struct err *e) MUST_CHECK;
/* Gives the room of a body that is not wanted any more back to the disk, where
 * the file system can; a hint, so nothing is reported. */
void spool_forget(struct spool *s, uint64_t offset, uint64_t len);
void spool_release(struct spool *s);

#endif
