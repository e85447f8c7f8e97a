/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layer.h - the layers of an image merged into one tree
 *
 * OCI image spec 1.1, layer.md.  Each layer is streamed once (changeset.h),
 * several at a time in threads of their own, and then they are applied to the
 * tree one after the other, from the bottom up.  Large bodies that a layer
 * above hides are passed over as they come; when one of them is wanted after
 * all, everything is streamed once more.
 */
#ifndef ENC_LAYER_H
#define ENC_LAYER_H

#include "base/progress.h"
#include "image/image.h"
#include "image/spool.h"
#include "image/tree.h"

/* The most that the files of an image have together, bytes: what a few
 * megabytes can inflate to must end somewhere before the disk does, and no
 * enclave has room for that much. */
#define LAYERS_SIZE_MAX (UINT64_C(64) << 30)

/* Merges all layers of the image into t, an empty tree.  spool gets the bodies
 * of regular files (inode->body); with NULL they are passed over, and
 * inode->body means nothing.  max: the most bytes that the members' data may
 * have, covered files and holes included.  p is called from one thread at a
 * time.  ERR_INPUT for what no container engine could unpack, with the layer's number
 * and the member's name; ERR_VERIFY when a blob is not what its name says. */
int layers_merge(const struct image *img, struct spool *spool, struct tree *t,
		 uint64_t max, struct progress *p, struct err *e) MUST_CHECK;

/* Appends the contents of a regular file of the merged tree: up to the
 * buffer's ceiling, ERR_INPUT beyond. */
int layer_file(const struct spool *spool, const struct inode *inode,
	       const char *name, struct buf *b, struct err *e) MUST_CHECK;

#endif
