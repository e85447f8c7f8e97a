/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ls.c - the files of an image, all its layers merged
 */
#include <string.h>

#include "base/xalloc.h"
#include "cli/progress.h"
#include "enc-inspect/inspect.h"
#include "image/layer.h"

/* Of one file: path and link target, each byte as \xNN or \\xNN in JSON. */
#define ENTRY_MAX (2 * 5 * TREE_PATH_MAX + 256)

static char type_of(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR: return 'd';
	case S_IFLNK: return 'l';
	case S_IFCHR: return 'c';
	case S_IFBLK: return 'b';
	case S_IFIFO: return 'p';
	case S_IFSOCK: return 's';
	default: return '-';
	}
}

static bool is_device(const struct inode *i)
{
	return S_ISCHR(i->mode) || S_ISBLK(i->mode);
}

static void add_line(struct buf *out, const char *path, const struct inode *i)
{
	buf_addf(out, "%c%04o %6u %6u ", type_of(i->mode), i->mode & 07777,
		 i->uid, i->gid);
	if (is_device(i))
		buf_addf(out, "%6u,%5u ", i->major, i->minor);
	else
		buf_addf(out, "%12llu ", (unsigned long long)
			 (S_ISREG(i->mode) ? i->size : 0));
	buf_addc(out, '/');
	text_adds(out, path);
	if (i->target) {
		buf_adds(out, " -> ");
		text_adds(out, i->target);
	}
	buf_addc(out, '\n');
}

json_t *file_json(const struct inode *i)
{
	json_t *j = json_object();
	char type[2] = { type_of(i->mode), '\0' }, mode[8];

	snprintf(mode, sizeof(mode), "%04o", i->mode & 07777);
	json_put_str(j, "type", type);
	json_put_str(j, "mode", mode);
	json_put(j, "uid", json_integer(i->uid));
	json_put(j, "gid", json_integer(i->gid));
	json_put(j, "mtime", json_integer(i->mtime));
	if (S_ISREG(i->mode))
		json_put(j, "size", json_integer((json_int_t)i->size));
	if (i->target)
		json_put(j, "target",
			 text_json_string(i->target, strlen(i->target)));
	if (is_device(i)) {
		json_put(j, "major", json_integer(i->major));
		json_put(j, "minor", json_integer(i->minor));
	}
	return j;
}

/* One at a time: a million of them as one JSON value would take a gigabyte. */
static void add_json(struct buf *out, const char *path, const struct inode *i,
		     bool first)
{
	AUTO_JSON json_t *j = file_json(i);
	AUTO_FREE char *full = xasprintf("/%s", path);

	json_put(j, "path", text_json_string(full, strlen(full)));
	if (i->nlink > 1 && !S_ISDIR(i->mode))
		json_put(j, "nlink", json_integer(i->nlink));
	if (!first)
		buf_addc(out, ',');
	text_json(out, j);
	out->len--;		/* the newline */
}

/* Is path the wanted one, or below it?  wanted has no slash at its ends. */
static bool is_wanted(const char *path, const char *wanted, size_t len)
{
	return len == 0 || (strncmp(path, wanted, len) == 0 &&
			    (path[len] == '\0' || path[len] == '/'));
}

int image_ls(struct request *r, int fd UNUSED, struct buf *out,
	     struct err *e)
{
	AUTO_IMAGE struct image img = IMAGE_INIT;
	AUTO_TREE struct tree *tree = tree_new();
	AUTO_TREE_LIST struct tree_list list = { .n = 0 };
	const char *wanted = r->part ? r->part + strspn(r->part, "/") : "";
	size_t len = strlen(wanted), found = 0;

	while (len > 0 && wanted[len - 1] == '/')
		len--;
	if (image_open(&img, r->object, e) < 0 ||
	    layers_merge(&img, NULL, tree, LAYERS_SIZE_MAX, cli_progress(), e) < 0 ||
	    tree_sorted(tree, &list, e) < 0)
		return -1;
	if (r->json)
		buf_adds(out, "{\"files\":[");
	for (size_t i = 0; i < list.n; i++) {
		const struct tree_path *p = &list.paths[i];

		if (!is_wanted(p->path, wanted, len))
			continue;
		if (out->len > OUTPUT_MAX - ENTRY_MAX)
			return err_set(e, ERR_INPUT,
				       "the list is longer than %zu bytes: give a PATH",
				       OUTPUT_MAX);
		if (r->json)
			add_json(out, p->path, p->node->inode, found == 0);
		else
			add_line(out, p->path, p->node->inode);
		found++;
	}
	if (found == 0 && len > 0)
		return err_set(e, ERR_NO, "the image has no '/%s'", wanted);
	if (r->json)
		buf_adds(out, "],\"schema\":\"enc-inspect/1\",\"type\":\"files\"}\n");
	return 0;
}
