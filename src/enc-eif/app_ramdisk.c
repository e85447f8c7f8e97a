/* SPDX-License-Identifier: Apache-2.0 */
/*
 * app_ramdisk.c - the second ramdisk: the image's merged tree
 *
 * Entries stand bytewise by path, so parents come first, as the kernel needs
 * it.  Numbers of inodes are given in that order, so the archive depends on
 * the tree alone and not on the layers that it came from.
 */
#include <string.h>

#include "base/xalloc.h"
#include "eif/cpio.h"
#include "enc-eif/ramdisk.h"

#define ROOTFS	    "rootfs"
#define PAGE	    UINT64_C(4096)
#define BODY_STEP   ((uint64_t)16 << 20)
/* What the kernel keeps of a file besides its pages: inode and dentry of a
 * tmpfs are some 900 bytes together. */
#define NODE_MEMORY UINT64_C(1024)

/* The members around the tree, and the inode numbers that they take. */
enum { INO_CMD = 1, INO_ENV, INO_ROOT, INO_TREE = INO_ROOT, INO_XATTRS = 0x7fffffff };

struct ramdisk {
	const struct app_ramdisk *a;
	struct tree_list list;
	struct buf	 xattrs;
	char		 name[CPIO_NAME_MAX + 2];
};

static void ramdisk_release(struct ramdisk *d)
{
	tree_list_release(&d->list);
	buf_release(&d->xattrs);
}

static int64_t clamped(const struct app_ramdisk *a, int64_t mtime)
{
	return a->has_mtime && mtime > a->mtime ? a->mtime : mtime;
}

static struct cpio_entry text_entry(const char *name, uint32_t ino, size_t len)
{
	return (struct cpio_entry){
		.name = name, .ino = ino, .mode = S_IFREG | 0644, .nlink = 1,
		.size = len,
	};
}

static struct cpio_entry tree_entry(struct ramdisk *d, size_t i)
{
	const struct tree_path *p = &d->list.paths[i];
	const struct inode *n = p->node->inode;
	/* Linux links what shares a number, and never symbolic links. */
	bool linked = n->nlink > 1 && !S_ISLNK(n->mode);
	struct cpio_entry c = {
		.ino = INO_TREE + (linked ? n->number : (uint32_t)i + 1),
		.nlink = linked ? n->nlink : 1,
		.mode = n->mode, .uid = n->uid, .gid = n->gid,
		.mtime = clamped(d->a, n->mtime),
		.major = n->major, .minor = n->minor,
	};

	memcpy(d->name, ROOTFS "/", sizeof(ROOTFS));
	memcpy(d->name + sizeof(ROOTFS), p->path, strlen(p->path) + 1);
	c.name = d->name;
	if (S_ISLNK(n->mode))
		c.size = strlen(n->target);
	else if (S_ISREG(n->mode) && is_first_name(n, i))
		c.size = n->size;
	return c;
}

static struct cpio_entry root_entry(const struct ramdisk *d)
{
	const struct inode *n = d->a->tree->root->inode;

	return (struct cpio_entry){
		.name = ROOTFS, .ino = INO_ROOT, .nlink = 1, .mode = n->mode,
		.uid = n->uid, .gid = n->gid, .mtime = clamped(d->a, n->mtime),
	};
}

/* The archive's size; r->unpacked grows by what it takes in the enclave. */
static uint64_t measure(struct ramdisk *d, struct eif_report *r)
{
	struct cpio_entry cmd = text_entry("cmd", INO_CMD, strlen(d->a->cmd));
	struct cpio_entry env = text_entry("env", INO_ENV, strlen(d->a->env));
	struct cpio_entry root = root_entry(d);
	struct cpio_entry xattrs = text_entry("xattrs", INO_XATTRS,
					      d->xattrs.len);
	uint64_t size = CPIO_TRAILER_SIZE;

	size += cpio_entry_size(&cmd) + cpio_entry_size(&env) +
		cpio_entry_size(&root);
	if (d->xattrs.len)
		size += cpio_entry_size(&xattrs);
	for (size_t i = 0; i < d->list.n; i++) {
		struct cpio_entry c = tree_entry(d, i);

		size += cpio_entry_size(&c);
		r->unpacked += (c.size + PAGE - 1) / PAGE * PAGE + NODE_MEMORY;
	}
	return size;
}

/* The EIF takes over the room that the body had: both together never need more
 * than all bodies and a step. */
static int put_body(struct eif_writer *w, const struct ramdisk *d, size_t i,
		    struct err *e)
{
	const struct spool *spool = d->a->spool;
	const struct tree_path *p = &d->list.paths[i];
	const struct inode *n = p->node->inode;

	for (uint64_t done = 0; done < n->size;) {
		uint64_t left = n->size - done;
		uint64_t len = left < BODY_STEP ? left : BODY_STEP;

		if (eif_write_fd(w, spool->fd, n->body + done, len, p->path,
				 e) < 0)
			return -1;
		spool_forget(spool, n->body + done, len);
		done += len;
	}
	return 0;
}

static int put_tree(struct eif_writer *w, struct ramdisk *d, struct err *e)
{
	for (size_t i = 0; i < d->list.n; i++) {
		const struct inode *n = d->list.paths[i].node->inode;
		struct cpio_entry c = tree_entry(d, i);

		if (cpio_put_entry(w, &c, e) < 0)
			return -1;
		if (S_ISLNK(n->mode) && eif_write(w, n->target, c.size, e) < 0)
			return -1;
		if (S_ISREG(n->mode) && c.size > 0 && put_body(w, d, i, e) < 0)
			return -1;
		if (cpio_pad(w, c.size, e) < 0)
			return -1;
	}
	return 0;
}

static int put_text(struct eif_writer *w, const char *name, uint32_t ino,
		    const char *text, size_t len, struct err *e)
{
	struct cpio_entry c = text_entry(name, ino, len);

	return cpio_put(w, &c, text, e);
}

/* Numbers the inodes by their first names.  A file that is too large is found
 * here, before the first byte of the archive. */
static int number_inodes(struct ramdisk *d, struct err *e)
{
	for (size_t i = 0; i < d->list.n; i++) {
		struct inode *n = d->list.paths[i].node->inode;

		if (n->number == 0)
			n->number = (uint32_t)i + 1;
		if (S_ISREG(n->mode) && n->size > CPIO_BODY_MAX)
			return err_set(e, ERR_INPUT,
				       "'%.200s' has %ju bytes, and a ramdisk takes files of less than 4 GiB: split it or leave it out",
				       d->list.paths[i].path,
				       (uintmax_t)n->size);
	}
	return 0;
}

int app_ramdisk(struct eif_writer *w, const struct app_ramdisk *a,
		struct eif_report *r, struct err *e)
{
	AUTO(ramdisk_release) struct ramdisk d = {
		.a = a, .xattrs = BUF_INIT(XATTRS_TEXT_MAX),
	};
	struct cpio_entry root = root_entry(&d);
	uint64_t size;

	if (tree_sorted(a->tree, &d.list, e) < 0 || number_inodes(&d, e) < 0 ||
	    xattrs_text(a->tree, &d.list, &d.xattrs, e) < 0)
		return -1;
	size = measure(&d, r);
	r->ramdisks += size;
	if (eif_begin(w, EIF_RAMDISK, size, e) < 0 ||
	    put_text(w, "cmd", INO_CMD, a->cmd, strlen(a->cmd), e) < 0 ||
	    put_text(w, "env", INO_ENV, a->env, strlen(a->env), e) < 0 ||
	    cpio_put(w, &root, NULL, e) < 0 || put_tree(w, &d, e) < 0)
		return -1;
	if (d.xattrs.len && put_text(w, "xattrs", INO_XATTRS, d.xattrs.data,
				     d.xattrs.len, e) < 0)
		return -1;
	return cpio_put_trailer(w, e);
}
