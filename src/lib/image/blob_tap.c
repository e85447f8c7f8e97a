/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blob_tap.c - a layer's blob, hashed on its way to the inflater
 */
#include "image/blob_tap.h"

#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "base/xalloc.h"

#define BLOB_BLOCK ((size_t)1 << 18)

int tap_open(struct blob_tap *tap, const struct store *s,
	     const struct descriptor *d, struct err *e)
{
	tap->fd = store_open_blob(s, d, e);
	if (tap->fd < 0)
		return -1;
	tap->digest = digest_new(DIGEST_SHA256);
	tap->block = xmalloc(BLOB_BLOCK);
	snprintf(tap->what, sizeof(tap->what), "unpacking %.12s", d->hex);
	return 0;
}

void tap_release(struct blob_tap *tap)
{
	auto_closep(&tap->fd);
	digest_free(tap->digest);
	free(tap->block);
}

ssize_t tap_read(void *ctx, const void **data, struct err *e)
{
	struct blob_tap *tap = ctx;
	ssize_t n = io_read(tap->fd, tap->block, BLOB_BLOCK);

	if (n < 0)
		return err_sys(e, "cannot read the layer's blob");
	digest_update(tap->digest, tap->block, (size_t)n);
	tap->done += (uint64_t)n;
	progress_update(tap->progress, tap->what, tap->done, tap->size);
	*data = tap->block;
	return n;
}

/* Reads what the inflater left (padding after the end of the archive) and
 * compares. */
int tap_finish(struct blob_tap *tap, const struct descriptor *d,
		      struct err *e)
{
	const void *data;
	char hex[SHA256_HEX];
	ssize_t n;

	while ((n = tap_read(tap, &data, e)) > 0)
		;
	if (n < 0)
		return -1;
	digest_final_hex(tap->digest, hex);
	if (strcmp(hex, d->hex) != 0)
		return err_set(e, ERR_VERIFY,
			       "the blob has digest 'sha256:%s' and not that of its name: remove it and pull the image again",
			       hex);
	return 0;
}
