/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ramdisk.h - the two ramdisks of an enclave
 *
 * contract.md section 2.  The first holds init and the kernel's modules, the
 * second the application: "cmd", "env", "rootfs/…" and, when files have any,
 * "xattrs".  Each knows its exact size before its first byte is written.
 */
#ifndef ENC_EIF_RAMDISK_H
#define ENC_EIF_RAMDISK_H

#include "base/buf.h"
#include "enc-eif/blobs.h"
#include "enc-eif/enc-eif.h"
#include "image/spool.h"
#include "image/tree.h"

/* Opens our init for that architecture.  ERR_INPUT when it is for another. */
int boot_init_open(enum eif_arch arch, struct err *e) MUST_CHECK;
/* Is there one of the settled blobs, for their architecture?  Or ERR_INPUT. */
int boot_init_check(const struct blobs *b, struct err *e) MUST_CHECK;

/* The boot ramdisk: init (ours, open, or -1: the blobs' own, checked), nsm.ko and
 * modules/X.ko of the blobs. */
int boot_ramdisk(struct eif_writer *w, const struct blobs *b, int own_init,
		 struct eif_report *r, struct err *e) MUST_CHECK;

struct app_ramdisk {
	const struct tree  *tree;	/* the merged image, finished */
	const struct spool *spool;	/* its bodies */
	const char *cmd, *env;		/* the files' texts: a word a line */
	bool	    has_mtime;		/* clamp modification times */
	int64_t	    mtime;
};

int app_ramdisk(struct eif_writer *w, const struct app_ramdisk *a,
		struct eif_report *r, struct err *e) MUST_CHECK;

/* Does path i of the sorted tree carry the inode's body and attributes?  Other
 * names are hard links to it.  inode->number is 1 + the index of the first. */
static inline bool is_first_name(const struct inode *n, size_t i)
{
	return n->number == i + 1;
}

/* The "xattrs" file: records "PATH NUL NAME NUL HEXVALUE NUL", paths below
 * rootfs (itself "."; first), sorted by path and name; empty when no file has
 * any. */
#define XATTRS_TEXT_MAX (16u << 20)
int xattrs_text(const struct tree *t, const struct tree_list *list,
		struct buf *b, struct err *e) MUST_CHECK;

#endif
