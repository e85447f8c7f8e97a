/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff_change.c - what is said of a file that differs
 *
 * Names, link targets and attributes are hostile.
 */
#include <string.h>

#include "base/xalloc.h"
#include "enc-inspect/diff.h"

/* In the order of the bits. */
static const char *const change_names[] = {
	"type", "mode", "owner", "size", "content", "target", "link", "device",
	"mtime", "xattrs",
};

bool diff_same_xattr(const struct xattr *a, const struct xattr *b)
{
	return strcmp(a->name, b->name) == 0 && a->len == b->len &&
	       memcmp(a->value, b->value, a->len) == 0;
}

static const char *type_word(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR: return "folder";
	case S_IFLNK: return "symbolic link";
	case S_IFCHR: return "character device";
	case S_IFBLK: return "block device";
	case S_IFIFO: return "FIFO";
	case S_IFSOCK: return "socket";
	default: return "file";
	}
}

/* What stands before a path: an archive's is shown as it is. */
static const char *root(const struct diff_pair *p)
{
	return p->ramdisk < 0 ? "/" : "";
}

static void add_path(struct buf *out, const struct diff_pair *p, const char *path)
{
	if (p->ramdisk >= 0)
		buf_addf(out, "ramdisk:%d ", p->ramdisk);
	buf_adds(out, root(p));
	text_adds(out, path);
}

static void add_pair(struct buf *out, const char *what, const char *a,
		     const char *b)
{
	buf_addf(out, "%s ", what);
	text_adds(out, a);
	buf_adds(out, " -> ");
	text_adds(out, b);
}

static void add_link(struct buf *out, const struct diff_pair *p,
		     const char *link)
{
	if (!link) {
		buf_adds(out, "none");
		return;
	}
	buf_adds(out, root(p));
	text_adds(out, link);
}

/* The names of those that are not the same in both, each sorted. */
static void add_xattrs(struct buf *out, const struct inode *a,
		       const struct inode *b)
{
	size_t i = 0, j = 0;

	buf_adds(out, "xattrs");
	while (i < a->n_xattrs || j < b->n_xattrs) {
		int order = i == a->n_xattrs ? 1 : j == b->n_xattrs ? -1 :
			strcmp(a->xattrs[i].name, b->xattrs[j].name);
		const struct xattr *x = order <= 0 ? &a->xattrs[i] :
						     &b->xattrs[j];

		if (order != 0 || !diff_same_xattr(x, &b->xattrs[j])) {
			buf_addc(out, ' ');
			text_adds(out, x->name);
		}
		i += order <= 0;
		j += order >= 0;
	}
}

static void add_change(struct buf *out, const struct diff_pair *p, enum diff_what c)
{
	const struct inode *a = &p->a.inode, *b = &p->b.inode;

	switch (c) {
	case CHANGED_TYPE:
		add_pair(out, "type", type_word(a->mode), type_word(b->mode));
		break;
	case CHANGED_MODE:
		buf_addf(out, "mode %04o -> %04o", a->mode & 07777,
			 b->mode & 07777);
		break;
	case CHANGED_OWNER:
		buf_addf(out, "owner %u:%u -> %u:%u", a->uid, a->gid, b->uid,
			 b->gid);
		break;
	case CHANGED_SIZE:
		buf_addf(out, "size %ju -> %ju", (uintmax_t)a->size,
			 (uintmax_t)b->size);
		break;
	case CHANGED_CONTENT:
		buf_adds(out, "content");
		break;
	case CHANGED_TARGET:
		add_pair(out, "target", a->target, b->target);
		break;
	case CHANGED_LINK:
		buf_adds(out, "link ");
		add_link(out, p, p->a.link);
		buf_adds(out, " -> ");
		add_link(out, p, p->b.link);
		break;
	case CHANGED_DEVICE:
		buf_addf(out, "device %u,%u -> %u,%u", a->major, a->minor,
			 b->major, b->minor);
		break;
	case CHANGED_MTIME:
		buf_addf(out, "mtime %jd -> %jd", (intmax_t)a->mtime,
			 (intmax_t)b->mtime);
		break;
	case CHANGED_XATTRS:
		add_xattrs(out, a, b);
		break;
	}
}

/* changes is 0: only one of them is there. */
static void add_text(const struct diff_pair *p, unsigned int changes)
{
	struct buf *out = &p->d->files;
	const char *between = ": ";

	buf_adds(out, changes ? "! " : p->a.path ? "- " : "+ ");
	add_path(out, p, p->a.path ? p->a.path : p->b.path);
	for (size_t i = 0; i < ARRAY_SIZE(change_names); i++) {
		if (!(changes & 1u << i))
			continue;
		buf_adds(out, between);
		add_change(out, p, (enum diff_what)(1u << i));
		between = ", ";
	}
	buf_addc(out, '\n');
}

static json_t *path_json(const struct diff_pair *p, const char *path)
{
	AUTO_FREE char *full = xasprintf("%s%s", root(p), path);

	return text_json_string(full, strlen(full));
}

static json_t *entry_json(const struct diff_pair *p,
			  const struct diff_entry *entry)
{
	json_t *j = file_json(&entry->inode), *names;

	if (entry->link)
		json_put(j, "link", path_json(p, entry->link));
	if (entry->inode.n_xattrs == 0)
		return j;
	names = json_array();
	for (size_t i = 0; i < entry->inode.n_xattrs; i++) {
		const char *name = entry->inode.xattrs[i].name;

		json_add(names, text_json_string(name, strlen(name)));
	}
	json_put(j, "xattrs", names);
	return j;
}

static void add_json(const struct diff_pair *p, unsigned int changes)
{
	json_t *one = json_object(), *what = json_array();

	json_put(one, "path", path_json(p, p->a.path ? p->a.path : p->b.path));
	if (p->ramdisk >= 0)
		json_put(one, "ramdisk", json_integer(p->ramdisk));
	if (p->a.path)
		json_put(one, "a", entry_json(p, &p->a));
	if (p->b.path)
		json_put(one, "b", entry_json(p, &p->b));
	for (size_t i = 0; i < ARRAY_SIZE(change_names); i++)
		if (changes & 1u << i)
			json_add(what, json_string(change_names[i]));
	json_put(one, "changed", what);
	diff_add_json(&p->d->files, one);
}

static size_t text_length(const struct diff_entry *entry)
{
	size_t len = entry->path ? strlen(entry->path) : 0;

	len += entry->link ? strlen(entry->link) : 0;
	len += entry->inode.target ? strlen(entry->inode.target) : 0;
	for (size_t i = 0; i < entry->inode.n_xattrs; i++)
		len += strlen(entry->inode.xattrs[i].name) + 4;
	return len;
}

int diff_change(const struct diff_pair *p, unsigned int changes,
		struct err *e)
{
	if (diff_room(&p->d->files, text_length(&p->a) + text_length(&p->b),
		      e) < 0)
		return -1;
	if (p->d->json)
		add_json(p, changes);
	else
		add_text(p, changes);
	return 0;
}
