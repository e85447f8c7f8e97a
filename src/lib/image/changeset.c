/* SPDX-License-Identifier: Apache-2.0 */
/*
 * changeset.c - what one layer does to the tree below it
 *
 * Trust: the blob is hostile.  What its archive says is only collected until
 * the digest of the whole blob matched, and then applied to a tree in memory.
 */
#include "image/changeset.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

#include "base/xalloc.h"
#include "image/blob_tap.h"
#include "image/gunzip.h"
#include "image/tar_strict.h"

#define WHITEOUT	"/.wh."
#define WHITEOUT_OPAQUE "/.wh..wh..opq"
#define WHITEOUT_META	"/.wh..wh."	/* AUFS's own files: of no meaning */

void changeset_release(struct changeset *set)
{
	for (size_t i = 0; i < set->n; i++) {
		free(set->changes[i].path);
		free(set->changes[i].target);
		inode_free(set->changes[i].inode);
	}
	free(set->changes);
	free(set->by_path);
}

/* "./a//b/" → "a/b"; NULL with *e for what leaves the root. */
static char *clean_path(const char *path, struct err *e)
{
	AUTO_FREE char *out = xmalloc(strlen(path) + 1);
	size_t len = 0;

	for (const char *s = path; *s;) {
		size_t n = strcspn(s, "/");

		if (n == 2 && memcmp(s, "..", 2) == 0) {
			err_set(e, ERR_INPUT,
				"the member '%.200s' leaves the root by '..'",
				path);
			return NULL;
		}
		if (n > 0 && !(n == 1 && s[0] == '.')) {
			if (len)
				out[len++] = '/';
			memcpy(out + len, s, n);
			len += n;
		}
		s += n;
		s += strspn(s, "/");
	}
	out[len] = '\0';
	if (len > TREE_PATH_MAX) {
		err_set(e, ERR_INPUT,
			"the name of '%.80s…' has %zu bytes, and a ramdisk takes at most %d",
			out, len, TREE_PATH_MAX);
		return NULL;
	}
	return steal_ptr(&out);
}

static int by_xattr_name(const void *a, const void *b)
{
	const struct xattr *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void copy_xattrs(struct inode *inode, const struct untar_member *m)
{
	if (m->n_xattrs == 0)
		return;
	inode->xattrs = xreallocarray(NULL, m->n_xattrs, sizeof(*inode->xattrs));
	inode->n_xattrs = (uint32_t)m->n_xattrs;
	for (size_t i = 0; i < m->n_xattrs; i++) {
		const struct untar_xattr *x = &m->xattrs[i];

		inode->xattrs[i].name = xstrdup(x->name);
		inode->xattrs[i].value = xmemdup(x->value, x->len);
		inode->xattrs[i].len = x->len;
	}
	qsort(inode->xattrs, inode->n_xattrs, sizeof(*inode->xattrs),
	      by_xattr_name);
}

static struct inode *member_inode(const struct untar_member *m, struct err *e)
{
	struct inode *inode;
	mode_t type = m->mode & S_IFMT;

	if (type != S_IFREG && type != S_IFDIR && type != S_IFLNK &&
	    type != S_IFCHR && type != S_IFBLK && type != S_IFIFO) {
		err_set(e, ERR_INPUT, "'%.200s' is of a type that no image has",
			m->path);
		return NULL;
	}
	if (type == S_IFLNK && strlen(m->symlink) >= TREE_PATH_MAX) {
		err_set(e, ERR_INPUT,
			"the target of the symbolic link '%.200s' has more than %d bytes",
			m->path, TREE_PATH_MAX);
		return NULL;
	}
	inode = inode_new();
	inode->mode = m->mode;
	/* Linux shows every symbolic link as 0777, whatever the archive says. */
	if (type == S_IFLNK)
		inode->mode = S_IFLNK | 0777;
	inode->uid = m->uid;
	inode->gid = m->gid;
	inode->mtime = m->mtime;
	if (type == S_IFCHR || type == S_IFBLK) {
		inode->major = m->rdev_major;
		inode->minor = m->rdev_minor;
	}
	if (type == S_IFREG)
		inode->size = m->size;
	if (type == S_IFLNK)
		inode->target = xstrdup(m->symlink);
	copy_xattrs(inode, m);
	return inode;
}

/* The member's data into the spool; sparse parts become holes there. */
static int spool_body(struct untar *a, struct inode *inode,
		      struct spool_writer *spool, struct err *e)
{
	uint64_t at, done = 0;
	const void *data;
	size_t len;
	int more;

	if (spool_begin(spool, inode->size, &inode->body, e) < 0)
		return -1;
	while ((more = untar_data(a, &data, &len, &at, e)) > 0) {
		if (at < done || len > inode->size || at > inode->size - len)
			return err_set(e, ERR_INPUT,
				       "it has data beyond its size");
		if (at > done && spool_skip(spool, at - done, e) < 0)
			return -1;
		if (spool_write(spool, data, len, e) < 0)
			return -1;
		done = at + len;
	}
	if (more < 0)
		return -1;
	return done < inode->size ? spool_skip(spool, inode->size - done, e) : 0;
}

static struct change *change_new(struct changeset *set, enum change_kind kind,
				 char *path)
{
	struct change *c;

	if (set->n == set->cap) {
		set->cap = set->cap ? 2 * set->cap : 64;
		set->changes = xreallocarray(set->changes, set->cap,
					     sizeof(*set->changes));
	}
	c = &set->changes[set->n++];
	*c = (struct change){ .kind = kind, .path = path };
	return c;
}

/* Is it a whiteout?  path is clean; "/x" is compared so that the root's own
 * members look like all others. */
static bool add_whiteout(struct changeset *set, const char *path)
{
	AUTO_FREE char *rooted = xasprintf("/%s", path);
	char *slash = strrchr(rooted, '/');
	char *name = slash + strlen(WHITEOUT);

	if (strncmp(slash, WHITEOUT, strlen(WHITEOUT)) != 0)
		return false;
	if (strcmp(slash, WHITEOUT_OPAQUE) == 0) {
		*slash = '\0';
		change_new(set, CHANGE_EMPTY,
			   xstrdup(*rooted ? rooted + 1 : ""));
	} else if (strncmp(slash, WHITEOUT_META, strlen(WHITEOUT_META)) != 0 &&
		   *name) {
		change_new(set, CHANGE_REMOVE,
			   xasprintf("%.*s%s", (int)(slash + 1 - rooted) - 1,
				     rooted + 1, name));
	}
	return true;
}

/* A few compressed kilobytes may hold gigabytes of names. */
static int charge(struct changeset *set, const struct untar_member *m,
		  struct err *e)
{
	uint64_t bytes = sizeof(struct change) + sizeof(struct inode) +
			 strlen(m->path);

	bytes += m->hardlink ? strlen(m->hardlink) :
		 m->symlink ? strlen(m->symlink) : 0;
	for (size_t i = 0; i < m->n_xattrs; i++)
		bytes += sizeof(struct xattr) + strlen(m->xattrs[i].name) +
			 m->xattrs[i].len;
	if (atomic_fetch_add(&set->budget->memory, bytes) <=
	    LAYERS_MEMORY_MAX - bytes)
		return 0;
	return err_set(e, ERR_INPUT,
		       "the names and attributes of the image's files have more than %ju bytes",
		       (uintmax_t)LAYERS_MEMORY_MAX);
}

/* A few compressed megabytes may hold terabytes, and not in files alone: a
 * whiteout may have data, which takes its time to be passed over. */
static int charge_size(struct changeset *set, const struct untar *a,
		       const struct untar_member *m, struct err *e)
{
	struct layers_budget *b = set->budget;

	if (m->size <= b->size_max && untar_position(a) <= b->size_max &&
	    atomic_fetch_add(&b->size, m->size) <= b->size_max - m->size)
		return 0;
	return err_set(e, ERR_INPUT,
		       "with '%.200s' the image's files have more than %ju bytes, and enc-eif takes no more without a larger --max-size",
		       m->path, (uintmax_t)b->size_max);
}

static int add_member(struct changeset *set, struct untar *a,
		      const struct untar_member *m, struct spool_writer *spool,
		      struct err *e)
{
	AUTO_FREE char *path = clean_path(m->path, e);
	struct inode *inode;

	if (!path)
		return -1;
	if (set->n == LAYER_MEMBERS_MAX)
		return err_set(e, ERR_INPUT, "more than %d members",
			       LAYER_MEMBERS_MAX);
	if (charge(set, m, e) < 0 || charge_size(set, a, m, e) < 0)
		return -1;
	if (add_whiteout(set, path))
		return 0;
	if (m->hardlink) {
		char *target = clean_path(m->hardlink, e);

		if (!target)
			return -1;
		change_new(set, CHANGE_LINK, steal_ptr(&path))->target = target;
		return 0;
	}
	inode = member_inode(m, e);
	if (!inode)
		return -1;
	change_new(set, CHANGE_ADD, steal_ptr(&path))->inode = inode;
	if (!S_ISREG(inode->mode) || inode->size == 0)
		return 0;
	if (spool && set->skip && inode->size >= BODY_SKIP_MIN &&
	    set->skip(set->ctx, set, set->changes[set->n - 1].path)) {
		inode->body = BODY_SKIPPED;
		return 0;
	}
	if (spool && spool_body(a, inode, spool, e) < 0)
		return err_wrap(e, "'%.200s'", m->path);
	return 0;
}

static int read_members(struct changeset *set, struct untar *a,
			struct spool_writer *spool, struct err *e)
{
	struct untar_member m;
	int more;

	while ((more = untar_next(a, &m, e)) > 0)
		if (add_member(set, a, &m, spool, e) < 0)
			return -1;
	if (more == 0 && spool)
		return spool_flush(spool, e);
	return more;
}

int changeset_collect(untar_read_fn *read, void *ctx,
		      struct spool_writer *spool, struct changeset *set,
		      struct err *e)
{
	AUTO_GUNZIP struct gunzip *g = gunzip_new(read, ctx, "the layer");
	AUTO_TAR_STRICT struct tar_strict *t = tar_strict_new(gunzip_read, g);
	AUTO_UNTAR struct untar *a = untar_open(tar_strict_read, t,
						"the layer", e);

	return a ? read_members(set, a, spool, e) : -1;
}

int changeset_read(const struct store *s, const struct descriptor *d,
		   struct spool_writer *spool, struct changeset *set,
		   struct progress *p, struct err *e)
{
	AUTO(tap_release) struct blob_tap tap = {
		.fd = -1, .size = d->size, .progress = p,
	};
	struct err digest;

	if (tap_open(&tap, s, d, e) < 0)
		return -1;
	if (changeset_collect(tap_read, &tap, spool, set, e) == 0)
		return tap_finish(&tap, d, e);
	/* A fault of the archive is no news when the blob is another one; one
	 * of the disk is. */
	if (e->class != ERR_SYS && tap_finish(&tap, d, &digest) < 0 && digest.class == ERR_VERIFY)
		*e = digest;
	return -1;
}

static int by_path(const void *a, const void *b, void *changes)
{
	const struct change *all = changes;

	return strcmp(all[*(const uint32_t *)a].path,
		      all[*(const uint32_t *)b].path);
}

void changeset_index(struct changeset *set)
{
	set->by_path = xreallocarray(NULL, set->n + 1, sizeof(*set->by_path));
	for (size_t i = 0; i < set->n; i++)
		set->by_path[i] = (uint32_t)i;
	qsort_r(set->by_path, set->n, sizeof(*set->by_path), by_path,
		set->changes);
}

/* What c does to the file that it names, or to all below that. */
static bool change_hides(const struct change *c, bool below)
{
	if (!below)
		return c->kind != CHANGE_EMPTY;
	return c->kind != CHANGE_ADD || !S_ISDIR(c->inode->mode);
}

static bool any_hides(const struct changeset *set, const char *path,
		      bool below)
{
	size_t from = 0, to = set->n;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (strcmp(set->changes[set->by_path[mid]].path, path) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	for (; from < set->n; from++) {
		const struct change *c = &set->changes[set->by_path[from]];

		if (strcmp(c->path, path) != 0)
			break;
		if (change_hides(c, below))
			return true;
	}
	return false;
}

bool changeset_hides(const struct changeset *set, const char *path)
{
	AUTO_FREE char *folder = xstrdup(path);
	char *slash;

	if (any_hides(set, path, false))
		return true;
	while ((slash = strrchr(folder, '/'))) {
		*slash = '\0';
		if (any_hides(set, folder, true))
			return true;
	}
	return any_hides(set, "", true);
}

static int change_apply(struct change *c, struct tree *t, struct err *e)
{
	switch (c->kind) {
	case CHANGE_ADD:
		return tree_add(t, c->path, steal_ptr(&c->inode), e);
	case CHANGE_LINK:
		return tree_link(t, c->path, c->target, e);
	case CHANGE_REMOVE:
		tree_remove(t, c->path);
		return 0;
	case CHANGE_EMPTY:
		tree_empty(t, c->path);
		return 0;
	}
	return 0;
}

int changeset_apply(struct changeset *set, struct tree *t, struct err *e)
{
	tree_next_layer(t);
	for (size_t i = 0; i < set->n; i++) {
		if (change_apply(&set->changes[i], t, e) < 0)
			return -1;
		/* Each look-up is bounded, but there may be millions. */
		if (t->steps > LAYERS_STEPS_MAX)
			return err_set(e, ERR_INPUT,
				       "the paths of the image's members have more than %ju components, with those of the links that they lead through",
				       (uintmax_t)LAYERS_STEPS_MAX);
	}
	return 0;
}
