/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layer.c - the layers of an image merged into one tree
 */
#include "image/layer.h"

#include <string.h>

#include "base/io.h"
#include "base/xalloc.h"
#include "image/changeset.h"

static void forget_body(void *ctx, const struct inode *inode)
{
	spool_forget(ctx, inode->body, inode->size);
}

int layers_merge(const struct image *img, struct spool *spool, struct tree *t,
		 struct progress *p, struct err *e)
{
	if (spool) {
		t->forget = forget_body;
		t->ctx = spool;
	}
	for (size_t i = 0; i < img->doc.n_layers; i++) {
		const struct descriptor *d = &img->doc.layers[i];
		AUTO_CHANGESET struct changeset set = { .n = 0 };

		if (changeset_read(&img->store, d, spool, &set, p, e) < 0 ||
		    changeset_apply(&set, t, e) < 0)
			return err_wrap(e, "layer %zu (%.12s)", i + 1, d->hex);
	}
	return spool ? spool_flush(spool, e) : 0;
}

int layer_file(const struct spool *spool, const struct inode *inode,
	       const char *name, struct buf *b, struct err *e)
{
	AUTO_FREE char *text = NULL;
	ssize_t n;

	if (!S_ISREG(inode->mode))
		return err_set(e, ERR_INPUT, "'%s' is not a file", name);
	if (inode->size > b->max - b->len)
		return err_set(e, ERR_INPUT, "'%s' is larger than %zu bytes",
			       name, b->max);
	text = xmalloc((size_t)inode->size);
	n = io_pread(spool->fd, text, (size_t)inode->size, inode->body);
	if (n < 0 || (uint64_t)n != inode->size)
		return err_sys(e, "cannot read '%s' from a temporary file", name);
	return buf_append(b, text, (size_t)n);
}
