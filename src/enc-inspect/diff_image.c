/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff_image.c - two images beside each other
 *
 * Manifests and configurations were verified, and layers are while they are
 * read; what they say is hostile all the same.  Of a file's body its digest is
 * kept, which is made while the layer streams by: nothing is extracted.
 */
#include <stddef.h>
#include <string.h>

#include "cli/progress.h"
#include "enc-inspect/diff.h"
#include "image/image.h"
#include "image/layer.h"

struct side {
	const char	 *name;		/* for messages */
	struct image	  img;
	struct spool	  spool;
	struct tree	 *tree;
	struct tree_list  list;
	struct diff_files files;
};

#define SIDE_INIT { .img = IMAGE_INIT, .spool = SPOOL_INIT, .tree = NULL, \
	.list = { .n = 0 } }

static void side_release(struct side *s)
{
	image_release(&s->img);
	spool_release(&s->spool);
	tree_list_release(&s->list);
	tree_free(s->tree);
}

/* All of the configuration but how the layers are cut and where they come from;
 * and the manifest's annotations.  New reference. */
static json_t *members_of(const struct image *img)
{
	json_t *all = json_copy(img->config);
	json_t *annotations = json_object_get(img->doc.json, "annotations");

	json_object_del(all, "rootfs");
	json_object_del(all, "history");
	if (annotations)
		json_put(all, "annotations", json_incref(annotations));
	return all;
}

static const struct side *of_files(const struct diff_files *files)
{
	return (const struct side *)((const char *)files -
				     offsetof(struct side, files));
}

/* The root, and then the list.  An inode's number is one more than the index of
 * its first name. */
static void get(const struct diff_files *files, size_t i,
		struct diff_entry *entry)
{
	const struct side *s = of_files(files);
	const struct inode *inode = i == 0 ? s->tree->root->inode :
					     s->list.paths[i - 1].node->inode;

	*entry = (struct diff_entry){
		.path = i == 0 ? "" : s->list.paths[i - 1].path,
		.inode = *inode,
	};
	if (i > 0 && inode->number != i)
		entry->link = s->list.paths[inode->number - 1].path;
}

static int read_files(struct side *s, struct err *e)
{
	s->tree = tree_new();
	if (spool_open_digests(&s->spool, e) < 0 ||
	    layers_merge(&s->img, &s->spool, s->tree, LAYERS_SIZE_MAX,
			 cli_progress(), e) < 0 ||
	    tree_sorted(s->tree, &s->list, e) < 0)
		return -1;
	for (size_t i = 0; i < s->list.n; i++)
		if (s->list.paths[i].node->inode->number == 0)
			s->list.paths[i].node->inode->number = (uint32_t)i + 1;
	s->files = (struct diff_files){
		.n = s->list.n + 1, .get = get, .fd = s->spool.fd,
		.digests = true, .name = s->spool.folder,
	};
	return 0;
}

/* The same layers make the same files. */
static bool same_layers(const struct image *a, const struct image *b)
{
	if (a->doc.n_layers != b->doc.n_layers)
		return false;
	for (size_t i = 0; i < a->doc.n_layers; i++)
		if (strcmp(a->doc.layers[i].hex, b->doc.layers[i].hex) != 0)
			return false;
	return true;
}

static int compare(struct diff *d, struct side *a, struct side *b,
		   struct err *e)
{
	AUTO_JSON json_t *x = members_of(&a->img);
	AUTO_JSON json_t *y = members_of(&b->img);

	if (diff_members(d, x, y, e) < 0)
		return -1;
	if (same_layers(&a->img, &b->img))
		return 0;
	if (read_files(a, e) < 0)
		return err_wrap(e, "'%s'", a->name);
	if (read_files(b, e) < 0)
		return err_wrap(e, "'%s'", b->name);
	return diff_files(d, &a->files, &b->files, -1, e);
}

int image_diff(struct request *r, int fd UNUSED, struct buf *out,
	       struct err *e)
{
	AUTO_DIFF struct diff d = DIFF_INIT;
	AUTO(side_release) struct side a = SIDE_INIT, b = SIDE_INIT;

	d.json = r->json;
	a.name = r->object;
	b.name = r->other;
	if (image_open(&a.img, r->object, e) < 0 ||
	    image_open(&b.img, r->other, e) < 0 || compare(&d, &a, &b, e) < 0)
		return -1;
	diff_print(&d, "image", r, out);
	return 0;
}
