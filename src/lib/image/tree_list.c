/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree_list.c - all names of a tree in the order in which a ramdisk has them
 */
#include "image/tree.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

struct gather {
	struct tree_list *list;
	char		 *names;	/* where the next path goes */
	char		  prefix[TREE_PATH_MAX + 1];	/* "a/b/" */
	size_t		  prefix_len;
	size_t		  bytes;	/* of all paths, counted first */
	bool		  count;	/* only count */
	bool		  too_long;
};

static void gather_children(struct gather *g, const struct node *dir);

static void gather_node(struct gather *g, struct node *n)
{
	size_t name_len = strlen(n->name);
	size_t len = g->prefix_len + name_len;
	size_t before = g->prefix_len;

	if (len > TREE_PATH_MAX) {
		g->too_long = true;
		return;
	}
	memcpy(g->prefix + before, n->name, name_len + 1);
	if (g->count) {
		g->bytes += len + 1;
	} else {
		struct tree_path *p = &g->list->paths[g->list->n++];

		p->path = memcpy(g->names, g->prefix, len + 1);
		p->node = n;
		g->names += len + 1;
	}
	if (n->children && len < TREE_PATH_MAX) {
		g->prefix[len] = '/';
		g->prefix_len = len + 1;
		gather_children(g, n);
		g->prefix_len = before;
	} else if (n->children) {
		g->too_long = true;
	}
}

static void visit(const void *item, VISIT which, void *closure)
{
	if (which == postorder || which == leaf)
		gather_node(closure, *(struct node *const *)item);
}

static void gather_children(struct gather *g, const struct node *dir)
{
	twalk_r(dir->children, visit, g);
}

static int by_path(const void *a, const void *b)
{
	const struct tree_path *x = a, *y = b;

	return strcmp(x->path, y->path);
}

int tree_sorted(const struct tree *t, struct tree_list *list, struct err *e)
{
	struct gather g = { .list = list, .count = true };

	gather_children(&g, t->root);
	if (g.too_long)
		return err_set(e, ERR_INPUT,
			       "a path that begins '%.80s…' has more than %d bytes: Linux would drop it from a ramdisk without a word",
			       g.prefix, TREE_PATH_MAX);
	if (g.bytes > TREE_NAMES_MAX)
		return err_set(e, ERR_INPUT,
			       "the paths of the image's files have more than %ju bytes",
			       (uintmax_t)TREE_NAMES_MAX);
	list->names = xmalloc(g.bytes);
	list->paths = xreallocarray(NULL, t->n_nodes, sizeof(*list->paths));
	list->n = 0;
	g.names = list->names;
	g.count = false;
	gather_children(&g, t->root);
	qsort(list->paths, list->n, sizeof(*list->paths), by_path);
	return 0;
}

void tree_list_release(struct tree_list *list)
{
	free(list->paths);
	free(list->names);
	list->paths = NULL;
	list->names = NULL;
	list->n = 0;
}
