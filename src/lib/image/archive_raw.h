/* SPDX-License-Identifier: Apache-2.0 */
/*
 * archive_raw.h - the bytes inside a compressed file
 */
#ifndef ENC_ARCHIVE_RAW_H
#define ENC_ARCHIVE_RAW_H

#include <sys/types.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "image/archive.h"

struct raw;

/* New reader of a file, from where it stands (fd is borrowed): plain, gzip or
 * zstd, found out from the bytes.  name stands in messages. */
struct raw *raw_open_fd(int fd, const char *name, struct err *e) MUST_CHECK;

/* The same of bytes that read(ctx) hands out, until raw_free(). */
struct raw *raw_open(untar_read_fn *read, void *ctx, const char *name,
		     struct err *e) MUST_CHECK;

/* The next bytes in place, borrowed until the next call: their number, 0 at
 * the end, -1. */
ssize_t raw_block(struct raw *r, const void **data, struct err *e) MUST_CHECK;

/* The next bytes, at most len: their number, 0 at the end, -1 (ERR_INPUT). */
ssize_t raw_read(struct raw *r, void *data, size_t len, struct err *e)
	MUST_CHECK;
void raw_free(struct raw *r);

static inline void raw_freep(struct raw **r)
{
	raw_free(*r);
}
#define AUTO_RAW AUTO(raw_freep)

#endif
