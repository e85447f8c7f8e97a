/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blob_tap.h - a layer's blob, hashed on its way to the inflater
 */
#ifndef ENC_BLOB_TAP_H
#define ENC_BLOB_TAP_H

#include <sys/types.h>

#include "base/progress.h"
#include "image/store.h"

struct blob_tap {
	int		 fd;	/* starts as -1, the rest zeroed */
	struct digest	*digest;
	uint64_t	 done, size;
	char		*block;
	struct progress *progress;	/* set by the caller, or NULL */
	char		 what[32];
};

int tap_open(struct blob_tap *tap, const struct store *s,
	     const struct descriptor *d, struct err *e) MUST_CHECK;

/* The next bytes, for untar_open(): ctx is the tap. */
ssize_t tap_read(void *ctx, const void **data, struct err *e);

/* Reads what the inflater left (padding after the end of the archive) and
 * compares: ERR_VERIFY when the blob is not the one that d names. */
int tap_finish(struct blob_tap *tap, const struct descriptor *d,
	       struct err *e) MUST_CHECK;
void tap_release(struct blob_tap *tap);

#endif
