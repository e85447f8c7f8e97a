/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree.h - the file tree that an image's layers add up to
 *
 * OCI image spec 1.1, layer.md ("Applying Changesets").  Layers are applied
 * from the bottom up, as a container engine does it on a disk: the parents of
 * a name are resolved through the symbolic links that are there at that moment,
 * inside the root, and a missing parent is made (0755, 0:0).  Only metadata is
 * held; the bodies of files are elsewhere (spool.h).
 */
#ifndef ENC_TREE_H
#define ENC_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/err.h"

#define TREE_PATH_MAX  4088	/* with "rootfs/" and the NUL: the kernel's 4096 */
#define TREE_NAME_MAX  255	/* of one component, tmpfs's limit */
#define TREE_DEPTH_MAX 2044	/* components of the longest path */
#define TREE_LINKS_MAX 40	/* symbolic links in one look-up, as Linux */
/* A name of four kilobytes may make two thousand folders, and one of ten bytes
 * may lead through as many by links: a few megabytes of archive would take all
 * memory, or hours. */
#define TREE_NODES_MAX 8000000	/* each takes some 250 bytes */
#define TREE_NAMES_MAX (UINT64_C(1) << 30)	/* bytes of all paths in a list */

struct xattr {
	char   *name;
	void   *value;
	size_t	len;
};

struct inode {
	uint32_t mode;		/* S_IFMT and permissions, as in stat */
	uint32_t uid, gid;
	uint32_t major, minor;	/* devices */
	uint32_t nlink;		/* names in the tree */
	int64_t	 mtime;		/* seconds since 1970 */
	uint64_t size;		/* of a regular file, bytes */
	uint64_t body;		/* where the bytes are: an offset in the spool */
	char	*target;	/* of a symbolic link, else NULL */
	struct xattr *xattrs;	/* by name, bytewise */
	uint32_t n_xattrs;
	uint32_t number;	/* for the user of a finished tree; 0 at first */
};

/* New, zeroed, nlink 0. */
struct inode *inode_new(void);
/* Frees an inode that is in no tree. */
void inode_free(struct inode *i);

struct node {
	struct node  *parent;	/* NULL for the root */
	struct inode *inode;
	void	     *children;	/* of a directory: tsearch(3) tree by name */
	uint32_t      depth;	/* 0 for the root */
	uint32_t      layer;	/* the last that put it, or what is below it */
	const char   *name;	/* one component */
};

struct tree {
	struct node *root;
	size_t	     n_nodes;	/* the root included */
	uint64_t     steps;	/* of all look-ups so far: see changeset.h */
	uint32_t     layer;	/* the one that is being applied */
	/* Called for a regular file that no name refers to any more. */
	void (*forget)(void *ctx, const struct inode *inode);
	void *ctx;
};

/* An empty root directory, 0755 0:0.  Never NULL. */
struct tree *tree_new(void);
void tree_free(struct tree *t);

static inline void tree_freep(struct tree **t)
{
	tree_free(*t);
}
#define AUTO_TREE AUTO(tree_freep)

/* Paths are relative to the root without leading "/" or "./", "" being the
 * root itself; components "." and ".." do not occur.  Errors are ERR_INPUT and
 * name the path. */

/* Puts the inode (ownership passes, also on failure) at path.  A directory
 * over a directory changes its metadata; anything else replaces what is
 * there. */
int tree_add(struct tree *t, const char *path, struct inode *inode,
	     struct err *e) MUST_CHECK;
/* The folder at path, made with its parents (0755 0:0) where it is missing.
 * Unlike elsewhere path may hold "." and ".." and end at a symbolic link: all
 * is resolved as in a chroot.  0, or -1 when something else is in the way. */
int tree_make_folder(struct tree *t, const char *path, struct err *e)
	MUST_CHECK;
/* Makes path another name of the file that target names. */
int tree_link(struct tree *t, const char *path, const char *target,
	      struct err *e) MUST_CHECK;
/* Whiteouts, which hide what the layers below the current one brought: path
 * and all below it, or all below the directory path.  What the current layer
 * put there stays, and so do the folders that hold it.  Nothing happens when
 * there is nothing. */
void tree_remove(struct tree *t, const char *path);
void tree_empty(struct tree *t, const char *path);
/* What follows belongs to the next layer. */
void tree_next_layer(struct tree *t);

/* What path names, its parents resolved through symbolic links, and with
 * follow itself too.  NULL when there is nothing. */
const struct node *tree_find(const struct tree *t, const char *path,
			     bool follow);

struct tree_path {
	char	    *path;	/* from the root, no leading "/" */
	struct node *node;
};

struct tree_list {
	struct tree_path *paths;	/* bytewise by path, parents first */
	size_t		  n;
	char		 *names;	/* all the paths' bytes */
};

#define AUTO_TREE_LIST AUTO(tree_list_release)

/* All names of the tree but the root, sorted bytewise by whole path.
 * ERR_INPUT when one is longer than TREE_PATH_MAX, or all together than
 * TREE_NAMES_MAX. */
int tree_sorted(const struct tree *t, struct tree_list *list, struct err *e)
	MUST_CHECK;
void tree_list_release(struct tree_list *list);

#endif
