/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_store.c - store and store_index
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/io.h"
#include "image/store.h"

#include "tap.h"

static const struct descriptor hello = {
	.media_type = OCI_LAYER,
	.hex = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
	.size = 5,
};

static void test_blobs(struct store *s)
{
	AUTO_BLOB_WRITER struct blob_writer w = BLOB_WRITER_INIT;
	AUTO_BUF struct buf b = BUF_INIT(100);
	AUTO_BUF struct buf small = BUF_INIT(3);
	struct descriptor wrong = hello, got = { .media_type = OCI_LAYER };
	struct err e = { 0 };

	ok(!store_has(s, &hello), "an empty store has nothing");
	ok(store_open_blob(s, &hello, &e) == -1 && e.class == ERR_INPUT,
	   "and says so");
	ok(blob_begin(&w, s, &e) == 0 && blob_write(&w, "hell", 4, &e) == 0,
	   "begin");
	ok(blob_commit(&w, &hello, "layer", &e) == -1 && e.class == ERR_VERIFY,
	   "short");
	blob_abort(&w);
	ok(blob_begin(&w, s, &e) == 0 && blob_write(&w, "hallo", 5, &e) == 0 &&
	   blob_commit(&w, &hello, "layer", &e) == -1 && e.class == ERR_VERIFY,
	   "wrong digest");
	blob_abort(&w);
	ok(!store_has(s, &hello), "neither is published");
	ok(store_put_blob(s, "hello", 5, &got, &e) == 0, "put");
	same_str(got.hex, hello.hex, "digest");
	ok(store_has(s, &hello), "has");
	wrong.size = 6;
	ok(!store_has(s, &wrong), "another size is another blob");
	ok(store_open_blob(s, &wrong, &e) == -1 && e.class == ERR_VERIFY,
	   "opening with a wrong size");
	ok(store_read_blob(s, &hello, &b, &e) == 0, "read");
	same_str(b.data, "hello", "contents");
	ok(store_read_blob(s, &hello, &small, &e) == -1 &&
	   e.class == ERR_INPUT, "larger than the ceiling");
}

static void test_damage(struct store *s)
{
	AUTO_BUF struct buf b = BUF_INIT(100);
	AUTO_CLOSE int fd = -1;
	struct err e = { 0 };
	char path[128];

	snprintf(path, sizeof(path), "blobs/sha256/%s", hello.hex);
	fd = openat(s->dirfd, path, O_WRONLY | O_CLOEXEC);
	ok(fd >= 0 && io_write(fd, "j", 1) == 0, "a bit rots");
	ok(store_read_blob(s, &hello, &b, &e) == -1 && e.class == ERR_VERIFY,
	   "and is noticed");
}

static void test_index(struct store *s)
{
	struct descriptor d = hello, found;
	struct err e = { 0 };

	ok(store_find(s, "app:1", &found, &e) == -1 && e.class == ERR_NO,
	   "no image yet");
	ok(store_tag(s, "app:1", &d, true, &e) == 0, "tag");
	ok(store_find(s, "app:1", &found, &e) == 0, "by its moving name");
	same_str(found.hex, d.hex, "found");
	d.hex[0] = '3';
	ok(store_tag(s, "app:1", &d, true, &e) == 0, "another image");
	ok(store_find(s, "app:1", &found, &e) == 0 && found.hex[0] == '3',
	   "the name moved");
	ok(store_find(s, "app:1@sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e"
		      "1b161e5c1fa7425e73043362938b9824", &found, &e) == 0 &&
	   found.hex[0] == '2', "the old one keeps its fixed name");
	d.hex[0] = '4';
	ok(store_tag(s, "app:1", &d, false, &e) == 0 &&
	   store_find(s, "app:1", &found, &e) == 0 && found.hex[0] == '3',
	   "not moving");
	ok(store_find(s, NULL, &found, &e) == -1 && e.class == ERR_USAGE,
	   "several images need a name");
}

/* Eight processes, twenty names each, at once: none is lost. */
static void test_concurrency(const char *dir, struct store *s)
{
	struct descriptor found;
	struct err e = { 0 };
	int bad = 0, status;
	char name[32];

	for (int p = 0; p < 8; p++) {
		if (fork() > 0)
			continue;
		for (int i = 0; i < 20; i++) {
			AUTO_STORE struct store mine = STORE_INIT;

			snprintf(name, sizeof(name), "p%d:%d", p, i);
			if (store_open(&mine, dir, &e) < 0 ||
			    store_tag(&mine, name, &hello, true, &e) < 0)
				_exit(1);
		}
		_exit(0);
	}
	while (wait(&status) > 0)
		bad += status != 0;
	ok(bad == 0, "eight writers at once");
	for (int p = 0; p < 8; p++)
		for (int i = 0; i < 20; i++) {
			snprintf(name, sizeof(name), "p%d:%d", p, i);
			bad += store_find(s, name, &found, &e) < 0;
		}
	ok(bad == 0, "and no name is lost");
}

int main(void)
{
	char folder[] = "/tmp/enc-test-XXXXXX";
	char dir[128], command[160];
	AUTO_STORE struct store s = STORE_INIT, other = STORE_INIT;
	struct err e = { 0 };
	struct stat st;

	ok(mkdtemp(folder) != NULL, "folder");
	snprintf(dir, sizeof(dir), "%s/a/b", folder);
	ok(store_open_existing(&other, dir, &e) == -1, "not there");
	ok(store_open(&s, dir, &e) == 0, "made");
	ok(store_open_existing(&other, dir, &e) == 0, "and there");
	ok(store_open(&other, "/tmp/a:b", &e) == -1 && e.class == ERR_USAGE,
	   "a colon in the folder's name");
	test_blobs(&s);
	test_damage(&s);
	test_index(&s);
	test_concurrency(dir, &s);
	ok(fstatat(s.dirfd, "tmp", &st, 0) == 0 && st.st_nlink == 2, "tmp");
	snprintf(command, sizeof(command), "%s/tmp", dir);
	ok(rmdir(command) == 0, "no temporary is left");
	if (fork() == 0)
		execlp("rm", "rm", "-rf", folder, (char *)NULL);
	wait(NULL);
	return tap_done();
}
