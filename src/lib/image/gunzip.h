/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gunzip.h - compression undone, between a layer's blob and its archive
 *
 * gzip (RFC 1952) and zstd (RFC 8878), known by their first bytes; all else
 * passes through unchanged.
 */
#ifndef ENC_GUNZIP_H
#define ENC_GUNZIP_H

#include "image/archive.h"

struct gunzip;

/* Takes its bytes from read(ctx).  name stands in messages; it is borrowed.
 * Never NULL. */
struct gunzip *gunzip_new(untar_read_fn *read, void *ctx, const char *name);
void gunzip_free(struct gunzip *g);

static inline void gunzip_freep(struct gunzip **g)
{
	gunzip_free(*g);
}
#define AUTO_GUNZIP AUTO(gunzip_freep)

/* The next bytes, as untar_read_fn has it: ctx is the struct gunzip.  Members
 * that follow each other are one stream; what follows the last is ignored.
 * ERR_INPUT when the stream is damaged or cut short, or holds another
 * compressed stream. */
ssize_t gunzip_read(void *ctx, const void **data, struct err *e);

#endif
