/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spool.h - one nameless temporary file that holds the bodies of many
 *
 * Layers can only be read from front to back, and the ramdisk wants the files
 * in another order: their bodies wait here, each known by its offset.  Several
 * threads may write at once, each through a writer of its own.  The file has
 * no name, so a kill leaves nothing.
 */
#ifndef ENC_SPOOL_H
#define ENC_SPOOL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/err.h"

struct spool {
	int		 fd;	/* read bodies from here */
	char		*folder; /* for messages: where it is full */
	_Atomic uint64_t size;	/* reserved so far */
	pthread_mutex_t	 turn;	/* of those who write, see spool.c */
	bool		 digests; /* of the bodies, in their place */
};

#define SPOOL_INIT { .fd = -1, .folder = NULL, .size = 0, \
	.turn = PTHREAD_MUTEX_INITIALIZER, .digests = false }
#define AUTO_SPOOL AUTO(spool_release)

/* A new empty file in the folder of path (of a file that may not exist yet):
 * where the output goes, there is room for its like. */
int spool_open_beside(struct spool *s, const char *path, struct err *e)
	MUST_CHECK;
/* A new empty file in the folder. */
int spool_open(struct spool *s, const char *folder, struct err *e) MUST_CHECK;
/* One in memory that keeps no bodies: where one would be is its SHA-256, in
 * SHA256_LEN bytes.  For who only asks which bodies are the same. */
int spool_open_digests(struct spool *s, struct err *e) MUST_CHECK;
void spool_release(struct spool *s);

/* Once all writers are done: what they reserved and left as holes at the end
 * can be read too. */
int spool_settle(struct spool *s, struct err *e) MUST_CHECK;

/* Empties it, for a new beginning: no writer may be at work. */
int spool_clear(struct spool *s, struct err *e) MUST_CHECK;

/* Gives the room of bytes that are not wanted any more back to the disk, where
 * the file system can; a hint, so nothing is reported. */
void spool_forget(const struct spool *s, uint64_t offset, uint64_t len);

struct spool_writer {
	struct spool *spool;	/* borrowed */
	uint64_t at;		/* where pending[0] belongs */
	uint64_t left;		/* reserved from there on; or of the body */
	char	*pending;	/* not yet written */
	size_t	 n_pending;
	struct digest *digest;	/* of the body so far, else NULL */
};

#define AUTO_SPOOL_WRITER AUTO(spool_writer_release)

void spool_writer_init(struct spool_writer *w, struct spool *s);
void spool_writer_release(struct spool_writer *w);

/* Begins a body of exactly size bytes: *offset is where it will be.  Small
 * ones are gathered into large writes. */
int spool_begin(struct spool_writer *w, uint64_t size, uint64_t *offset,
		struct err *e) MUST_CHECK;
/* Its next bytes; or zeros, which take no room on the disk. */
int spool_write(struct spool_writer *w, const void *data, size_t len,
		struct err *e) MUST_CHECK;
int spool_skip(struct spool_writer *w, uint64_t len, struct err *e) MUST_CHECK;
/* Makes all that was written readable through spool->fd. */
int spool_flush(struct spool_writer *w, struct err *e) MUST_CHECK;

#endif
