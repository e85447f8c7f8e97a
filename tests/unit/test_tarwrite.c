/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_tarwrite.c - tarwrite, read back by libarchive
 */
#include <sys/stat.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/xalloc.h"
#include "image/archive.h"
#include "image/tarwrite.h"

#include "tap.h"

#define OUT_MAX	 (4u << 20)
#define LIST_MAX 65536
#define LINKNAME 157	/* in the header; POSIX.1-2017, pax */

struct input {
	const void *data;
	size_t len;
};

static ssize_t from_memory(void *ctx, const void **data, struct err *e UNUSED)
{
	struct input *in = ctx;
	size_t len = in->len;

	*data = in->data;
	in->len = 0;
	return (ssize_t)len;
}

/* "PATH MODE UID:GID MTIME SIZE DATA" for each member, a line each. */
static char *list(const struct buf *tar)
{
	struct input in = { tar->data, tar->len };
	AUTO_BUF struct buf out = BUF_INIT(LIST_MAX);
	AUTO_UNTAR struct untar *r = NULL;
	struct untar_member m;
	struct err e = { 0 };
	int more;

	r = untar_open(from_memory, &in, "tar", &e);
	while (r && (more = untar_next(r, &m, &e)) > 0) {
		const void *data;
		uint64_t at;
		size_t len;

		buf_addf(&out, "%s %o %u:%u %jd %ju ", m.path, m.mode, m.uid,
			 m.gid, (intmax_t)m.mtime, (uintmax_t)m.size);
		while (m.size < 100 && untar_data(r, &data, &len, &at, &e) > 0)
			buf_add(&out, data, len);
		buf_addc(&out, '\n');
	}
	buf_adds(&out, e.msg);
	return buf_steal(&out);
}

static int to_buf(void *ctx, const void *data, size_t len, struct err *e)
{
	if (buf_append(ctx, data, len) < 0)
		return err_set(e, ERR_SYS, "full");
	return 0;
}

static void test_entries(void)
{
	AUTO_BUF struct buf out = BUF_INIT(OUT_MAX);
	struct tar_writer w = { .write = to_buf, .ctx = &out };
	AUTO_FREE char *got = NULL;
	struct err e = { 0 };
	char hex[SHA256_HEX];

	ok(tar_dir(&w, "etc/enclaver", 0755, &e) == 0, "a directory");
	ok(tar_put(&w, "etc/enclaver/a", 0644, "hello", 5, &e) == 0, "a file");
	ok(tar_put(&w, "sbin/odyn", 0755, "", 0, &e) == 0, "an empty file");
	ok(tar_finish(&w, &e) == 0, "the end");
	ok(out.len == w.offset && out.len == 6 * 512, "and its size");
	got = list(&out);
	same_str(got, "etc/enclaver/ 40755 0:0 0 0 \n"
		 "etc/enclaver/a 100644 0:0 0 5 hello\n"
		 "sbin/odyn 100755 0:0 0 0 \n", "libarchive reads it");
	sha256_hex(out.data, out.len, hex);
	same_str(hex, "cc0f03230273a588b70d627a5d134830"
		 "80c46917e85962fe6c51a759da7f6341", "the same bytes for ever");
}

static void test_symlink(void)
{
	AUTO_BUF struct buf out = BUF_INIT(OUT_MAX);
	struct tar_writer w = { .write = to_buf, .ctx = &out };
	AUTO_FREE char *got = NULL;
	char longest[TAR_LINK_MAX + 1];
	struct err e;

	memset(longest, 't', TAR_LINK_MAX);
	longest[TAR_LINK_MAX] = '\0';
	ok(tar_symlink(&w, "bin/a", "b", &e) == 0 &&
	   tar_symlink(&w, "bin/c", longest, &e) == 0 &&
	   tar_put(&w, "bin/d", 0644, "5", 1, &e) == 0 &&
	   tar_finish(&w, &e) == 0, "symbolic links");
	got = list(&out);
	same_str(got, "bin/a 120777 0:0 0 0 \nbin/c 120777 0:0 0 0 \n"
		 "bin/d 100644 0:0 0 1 5\n", "libarchive reads them");
	ok(strcmp(out.data + LINKNAME, "b") == 0 &&
	   memcmp(out.data + 512 + LINKNAME, longest, TAR_LINK_MAX) == 0,
	   "and they lead where they should");
}

/* Wherever the header falls, the data is at a multiple of 4096. */
static void test_align(void)
{
	for (size_t before = 0; before < 9; before++) {
		AUTO_BUF struct buf out = BUF_INIT(OUT_MAX);
		struct tar_writer w = { .write = to_buf, .ctx = &out };
		AUTO_FREE char *got = NULL;
		struct err e;

		for (size_t i = 0; i < before; i++)
			ok(tar_put(&w, "x", 0644, "", 0, &e) == 0, "before");
		ok(tar_file(&w, "data", 0644, 4, 4096, &e) == 0 &&
		   w.offset % 4096 == 0, "data begins at a multiple of 4096");
		ok(tar_data(&w, "1234", 4, &e) == 0 &&
		   tar_put(&w, "after", 0644, "5", 1, &e) == 0 &&
		   tar_finish(&w, &e) == 0, "and goes on");
		got = list(&out);
		same_str(got + before * strlen("x 100644 0:0 0 0 \n"),
			 "data 100644 0:0 0 4 1234\nafter 100644 0:0 0 1 5\n",
			 "and can be read");
	}
}

static void test_long_path(void)
{
	/* Lengths around those where the record's length gets a digit. */
	for (size_t len = 84; len < 1010; len += len < 112 ? 1 : 297) {
		AUTO_FREE char *path = xcalloc(1, len + 1), *got = NULL;
		AUTO_FREE char *want = NULL;
		AUTO_BUF struct buf out = BUF_INIT(OUT_MAX);
		struct tar_writer w = { .write = to_buf, .ctx = &out };
		struct err e;

		memset(path, 'p', len);
		ok(tar_put(&w, path, 0644, "d", 1, &e) == 0 &&
		   tar_finish(&w, &e) == 0, "a long path");
		want = xasprintf("%s 100644 0:0 0 1 d\n", path);
		got = list(&out);
		same_str(got, want, "is read whole");
	}
}

static void test_big(void)
{
	AUTO_BUF struct buf out = BUF_INIT(OUT_MAX);
	struct tar_writer w = { .write = to_buf, .ctx = &out };
	uint64_t size = UINT64_C(10) << 30;
	static const char want[] = "big 100644 0:0 0 10737418240 \n";
	AUTO_FREE char *got = NULL;
	struct err e;

	ok(tar_file(&w, "big", 0644, size, 4096, &e) == 0, "10 GiB");
	ok(w.offset == 4096, "aligned");
	got = list(&out);
	ok(strncmp(got, want, strlen(want)) == 0,
	   "libarchive reads its size");
	tar_passed(&w, size);
	ok(w.left == 0 && w.offset == size + 4096, "bytes that went by");
}

int main(void)
{
	test_entries();
	test_symlink();
	test_align();
	test_long_path();
	test_big();
	return tap_done();
}
