/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff_files.c - the files of two trees or of two archives
 *
 * Both lists are sorted, so they are gone through side by side.
 */
#include <string.h>

#include "base/digest.h"
#include "enc-inspect/diff.h"

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_xattrs(const struct inode *a, const struct inode *b)
{
	if (a->n_xattrs != b->n_xattrs)
		return false;
	for (size_t i = 0; i < a->n_xattrs; i++)
		if (!diff_same_xattr(&a->xattrs[i], &b->xattrs[i]))
			return false;
	return true;
}

/* All that can be told without the bodies. */
static unsigned int compare_inodes(const struct inode *a,
				   const struct inode *b)
{
	unsigned int c = 0;

	if ((a->mode & S_IFMT) != (b->mode & S_IFMT))
		c |= CHANGED_TYPE;
	else if (S_ISREG(a->mode) && a->size != b->size)
		c |= CHANGED_SIZE | CHANGED_CONTENT;
	if ((a->mode & 07777) != (b->mode & 07777))
		c |= CHANGED_MODE;
	if (a->uid != b->uid || a->gid != b->gid)
		c |= CHANGED_OWNER;
	if (!(c & CHANGED_TYPE) && !same_text(a->target, b->target))
		c |= CHANGED_TARGET;
	if (!(c & CHANGED_TYPE) && (S_ISCHR(a->mode) || S_ISBLK(a->mode)) &&
	    (a->major != b->major || a->minor != b->minor))
		c |= CHANGED_DEVICE;
	if (a->mtime != b->mtime)
		c |= CHANGED_MTIME;
	if (!same_xattrs(a, b))
		c |= CHANGED_XATTRS;
	return c;
}

/* Two regular files of one size: 1, 0 or -1. */
static int same_body(const struct diff_files *a, const struct inode *x,
		     const struct diff_files *b, const struct inode *y,
		     struct err *e)
{
	const struct diff_range one = {
		.fd = a->fd, .offset = x->body, .name = a->name,
		.size = a->digests ? SHA256_LEN : x->size,
	};
	const struct diff_range two = {
		.fd = b->fd, .offset = y->body, .name = b->name, .size = one.size,
	};

	/* None is kept of what is empty. */
	return x->size == 0 ? 1 : diff_bytes(&one, &two, e);
}

/* A name that both have. */
static int compare(const struct diff_pair *p, const struct diff_files *a,
		   const struct diff_files *b, struct err *e)
{
	unsigned int changes = compare_inodes(&p->a.inode, &p->b.inode);

	if (!same_text(p->a.link, p->b.link))
		changes |= CHANGED_LINK;
	if (S_ISREG(p->a.inode.mode) &&
	    !(changes & (CHANGED_TYPE | CHANGED_SIZE))) {
		int same = same_body(a, &p->a.inode, b, &p->b.inode, e);

		if (same < 0)
			return -1;
		if (!same)
			changes |= CHANGED_CONTENT;
	}
	return changes ? diff_change(p, changes, e) : 0;
}

int diff_files(struct diff *d, const struct diff_files *a,
	       const struct diff_files *b, int ramdisk, struct err *e)
{
	size_t i = 0, j = 0;

	while (i < a->n || j < b->n) {
		struct diff_pair p = { .d = d, .ramdisk = ramdisk };
		int order, result;

		if (i < a->n)
			a->get(a, i, &p.a);
		if (j < b->n)
			b->get(b, j, &p.b);
		order = i == a->n ? 1 : j == b->n ? -1 :
			strcmp(p.a.path, p.b.path);
		i += order <= 0;
		j += order >= 0;
		if (order < 0)
			p.b = (struct diff_entry){ .path = NULL };
		if (order > 0)
			p.a = (struct diff_entry){ .path = NULL };
		result = order == 0 ? compare(&p, a, b, e) : diff_change(&p, 0, e);
		if (result < 0)
			return -1;
	}
	return 0;
}
