/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_tree.c - tree, tree_list and spool
 */
#include "base/buf.h"
#include "base/io.h"
#include "base/xalloc.h"
#include "image/spool.h"
#include "image/tree.h"

#include "tap.h"

static struct err e;

static int add(struct tree *t, const char *path, uint32_t mode)
{
	struct inode *i = inode_new();

	i->mode = mode;
	i->size = 7;
	if (S_ISLNK(mode))
		i->target = xstrdup("usr/bin");
	return tree_add(t, path, i, &e);
}

static int add_link(struct tree *t, const char *path, const char *target)
{
	struct inode *i = inode_new();

	i->mode = S_IFLNK | 0777;
	i->target = xstrdup(target);
	return tree_add(t, path, i, &e);
}

/* All paths, one a line. */
static char *listing(const struct tree *t)
{
	AUTO_TREE_LIST struct tree_list list = { .n = 0 };
	AUTO_BUF struct buf b = BUF_INIT(1 << 20);

	if (tree_sorted(t, &list, &e) < 0)
		return xstrdup(e.msg);
	for (size_t i = 0; i < list.n; i++)
		buf_addf(&b, "%s\n", list.paths[i].path);
	return buf_steal(&b);
}

static void same_tree(const struct tree *t, const char *want, const char *what)
{
	AUTO_FREE char *got = listing(t);

	same_str(got, want, what);
}

/* Thirty links of two thousand components each cost more than they may. */
static void test_long_targets(void)
{
	AUTO_TREE struct tree *t = tree_new();
	char target[4000], name[16];

	for (int i = 0; i < 30; i++) {
		struct inode *link = inode_new();

		memset(target, '/', sizeof(target));
		for (size_t k = 0; k < sizeof(target); k += 2)
			target[k] = '.';
		snprintf(target + 3980, 20, "l%d", i + 1);
		link->mode = S_IFLNK | 0777;
		link->target = xstrdup(i < 29 ? target : ".");
		snprintf(name, sizeof(name), "l%d", i);
		ok(tree_add(t, name, link, &e) == 0, name);
	}
	ok(add(t, "l27/f", S_IFREG) == 0, "a few are followed");
	ok(add(t, "l0/f", S_IFREG) < 0 && e.class == ERR_INPUT &&
	   strstr(e.msg, "too long"), "but not all of them");
}

/* As mkdir -p in a chroot. */
static void test_make_folder(void)
{
	AUTO_TREE struct tree *t = tree_new();

	ok(tree_make_folder(t, "/a/../b/./c//", &e) == 0, "dots");
	same_tree(t, "a\nb\nb/c\n", "are walked, and are no names");
	ok(tree_make_folder(t, "../../d/..", &e) == 0, "above the root");
	same_tree(t, "a\nb\nb/c\nd\n", "is the root");
	ok(add_link(t, "l", "b/new") == 0 &&
	   tree_make_folder(t, "l/x", &e) == 0, "a link to nothing");
	same_tree(t, "a\nb\nb/c\nb/new\nb/new/x\nd\nl\n", "gets a target");
	ok(add(t, "f", S_IFREG | 0644) == 0 &&
	   tree_make_folder(t, "f/x", &e) < 0 && e.class == ERR_INPUT &&
	   tree_make_folder(t, "f", &e) < 0, "a file in the way");
}

static void test_order(void)
{
	AUTO_TREE struct tree *t = tree_new();

	ok(add(t, "a/b", S_IFREG | 0644) == 0, "a missing parent is made");
	ok(add(t, "a-b", S_IFREG | 0644) == 0, "a name between");
	ok(add(t, "\xff\xfe", S_IFREG | 0644) == 0, "no UTF-8");
	same_tree(t, "a\na-b\na/b\n\xff\xfe\n", "bytewise by path");
	ok(tree_find(t, "a", false)->inode->mode == (S_IFDIR | 0755),
	   "the made parent's mode");
	ok(add(t, "a", S_IFDIR | 0700) == 0, "a folder over a folder");
	same_tree(t, "a\na-b\na/b\n\xff\xfe\n", "keeps what is in it");
	ok(tree_find(t, "a", false)->inode->mode == (S_IFDIR | 0700),
	   "and has the new mode");
	ok(add(t, "a", S_IFREG | 0600) == 0, "a file over a folder");
	same_tree(t, "a\na-b\n\xff\xfe\n", "replaces all of it");
	ok(add(t, "a/c", S_IFREG | 0600) == -1 && e.class == ERR_INPUT,
	   "a file under a file");
	same_str(e.msg, "'a/c': 'a' on the way there is not a folder",
		 "says what is in the way");
	ok(add(t, "", S_IFDIR | 0711) == 0 &&
	   tree_find(t, "", false)->inode->mode == (S_IFDIR | 0711),
	   "the root's own entry");
	ok(add(t, "", S_IFREG | 0711) == -1, "a root that is a file");
}

static void test_symlinks(void)
{
	AUTO_TREE struct tree *t = tree_new();
	char name[32];

	ok(add(t, "usr/bin/sh", S_IFREG | 0755) == 0, "a file");
	ok(add(t, "bin", S_IFLNK | 0777) == 0, "a link to its folder");
	ok(add(t, "bin/ls", S_IFREG | 0755) == 0, "through the link");
	same_tree(t, "bin\nusr\nusr/bin\nusr/bin/ls\nusr/bin/sh\n", "tree");
	ok(add_link(t, "out", "../../../../etc") == 0 &&
	   add(t, "out/passwd", S_IFREG | 0644) == 0, "a link out of the root");
	ok(tree_find(t, "etc/passwd", false) != NULL, "stays inside");
	ok(add_link(t, "abs", "/usr") == 0 &&
	   add(t, "abs/x", S_IFREG | 0644) == 0 &&
	   tree_find(t, "usr/x", false) != NULL, "an absolute link");
	ok(add_link(t, "loop", "loop") == 0 &&
	   add(t, "loop/x", S_IFREG | 0644) == -1, "a loop");
	ok(strstr(e.msg, "too many symbolic links") != NULL, "says so");
	ok(add_link(t, "usr/rel", "bin/sh") == 0 &&
	   tree_find(t, "usr/rel", true) == tree_find(t, "usr/bin/sh", false),
	   "find follows a relative link");
	ok(S_ISLNK(tree_find(t, "usr/rel", false)->inode->mode),
	   "or does not");
	ok(!tree_find(t, "usr/none", true) && !tree_find(t, "none/x", false),
	   "what is not there");
	ok(add(t, "bin", S_IFDIR | 0755) == 0 && add(t, "bin/x", S_IFREG) == 0 &&
	   !tree_find(t, "usr/bin/x", false), "a folder replaces a link");
	for (int i = 0; i < 45; i++) {
		char to[32];

		snprintf(name, sizeof(name), "l%d", i);
		snprintf(to, sizeof(to), "l%d", i + 1);
		if (add_link(t, name, to) < 0)
			break;
	}
	ok(!tree_find(t, "l0", true) && !tree_find(t, "l10/x", true),
	   "a chain of links ends");
}

static int forgotten;

static void forget(void *ctx UNUSED, const struct inode *i)
{
	forgotten += (int)i->size;
}

static void test_links_and_whiteouts(void)
{
	AUTO_TREE struct tree *t = tree_new();

	t->forget = forget;
	ok(add(t, "d/a", S_IFREG | 0644) == 0 && tree_link(t, "b", "d/a", &e) == 0,
	   "a hard link");
	ok(tree_find(t, "b", false)->inode->nlink == 2, "two names");
	ok(tree_link(t, "b", "d/a", &e) == 0 &&
	   tree_find(t, "b", false)->inode->nlink == 2, "again changes nothing");
	ok(tree_link(t, "c", "none", &e) == -1 && e.class == ERR_INPUT,
	   "a link to nothing");
	same_str(e.msg, "'c' is a hard link to 'none', which is not there",
		 "says so");
	ok(tree_link(t, "c", "d", &e) == -1, "a link to a folder");
	ok(tree_link(t, "d", "d/a", &e) == -1,
	   "a link over the folder that its target is in");
	same_str(e.msg, "'d' is a hard link to 'd/a', which it replaces",
		 "says so");
	ok(tree_link(t, "b", "b", &e) == -1, "a link to itself");
	ok(tree_link(t, "d", "b", &e) == 0, "a link over a folder");
	same_tree(t, "b\nd\n", "takes its place");
	ok(tree_find(t, "d", false)->inode->nlink == 2, "with two names");
	tree_remove(t, "d");
	same_tree(t, "b\nd\n", "a whiteout leaves what its own layer brought");
	tree_next_layer(t);
	tree_remove(t, "b");
	ok(forgotten == 0, "one name is left");
	tree_remove(t, "d");
	ok(forgotten == 7, "the last name frees the body");
	ok(add(t, "o/a/b", S_IFREG) == 0 && add(t, "o/c", S_IFREG) == 0, "more");
	tree_next_layer(t);
	ok(add(t, "o/new", S_IFREG) == 0, "and one more");
	tree_remove(t, "o");
	same_tree(t, "o\no/new\n", "the folder of what is new stays");
	tree_next_layer(t);
	tree_empty(t, "o");
	same_tree(t, "o\n", "an opaque folder");
	tree_remove(t, "x/y");
	tree_remove(t, "");
	tree_empty(t, "none");
	same_tree(t, "o\n", "whiteouts of what is not there");
	tree_empty(t, "");
	same_tree(t, "", "an opaque root");
	ok(t->n_nodes == 1, "nodes are counted");
}

static void test_limits(void)
{
	AUTO_TREE struct tree *t = tree_new();
	AUTO_FREE char *deep = xcalloc(1, 3 * TREE_PATH_MAX);
	int depth = 0;

	memset(deep, 'n', TREE_NAME_MAX + 1);
	ok(add(t, deep, S_IFREG) == -1, "a name of 256 bytes");
	deep[TREE_NAME_MAX] = '\0';
	ok(add(t, deep, S_IFREG) == 0, "and of 255");
	memset(deep, 0, 3 * TREE_PATH_MAX);
	while (strlen(deep) + 2 < TREE_PATH_MAX) {
		memcpy(deep + strlen(deep), depth ? "/d" : "d", depth ? 2 : 1);
		depth++;
		if (depth == TREE_DEPTH_MAX)
			break;
	}
	ok(add(t, deep, S_IFDIR | 0755) == 0, "the deepest folder");
	ok(add_link(t, "s", deep) == 0 && add(t, "s/s/s", S_IFREG) == -1,
	   "deeper still through a link");
	ok(add(t, "s/s", S_IFREG) == -1, "by one");
}

static void test_spool(void)
{
	AUTO_SPOOL struct spool s = SPOOL_INIT;
	AUTO_SPOOL_WRITER struct spool_writer one = { .spool = NULL };
	AUTO_SPOOL_WRITER struct spool_writer two = { .spool = NULL };
	AUTO_FREE char *big = xcalloc(1, 9 << 20);
	uint64_t a, b, c, d;
	char back[8] = "";

	ok(spool_open(&s, "/tmp", &e) == 0, "open");
	spool_writer_init(&one, &s);
	spool_writer_init(&two, &s);
	ok(spool_begin(&one, 5, &a, &e) == 0 &&
	   spool_write(&one, "abc", 3, &e) == 0 && spool_skip(&one, 2, &e) == 0,
	   "a body with a hole");
	ok(spool_begin(&two, 3, &b, &e) == 0 && spool_write(&two, "two", 3, &e) == 0,
	   "another writer");
	ok(spool_begin(&one, 9 << 20, &c, &e) == 0 &&
	   spool_write(&one, big, 9 << 20, &e) == 0, "a large body");
	ok(spool_begin(&one, 6, &d, &e) == 0 &&
	   spool_write(&one, "xyz", 3, &e) == 0 && spool_skip(&one, 3, &e) == 0,
	   "a hole at the end");
	ok(spool_flush(&one, &e) == 0 && spool_flush(&two, &e) == 0 &&
	   spool_settle(&s, &e) == 0, "done");
	ok(io_pread(s.fd, back, 5, a) == 5 && memcmp(back, "abc\0\0", 5) == 0,
	   "the first");
	ok(io_pread(s.fd, back, 3, b) == 3 && memcmp(back, "two", 3) == 0,
	   "the other writer's");
	ok(io_pread(s.fd, back, 6, d) == 6 &&
	   memcmp(back, "xyz\0\0\0", 6) == 0, "the last");
	spool_forget(&s, c, 9 << 20);
	ok(io_pread(s.fd, back, 1, c) == 1, "a hole can be read");
	ok(spool_open_beside(&s, "/nonexistent/f", &e) == -1 &&
	   e.class == ERR_SYS, "no such folder");
}

static bool is_digest(const struct spool *s, uint64_t at, const void *body,
		      size_t len)
{
	char want[SHA256_HEX], got[SHA256_HEX];
	uint8_t sum[SHA256_LEN];

	if (io_pread(s->fd, sum, sizeof(sum), at) != sizeof(sum))
		return false;
	hex_encode(sum, sizeof(sum), got);
	sha256_hex(body, len, want);
	return strcmp(want, got) == 0;
}

static void test_digests(void)
{
	AUTO_SPOOL struct spool s = SPOOL_INIT;
	AUTO_SPOOL_WRITER struct spool_writer one = { .spool = NULL };
	AUTO_SPOOL_WRITER struct spool_writer two = { .spool = NULL };
	AUTO_FREE char *big = xcalloc(1, 200000);
	uint64_t a, b, c;

	ok(spool_open_digests(&s, &e) == 0, "open");
	spool_writer_init(&one, &s);
	spool_writer_init(&two, &s);
	ok(spool_begin(&one, 5, &a, &e) == 0 &&
	   spool_write(&one, "abc", 3, &e) == 0 &&
	   spool_begin(&two, 3, &b, &e) == 0 &&
	   spool_write(&two, "two", 3, &e) == 0 &&
	   spool_skip(&one, 2, &e) == 0 && spool_write(&one, "", 0, &e) == 0,
	   "two writers at once");
	big[0] = 'x';
	ok(spool_begin(&one, 200000, &c, &e) == 0 &&
	   spool_write(&one, big, 1, &e) == 0 &&
	   spool_skip(&one, 199999, &e) == 0, "a hole");
	ok(spool_flush(&one, &e) == 0 && spool_flush(&two, &e) == 0 &&
	   spool_settle(&s, &e) == 0 && s.size == 3 * SHA256_LEN,
	   "nothing but digests");
	spool_forget(&s, c, 200000);
	ok(is_digest(&s, a, "abc\0\0", 5) && is_digest(&s, b, "two", 3) &&
	   is_digest(&s, c, big, 200000), "each body's");
}

int main(void)
{
	test_make_folder();
	test_long_targets();
	test_order();
	test_symlinks();
	test_links_and_whiteouts();
	test_limits();
	test_spool();
	test_digests();
	return tap_done();
}
