/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blobs_image.c - the blobs folder out of a nitro-cli image, in place
 *
 * The image is merged in memory, its files wait in a nameless temporary file,
 * and each blob is a slice of that.
 */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "cli/progress.h"
#include "enc-eif/blobs.h"
#include "image/layer.h"

static int take_all(struct blobs *b, const struct tree *t, struct err *e)
{
	static const char folder[] = BLOBS_IMAGE_FOLDER "/";
	AUTO_TREE_LIST struct tree_list list = { .n = 0 };

	if (tree_sorted(t, &list, e) < 0)
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		const char *path = list.paths[i].path;
		const struct node *n;

		if (strncmp(path, folder, strlen(folder)) != 0)
			continue;
		n = tree_find(t, path, true);
		if (n && S_ISREG(n->inode->mode) &&
		    blobs_take(b, path + strlen(folder), b->spool.fd,
			       n->inode->body, n->inode->size, e) < 0)
			return -1;
	}
	if (b->n == 0)
		return err_set(e, ERR_INPUT,
			       "image '%s' has no folder '/" BLOBS_IMAGE_FOLDER
			       "': it is not a nitro-cli image", b->where);
	return 0;
}

int blobs_open_image(struct blobs *b, struct err *e)
{
	const char *folder = getenv("TMPDIR");

	return spool_open(&b->spool, folder && *folder ? folder : "/var/tmp",
			  e);
}

int blobs_take_image(struct blobs *b, struct err *e)
{
	AUTO_IMAGE struct image img = IMAGE_INIT;
	AUTO_TREE struct tree *t = tree_new();

	/* A folder that is not there is taken for an image. */
	if (image_open(&img, b->where, e) < 0)
		return err_wrap(e, "blobs '%s', which is not a folder",
				b->where);
	if (layers_merge(&img, &b->spool, t, LAYERS_SIZE_MAX, cli_progress(),
			 e) < 0)
		return err_wrap(e, "image '%s'", b->where);
	return take_all(b, t, e);
}
