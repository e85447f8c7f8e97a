/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bundle.h - images in one archive file: finding and copying members
 *
 * What is wanted may stand anywhere in the archive, so it is walked through
 * more than once; data that nobody reads is skipped by seeking, unless the
 * archive is compressed.
 */
#ifndef ENC_BUNDLE_H
#define ENC_BUNDLE_H

#include "base/buf.h"
#include "image/archive.h"
#include "image/source.h"

struct bundle {
	char *name;		/* for messages; owned */
	int   fd;
};

#define BUNDLE_INIT { .name = NULL, .fd = -1 }

/* Opens a file, whose path is its name. */
int bundle_open(struct bundle *b, const char *path, struct err *e) MUST_CHECK;
void bundle_release(struct bundle *b);

/* One member; path is without a leading "./".  0: go on, 1: that was all, -1. */
typedef int bundle_fn(void *ctx, struct untar *t, const struct untar_member *m,
		      const char *path, struct err *e);

/* A piece of data.  0: go on, 1: that was enough, -1. */
typedef int bundle_sink_fn(void *ctx, const void *data, size_t len,
			   struct err *e);

int bundle_walk(const struct bundle *b, bundle_fn *fn, void *ctx,
		struct err *e) MUST_CHECK;

/* All data of the member, holes as zeros. */
int bundle_copy(struct untar *t, const struct untar_member *m,
		bundle_sink_fn *sink, void *ctx, struct err *e) MUST_CHECK;

/* Appends a regular member's data to text: 1, 0 when there is no such member,
 * -1.  ERR_INPUT when it is larger than text's ceiling. */
int bundle_read(const struct bundle *b, const char *path, struct buf *text,
		struct err *e) MUST_CHECK;

/* The member becomes a blob of the store: digest and size must be d's. */
int bundle_blob(struct untar *t, const struct untar_member *m,
		struct store *store, const struct descriptor *d,
		const char *what, struct progress *p, struct err *e)
	MUST_CHECK;

#endif
