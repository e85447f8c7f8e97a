/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xattrs.c - the measured list of extended attributes
 *
 * newc cannot hold them; our init reads this list at boot (contract: man page
 * enclaver-init(8)).  Hard links share an inode, so its first name suffices.
 */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/xalloc.h"
#include "enc-eif/ramdisk.h"

static int add(struct buf *b, const char *path, const struct xattr *x,
	       struct err *e)
{
	AUTO_FREE char *hex = xmalloc(2 * x->len + 1);

	hex_encode(x->value, x->len, hex);
	if (buf_append(b, path, strlen(path) + 1) < 0 ||
	    buf_append(b, x->name, strlen(x->name) + 1) < 0 ||
	    buf_append(b, hex, 2 * x->len + 1) < 0)
		return err_set(e, ERR_INPUT,
			       "the extended attributes of all files take more than %u bytes",
			       XATTRS_TEXT_MAX);
	return 0;
}

int xattrs_text(const struct tree *t, const struct tree_list *list,
		struct buf *b, struct err *e)
{
	const struct inode *root = t->root->inode;

	for (uint32_t x = 0; x < root->n_xattrs; x++)
		if (add(b, ".", &root->xattrs[x], e) < 0)
			return -1;
	for (size_t i = 0; i < list->n; i++) {
		const struct inode *n = list->paths[i].node->inode;

		if (!is_first_name(n, i))
			continue;
		for (uint32_t x = 0; x < n->n_xattrs; x++)
			if (add(b, list->paths[i].path, &n->xattrs[x], e) < 0)
				return -1;
	}
	return 0;
}
