/* SPDX-License-Identifier: Apache-2.0 */
/*
 * changeset.h - what one layer does to the tree below it
 *
 * OCI image spec 1.1, layer.md ("Representing Changes"): members to add, hard
 * links, and whiteouts, collected from the layer's archive while its blob is
 * verified.
 */
#ifndef ENC_CHANGESET_H
#define ENC_CHANGESET_H

#include "base/progress.h"
#include "image/archive.h"
#include "image/spool.h"
#include "image/store.h"
#include "image/tree.h"

#define LAYER_MEMBERS_MAX 4000000	/* of one layer */
#define LAYERS_MEMORY_MAX (UINT64_C(2) << 30)	/* bytes of all names and attributes */
#define LAYERS_STEPS_MAX  (UINT64_C(1) << 28)	/* path components that are looked up */

enum change_kind { CHANGE_ADD, CHANGE_LINK, CHANGE_REMOVE, CHANGE_EMPTY };

struct change {
	enum change_kind kind;
	char	     *path;	/* clean: relative, without "." and ".." */
	char	     *target;	/* CHANGE_LINK: likewise */
	struct inode *inode;	/* CHANGE_ADD */
};

/* The body of a large file that need not be spooled, for a layer above hides
 * it: inode->body. */
#define BODY_SKIPPED	UINT64_MAX
#define BODY_SKIP_MIN	((uint64_t)1 << 16)	/* bytes: others are not worth it */

/* What the layers of one image take together, in whatever thread. */
struct layers_budget {
	_Atomic uint64_t memory;	/* of names and attributes, bytes taken */
	_Atomic uint64_t size;		/* of members and their data */
	uint64_t	 size_max;
};

struct changeset {		/* starts zeroed, but for what is borrowed */
	struct change *changes;	/* in the archive's order */
	size_t	       n, cap;
	uint32_t      *by_path;	/* changeset_index(): numbers of changes */
	struct layers_budget *budget;	/* borrowed */
	/* May the body at path be skipped?  Or NULL: none. */
	bool (*skip)(void *ctx, const struct changeset *set, const char *path);
	void *ctx;
};

#define AUTO_CHANGESET AUTO(changeset_release)

/* Streams the layer's blob once: hashes it, inflates it, collects its changes,
 * and appends the files' bodies to the spool (NULL: passes over them).
 * ERR_VERIFY when the digest does not match, ERR_INPUT for an archive that no
 * container engine would unpack; the set is then not to be used.  May be
 * called from several threads, each with a set and a spool writer of its
 * own. */
int changeset_read(const struct store *s, const struct descriptor *d,
		   struct spool_writer *spool, struct changeset *set,
		   struct progress *p, struct err *e) MUST_CHECK;

/* The same of bytes that read(ctx) hands out, which nobody verifies: what
 * changeset_read() does with a blob, and what the fuzz target does without. */
int changeset_collect(untar_read_fn *read, void *ctx,
		      struct spool_writer *spool, struct changeset *set,
		      struct err *e) MUST_CHECK;

/* Once it is read: makes changeset_hides() possible. */
void changeset_index(struct changeset *set);
/* Does the indexed set hide a file of a layer below that has this name?  So it
 * looks; where names lead through symbolic links that change from layer to
 * layer, or the file has a second name, it may be seen after all. */
bool changeset_hides(const struct changeset *set, const char *path);

/* Applies the set to t, as one layer, in the archive's order: where a name
 * leads may change from member to member.  Whiteouts concern the layers below
 * alone, wherever they stand.  Empties what it takes. */
int changeset_apply(struct changeset *set, struct tree *t, struct err *e)
	MUST_CHECK;
void changeset_release(struct changeset *set);

#endif
