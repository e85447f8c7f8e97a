/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rootfs.h - the merged tree made ready to boot
 *
 * What cannot be honoured in the enclave is an error here: a command that is
 * not in the image, a user that its passwd does not have, a port with TLS and no
 * certificate for it.
 */
#ifndef ENC_EIF_ROOTFS_H
#define ENC_EIF_ROOTFS_H

#include "base/buf.h"
#include "base/progress.h"
#include "image/image.h"
#include "image/spool.h"
#include "image/tree.h"

struct rootfs {
	struct tree *tree;
	struct spool spool;
	struct buf   cmd, env;		/* the ramdisk's files of these names */
};

#define ROOTFS_TEXT_MAX (4u << 20)
#define ROOTFS_INIT { .tree = NULL, .spool = SPOOL_INIT, \
	.cmd = BUF_INIT(ROOTFS_TEXT_MAX), .env = BUF_INIT(ROOTFS_TEXT_MAX) }
#define AUTO_ROOTFS AUTO(rootfs_release)

/* Merges the image's layers (files of max bytes at most; their bodies go to
 * r->spool, which is open), adds the folders that init mounts on, resolves
 * process.json's user against the image's own passwd and group, and makes cmd
 * and env. */
int rootfs_fill(struct rootfs *r, const struct image *img, uint64_t max,
		struct progress *p, struct err *e) MUST_CHECK;
void rootfs_release(struct rootfs *r);

/* process.c of this program: process.json of an amended image, with the user
 * resolved, back into the tree; and the checks on command and folder. */
int rootfs_process(struct rootfs *r, struct err *e) MUST_CHECK;

/* services.c: the files that the services need which an amended image's own
 * manifest asks for. */
int rootfs_services(struct rootfs *r, struct err *e) MUST_CHECK;

/* Appends the text of a regular file of the tree, up to the buffer's ceiling;
 * *found is whether there is one.  path is as in tree.h, and is followed. */
int rootfs_text(const struct rootfs *r, const char *path, struct buf *b,
		bool *found, struct err *e) MUST_CHECK;

/* cmd and env from the image's configuration. */
int rootfs_command(struct rootfs *r, const struct image *img, struct err *e)
	MUST_CHECK;

#endif
