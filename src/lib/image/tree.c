/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree.c - the file tree that an image's layers add up to
 *
 * Trust: names, links and their order are hostile.  Depth is limited, so
 * recursion is; look-ups are in balanced trees, so no choice of names makes
 * them slow, and their number is limited; nothing here touches a file system,
 * so nothing can leave it.
 */
#include "image/tree.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* What is left to walk: a path with the targets of links put before it. */
#define WALK_MAX (4 * TREE_PATH_MAX)

struct inode *inode_new(void)
{
	return xcalloc(1, sizeof(struct inode));
}

void inode_free(struct inode *i)
{
	if (!i)
		return;
	for (uint32_t x = 0; x < i->n_xattrs; x++) {
		free(i->xattrs[x].name);
		free(i->xattrs[x].value);
	}
	free(i->xattrs);
	free(i->target);
	free(i);
}

static void inode_freep(struct inode **i)
{
	inode_free(*i);
}

static void inode_unref(struct tree *t, struct inode *i)
{
	if (--i->nlink > 0)
		return;
	if (t->forget && S_ISREG(i->mode))
		t->forget(t->ctx, i);
	inode_free(i);
}

static int by_name(const void *a, const void *b)
{
	const struct node *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static struct node *child(const struct node *dir, const char *name)
{
	struct node key = { .name = name };
	void *found = tfind(&key, &dir->children, by_name);

	return found ? *(struct node **)found : NULL;
}

/* A node and its name in one allocation: there may be millions. */
static struct node *node_new(struct node *parent, const char *name,
			     struct inode *inode)
{
	size_t len = strlen(name) + 1;
	struct node *n = xmalloc(sizeof(*n) + len);
	char *copy = (char *)(n + 1);

	memcpy(copy, name, len);
	n->parent = parent;
	n->inode = inode;
	n->children = NULL;
	n->depth = parent ? parent->depth + 1 : 0;
	n->layer = 0;
	n->name = copy;
	inode->nlink++;
	return n;
}

static struct inode *plain_directory(void)
{
	struct inode *i = inode_new();

	i->mode = S_IFDIR | 0755;
	return i;
}

struct tree *tree_new(void)
{
	struct tree *t = xcalloc(1, sizeof(*t));

	t->root = node_new(NULL, "", plain_directory());
	t->n_nodes = 1;
	return t;
}

static void node_free(struct tree *t, struct node *n);

static void children_free(struct tree *t, struct node *dir)
{
	while (dir->children) {
		struct node *n = *(struct node **)dir->children;

		tdelete(n, &dir->children, by_name);
		node_free(t, n);
	}
}

static void node_free(struct tree *t, struct node *n)
{
	children_free(t, n);
	inode_unref(t, n->inode);
	t->n_nodes--;
	free(n);
}

static void detach(struct tree *t, struct node *n)
{
	tdelete(n, &n->parent->children, by_name);
	node_free(t, n);
}

/* The current layer put the node: it, and the folders that hold it, are none
 * that a whiteout of the same layer means. */
static void touch(const struct tree *t, struct node *n)
{
	for (; n && n->layer != t->layer; n = n->parent)
		n->layer = t->layer;
}

/* The inode stays the caller's when this fails. */
static struct node *attach(struct tree *t, struct node *dir, const char *name,
			   struct inode *inode, struct err *e)
{
	struct node *n;

	if (dir->depth >= TREE_DEPTH_MAX) {
		err_set(e, ERR_INPUT, "'%s' is more than %d folders deep",
			name, TREE_DEPTH_MAX);
		return NULL;
	}
	if (t->n_nodes >= TREE_NODES_MAX) {
		err_set(e, ERR_INPUT, "more than %d files and folders",
			TREE_NODES_MAX);
		return NULL;
	}
	n = node_new(dir, name, inode);
	if (!tsearch(n, &dir->children, by_name))
		oom();
	t->n_nodes++;
	touch(t, n);
	return n;
}

void tree_free(struct tree *t)
{
	if (!t)
		return;
	t->forget = NULL;
	node_free(t, t->root);
	free(t);
}

/* Where a walk stands.  What is left is at the end of its array: names are
 * taken off its front, and links' targets put there, without moving it. */
struct walk {
	struct node *at;
	uint64_t     steps;		/* components so far */
	char	     rest[WALK_MAX];
	size_t	     from;		/* where in rest it begins */
	int	     links;		/* followed so far */
	size_t	     targets;		/* their bytes */
	bool	     leaf;		/* may end at what is not a directory */
};

/* To walk len bytes of path, fewer than WALK_MAX. */
static void walk_init(struct walk *w, const char *path, size_t len)
{
	w->from = WALK_MAX - 1 - len;
	memcpy(w->rest + w->from, path, len);
	w->rest[WALK_MAX - 1] = '\0';
	w->steps = 0;
	w->links = 0;
	w->targets = 0;
	w->leaf = false;
}

/* Takes the next component off w->rest: NULL when it is too long. */
static const char *next_name(struct walk *w, char name[TREE_NAME_MAX + 1],
			     struct err *e)
{
	size_t len;

	w->from += strspn(w->rest + w->from, "/");
	len = strcspn(w->rest + w->from, "/");
	if (len > TREE_NAME_MAX) {
		err_set(e, ERR_INPUT, "a component of '%.80s…' has more than %d bytes",
			w->rest + w->from, TREE_NAME_MAX);
		return NULL;
	}
	memcpy(name, w->rest + w->from, len);
	name[len] = '\0';
	w->from += len;
	return name;
}

/* Puts a link's target before what is left. */
static int follow_link(struct walk *w, const char *target, struct err *e)
{
	size_t len = strlen(target);

	if (++w->links > TREE_LINKS_MAX)
		return err_set(e, ERR_INPUT, "too many symbolic links, the last to '%s'",
			       target);
	/* Forty targets of "./././…" for each of a million names would take
	 * hours, and no image needs more. */
	w->targets += len;
	if (w->targets > WALK_MAX || len + 1 > w->from)
		return err_set(e, ERR_INPUT, "a path through the link to '%.80s…' is too long",
			       target);
	w->rest[--w->from] = '/';
	w->from -= len;
	memcpy(w->rest + w->from, target, len);
	return 0;
}

/* Is nothing but slashes left?  They are taken off. */
static bool ends(struct walk *w)
{
	w->from += strspn(w->rest + w->from, "/");
	return w->rest[w->from] == '\0';
}

/* One step down into a directory that is there, or with t is made. */
static struct node *step(struct tree *t, struct node *dir, const char *name,
			 struct err *e)
{
	struct node *n = child(dir, name);
	struct inode *made;

	if (n)
		return n;
	if (!t) {
		err_set(e, ERR_INPUT, "there is no '%s'", name);
		return NULL;
	}
	made = plain_directory();
	n = attach(t, dir, name, made, e);
	if (!n)
		inode_free(made);
	return n;
}

/* Walks w->rest from the root, as the kernel would in a chroot: ".." stops at
 * the root.  With t missing directories are made.  NULL with *e when the way
 * is blocked. */
static struct node *walk(struct tree *t, struct node *root, struct walk *w,
			 struct err *e)
{
	char name[TREE_NAME_MAX + 1];

	w->at = root;
	while (!ends(w)) {
		struct node *n;

		w->steps++;
		if (!next_name(w, name, e))
			return NULL;
		if (strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") == 0) {
			w->at = w->at->parent ? w->at->parent : root;
			continue;
		}
		n = step(t, w->at, name, e);
		if (!n)
			return NULL;
		if (S_ISLNK(n->inode->mode)) {
			if (n->inode->target[0] == '/')
				w->at = root;
			if (follow_link(w, n->inode->target, e) < 0)
				return NULL;
			continue;
		}
		if (!S_ISDIR(n->inode->mode)) {
			if (w->leaf && ends(w))
				return n;
			err_set(e, ERR_INPUT, "'%s' on the way there is not a folder",
				n->name);
			return NULL;
		}
		w->at = n;
	}
	return w->at;
}

/* The directory that path's last component is in; *base gets the component.
 * With make missing ones are made. */
static struct node *parent_of(struct tree *t, bool make, const char *path,
			      const char **base, struct err *e)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;
	struct node *n;
	struct walk w;

	*base = slash ? slash + 1 : path;
	if (strlen(*base) > TREE_NAME_MAX) {
		err_set(e, ERR_INPUT, "its last component has more than %d bytes",
			TREE_NAME_MAX);
		return NULL;
	}
	if (len >= TREE_PATH_MAX) {
		err_set(e, ERR_INPUT, "its path has more than %d bytes",
			TREE_PATH_MAX);
		return NULL;
	}
	walk_init(&w, path, len);
	n = walk(make ? t : NULL, t->root, &w, e);
	t->steps += w.steps;
	return n;
}

static void replace_inode(struct tree *t, struct node *n, struct inode *inode)
{
	inode->nlink++;
	inode_unref(t, n->inode);
	n->inode = inode;
	touch(t, n);
}

int tree_add(struct tree *t, const char *path, struct inode *inode,
	     struct err *e)
{
	AUTO(inode_freep) struct inode *mine = inode;
	struct node *dir, *old;
	const char *base;

	if (!*path) {
		if (!S_ISDIR(inode->mode))
			return err_set(e, ERR_INPUT, "the root is not a folder");
		replace_inode(t, t->root, steal_ptr(&mine));
		return 0;
	}
	dir = parent_of(t, true, path, &base, e);
	if (!dir)
		return err_wrap(e, "'%.200s'", path);
	old = child(dir, base);
	if (old && S_ISDIR(old->inode->mode) && S_ISDIR(inode->mode)) {
		replace_inode(t, old, steal_ptr(&mine));
		return 0;
	}
	if (old)
		detach(t, old);
	if (!attach(t, dir, base, inode, e))
		return -1;
	steal_ptr(&mine);
	return 0;
}

int tree_make_folder(struct tree *t, const char *path, struct err *e)
{
	struct walk w;

	if (strlen(path) >= TREE_PATH_MAX)
		return err_set(e, ERR_INPUT, "it has more than %d bytes",
			       TREE_PATH_MAX);
	walk_init(&w, path, strlen(path));
	return walk(t, t->root, &w, e) ? 0 : -1;
}

static struct node *find(struct tree *t, const char *path, bool follow)
{
	struct err ignored;
	struct walk w;
	struct node *n;
	const char *base;

	if (strlen(path) >= TREE_PATH_MAX)
		return NULL;
	if (follow) {
		walk_init(&w, path, strlen(path));
		w.leaf = true;
		n = walk(NULL, t->root, &w, &ignored);
		t->steps += w.steps;
		return n;
	}
	if (!*path)
		return t->root;
	n = parent_of(t, false, path, &base, &ignored);
	return n ? child(n, base) : NULL;
}

int tree_link(struct tree *t, const char *path, const char *target,
	      struct err *e)
{
	const struct node *node = find(t, target, false);
	struct inode *inode = node ? node->inode : NULL;
	struct node *dir, *old;
	const char *base;

	if (!inode)
		return err_set(e, ERR_INPUT,
			       "'%.200s' is a hard link to '%.200s', which is not there",
			       path, target);
	if (S_ISDIR(inode->mode))
		return err_set(e, ERR_INPUT,
			       "'%.200s' is a hard link to the folder '%.200s'", path,
			       target);
	if (!*path)
		return err_set(e, ERR_INPUT, "the root is not a folder");
	dir = parent_of(t, true, path, &base, e);
	if (!dir)
		return err_wrap(e, "'%.200s'", path);
	old = child(dir, base);
	/* Engines remove what is there, and then there is nothing to link. */
	for (const struct node *n = node; n; n = n->parent)
		if (n == old)
			return err_set(e, ERR_INPUT,
				       "'%.200s' is a hard link to '%.200s', which it replaces",
				       path, target);
	if (old)
		detach(t, old);
	return attach(t, dir, base, inode, e) ? 0 : -1;
}

const struct node *tree_find(const struct tree *t, const char *path,
			     bool follow)
{
	struct tree *mine;

	/* Nothing but the count of steps changes. */
	memcpy(&mine, &t, sizeof(mine));
	return find(mine, path, follow);
}

struct children {
	struct node **list;
	size_t n;
};

static void list_child(const void *item, VISIT which, void *closure)
{
	struct children *c = closure;

	if (which != preorder && which != leaf)
		return;
	c->list = xreallocarray(c->list, c->n + 1, sizeof(*c->list));
	c->list[c->n++] = *(struct node *const *)item;
}

static void purge(struct tree *t, struct node *n);

static void purge_children(struct tree *t, struct node *dir)
{
	struct children c = { .list = NULL };

	twalk_r(dir->children, list_child, &c);
	for (size_t i = 0; i < c.n; i++)
		purge(t, c.list[i]);
	t->steps += c.n;
	free(c.list);
}

/* Removes what layers below the current one left of it. */
static void purge(struct tree *t, struct node *n)
{
	if (n->layer == t->layer)
		purge_children(t, n);
	else
		detach(t, n);
}

void tree_remove(struct tree *t, const char *path)
{
	struct node *n = find(t, path, false);

	if (n && n->parent)
		purge(t, n);
}

void tree_empty(struct tree *t, const char *path)
{
	struct node *n = find(t, path, true);

	if (n && S_ISDIR(n->inode->mode))
		purge_children(t, n);
}

void tree_next_layer(struct tree *t)
{
	t->layer++;
}
