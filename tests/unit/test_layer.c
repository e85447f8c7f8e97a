/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_layer.c - layer, changeset, blob_tap: layers merged into a tree
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/xalloc.h"
#include "image/changeset.h"
#include "image/layer.h"

#include "tap.h"

#define BLOCK 512

static struct store store = STORE_INIT;
static struct err e;

/* A ustar member by hand: the writer under test elsewhere is not to judge. */
static void member(struct buf *tar, char type, const char *name,
		   const char *link, const char *body)
{
	char h[BLOCK] = "", pad[BLOCK] = "";
	size_t len = strlen(body);
	unsigned int sum = 8 * ' ';

	snprintf(h, 100, "%s", name);
	snprintf(h + 100, 8, "%07o", 0644);
	snprintf(h + 108, 8, "%07o", 5);
	snprintf(h + 116, 8, "%07o", 6);
	snprintf(h + 124, 12, "%011o", (unsigned int)len % 0777777);
	snprintf(h + 136, 12, "%011o", 77);
	h[156] = type;
	snprintf(h + 157, 100, "%s", link);
	memcpy(h + 257, "ustar\00000", 8);
	for (size_t i = 0; i < BLOCK; i++)
		if (i < 148 || i >= 156)
			sum += (unsigned char)h[i];
	snprintf(h + 148, 8, "%06o", sum);
	buf_add(tar, h, BLOCK);
	buf_add(tar, body, len);
	buf_add(tar, pad, (BLOCK - len % BLOCK) % BLOCK);
}

static struct descriptor put(struct buf *tar)
{
	struct descriptor d = { .media_type = OCI_LAYER };
	char end[2 * BLOCK] = "";

	buf_add(tar, end, sizeof(end));
	if (store_put_blob(&store, tar->data, tar->len, &d, &e) < 0)
		printf("# %s\n", e.msg);
	buf_release(tar);
	return d;
}

/* Merges layers[0 … n - 1]; the paths of the tree, one a line, or the error. */
static char *merged(struct descriptor *layers, size_t n, struct spool *spool,
		    struct tree **tree)
{
	struct image img = { .store = store, .doc = { .layers = layers,
						      .n_layers = n } };
	AUTO_TREE_LIST struct tree_list list = { .n = 0 };
	AUTO_BUF struct buf b = BUF_INIT(1 << 20);

	tree_free(*tree);
	*tree = tree_new();
	e.class = ERR_NONE;
	if (layers_merge(&img, spool, *tree, LAYERS_SIZE_MAX, NULL, &e) < 0)
		return xstrdup(e.msg);
	if (tree_sorted(*tree, &list, &e) < 0)
		return xstrdup(e.msg);
	for (size_t i = 0; i < list.n; i++)
		buf_addf(&b, "%s\n", list.paths[i].path);
	return buf_steal(&b);
}

static void check(struct descriptor *layers, size_t n, const char *want,
		  const char *what)
{
	AUTO_TREE struct tree *t = NULL;
	AUTO_FREE char *got = merged(layers, n, NULL, &t);

	same_str(got, want, what);
}

static void test_whiteouts(void)
{
	AUTO_BUF struct buf tar = BUF_INIT(1 << 20);
	struct descriptor layers[3];

	member(&tar, '5', "./d/", "", "");
	member(&tar, '0', "d/a", "", "one");
	member(&tar, '0', "d/b", "", "two");
	member(&tar, '0', "/e", "", "three");
	layers[0] = put(&tar);
	check(layers, 1, "d\nd/a\nd/b\ne\n", "names are made clean");

	/* The file comes before the whiteout of its own name. */
	member(&tar, '0', "d/a", "", "new");
	member(&tar, '0', "d/.wh.a", "", "");
	member(&tar, '0', ".wh.e", "", "");
	member(&tar, '0', "d/.wh..wh.plnk", "", "");
	layers[1] = put(&tar);
	check(layers, 2, "d\nd/a\nd/b\n",
	      "whiteouts concern the layers below alone");

	member(&tar, '0', "d/c", "", "");
	member(&tar, '0', "d/.wh..wh..opq", "", "");
	layers[2] = put(&tar);
	check(layers, 3, "d\nd/c\n", "an opaque folder");

	member(&tar, '0', ".wh..wh..opq", "", "");
	member(&tar, '0', "x", "", "");
	layers[1] = put(&tar);
	check(layers, 2, "x\n", "an opaque root");
}

static bool hides_all(const struct changeset *set, const char *const *paths)
{
	bool all = true;

	for (; *paths; paths++)
		all = changeset_hides(set, *paths) && all;
	return all;
}

static bool hides_any(const struct changeset *set, const char *const *paths)
{
	bool any = false;

	for (; *paths; paths++)
		any = changeset_hides(set, *paths) || any;
	return any;
}

static void test_hides(void)
{
	static const char *const same[] = { "f", "l", "h", "w", "d", NULL };
	static const char *const below[] = { "w/a/b", "o/x", "f/x", "l/x",
					     "h/x", "d/o/x", NULL };
	static const char *const none[] = { "", "d/x", "o", "ff", "w2", "w.x",
					    "dd", "d/f", NULL };
	static const char *const root[] = { "d/x", "ff", NULL };
	struct layers_budget budget = { .size_max = LAYERS_SIZE_MAX };
	AUTO_CHANGESET struct changeset set = { .budget = &budget };
	AUTO_CHANGESET struct changeset all = { .budget = &budget };
	AUTO_BUF struct buf tar = BUF_INIT(1 << 20);
	struct descriptor layer;

	member(&tar, '0', "f", "", "1");
	member(&tar, '2', "l", "d", "");
	member(&tar, '1', "h", "f", "");
	member(&tar, '0', ".wh.w", "", "");
	member(&tar, '5', "d/", "", "");
	member(&tar, '0', "o/.wh..wh..opq", "", "");
	member(&tar, '0', "d/o/.wh..wh..opq", "", "");
	layer = put(&tar);
	ok(changeset_read(&store, &layer, NULL, &set, NULL, &e) == 0, "read");
	changeset_index(&set);
	ok(hides_all(&set, same), "a name hides what had it");
	ok(hides_all(&set, below), "what is no folder any more hides all below");
	ok(!hides_any(&set, none), "a folder hides nothing below, no name a longer one");

	member(&tar, '0', ".wh..wh..opq", "", "");
	layer = put(&tar);
	ok(changeset_read(&store, &layer, NULL, &all, NULL, &e) == 0, "read");
	changeset_index(&all);
	ok(hides_all(&all, root), "an opaque root hides everything");
}

static void test_bodies(void)
{
	AUTO_BUF struct buf tar = BUF_INIT(1 << 20), b = BUF_INIT(100);
	AUTO_BUF struct buf small = BUF_INIT(2);
	AUTO_SPOOL struct spool spool = SPOOL_INIT;
	AUTO_TREE struct tree *t = NULL;
	AUTO_FREE char *paths = NULL;
	struct descriptor layers[2];
	const struct node *n;

	member(&tar, '0', "a", "", "old");
	member(&tar, '0', "keep", "", "kept");
	layers[0] = put(&tar);
	member(&tar, '0', "a", "", "newer");
	member(&tar, '1', "b", "keep", "");
	layers[1] = put(&tar);
	ok(spool_open(&spool, "/tmp", &e) == 0, "spool");
	paths = merged(layers, 2, &spool, &t);
	same_str(paths, "a\nb\nkeep\n", "a hard link into the layer below");
	n = tree_find(t, "a", false);
	ok(n->inode->uid == 5 && n->inode->gid == 6 && n->inode->mtime == 77,
	   "owner and time");
	ok(layer_file(&spool, n->inode, "a", &b, &e) == 0, "read");
	same_str(b.data, "newer", "the upper layer's body");
	n = tree_find(t, "b", false);
	ok(n->inode->nlink == 2 && layer_file(&spool, n->inode, "b", &b, &e) == 0,
	   "the linked one");
	same_str(b.data, "newerkept", "has the lower layer's body");
	ok(layer_file(&spool, n->inode, "b", &small, &e) == -1 &&
	   e.class == ERR_INPUT, "a ceiling");
}

static void test_faults(void)
{
	AUTO_BUF struct buf tar = BUF_INIT(1 << 20);
	AUTO_TREE struct tree *t = NULL;
	AUTO_FREE char *text = NULL;
	struct descriptor d;
	char path[256];

	member(&tar, '0', "a/../../b", "", "x");
	d = put(&tar);
	text = merged(&d, 1, NULL, &t);
	ok(e.class == ERR_INPUT && strstr(text, "leaves the root by '..'"),
	   "'..' is refused");
	free(text);
	member(&tar, '1', "b", "../c", "");
	d = put(&tar);
	text = merged(&d, 1, NULL, &t);
	ok(e.class == ERR_INPUT && strstr(text, "'..'"), "in a link's target too");
	free(text);
	member(&tar, '2', "b", "", "");
	d = put(&tar);
	text = merged(&d, 1, NULL, &t);
	ok(e.class == ERR_INPUT && strstr(text, "has no target"),
	   "a link to nothing");
	free(text);
	buf_add(&tar, "this is no tar, and long enough to be seen as none", 50);
	d = put(&tar);
	text = merged(&d, 1, NULL, &t);
	ok(e.class == ERR_INPUT && strncmp(text, "layer 1 (", 9) == 0,
	   "not a tar");
	free(text);

	member(&tar, '0', "a", "", "x");
	d = put(&tar);
	snprintf(path, sizeof(path), "%s/blobs/sha256/%s", store.dir, d.hex);
	ok(chmod(path, 0644) == 0, "a blob");
	FILE *f = fopen(path, "r+");
	ok(f && fseek(f, 600, SEEK_SET) == 0 && fputc('!', f) == '!' &&
	   fclose(f) == 0, "with a flipped bit");
	text = merged(&d, 1, NULL, &t);
	ok(e.class == ERR_VERIFY && t->n_nodes == 1,
	   "is found out, and nothing was applied");
	free(text);
	unlink(path);
	text = merged(&d, 1, NULL, &t);
	ok(e.class == ERR_INPUT && strstr(text, "pull the image again"),
	   "a missing blob");
}

/* Gigabytes of names are not made for a test: so many were there before. */
static void test_memory(void)
{
	AUTO_BUF struct buf tar = BUF_INIT(1 << 20);
	AUTO_CHANGESET struct changeset one = { .n = 0 }, two = { .n = 0 };
	struct layers_budget budget = {
		.memory = LAYERS_MEMORY_MAX - 300, .size_max = UINT64_MAX,
	};
	struct descriptor d;

	one.budget = two.budget = &budget;
	member(&tar, '0', "a", "", "");
	d = put(&tar);
	ok(changeset_read(&store, &d, NULL, &one, NULL, &e) == 0 &&
	   one.n == 1 && budget.memory > LAYERS_MEMORY_MAX - 300,
	   "a name takes memory");
	member(&tar, '0', "a", "", "");
	member(&tar, '2', "l", "to", "");
	d = put(&tar);
	ok(changeset_read(&store, &d, NULL, &two, NULL, &e) < 0 &&
	   e.class == ERR_INPUT && strstr(e.msg, "names and attributes"),
	   "and no more than there is");
}

int main(void)
{
	char folder[] = "/tmp/enc-test-XXXXXX";

	ok(mkdtemp(folder) && store_open(&store, folder, &e) == 0, "store");
	test_whiteouts();
	test_hides();
	test_bodies();
	test_faults();
	test_memory();
	store_release(&store);
	if (fork() == 0)
		execlp("rm", "rm", "-rf", folder, (char *)NULL);
	wait(NULL);
	return tap_done();
}
