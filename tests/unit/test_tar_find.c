/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_tar_find.c - where a file lies in a tar, ours and others'
 */
#include "image/tar_find.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/buf.h"
#include "base/io.h"
#include "image/tarwrite.h"
#include "tap.h"

#define EIF "enclave/application.eif"

static int put(void *ctx, const void *data, size_t len, struct err *e UNUSED)
{
	return buf_append(ctx, data, len);
}

static int look(const struct buf *tar, const char *path, uint64_t *at,
		uint64_t *size, struct err *e)
{
	AUTO_CLOSE int fd = memfd_create("tar", MFD_CLOEXEC);

	*at = *size = 0;
	e->msg[0] = '\0';
	if (fd < 0 || io_write(fd, tar->data, tar->len) < 0)
		return -2;
	return tar_find(fd, path, "test", at, size, e);
}

/* The checksum of the header at that byte, made anew. */
static void mend(struct buf *tar, size_t at)
{
	unsigned sum = 0;
	char text[8];

	memset(tar->data + at + 148, ' ', 8);
	for (size_t i = 0; i < 512; i++)
		sum += (unsigned char)tar->data[at + i];
	snprintf(text, sizeof(text), "%06o", sum & 0777777);
	memcpy(tar->data + at + 148, text, 7);
}

static void make(struct buf *tar)
{
	struct tar_writer w = { .write = put, .ctx = tar };
	struct err e;

	if (tar_dir(&w, "enclave", 0755, &e) < 0 ||
	    tar_put(&w, "enclave/enclaver.yaml", 0644, "name: x\n", 8, &e) < 0 ||
	    tar_file(&w, EIF, 0644, 5, 4096, &e) < 0 ||
	    tar_data(&w, "bytes", 5, &e) < 0 || tar_finish(&w, &e) < 0)
		abort();
}

static void test_ours(void)
{
	AUTO_BUF struct buf tar = BUF_INIT(1 << 20);
	uint64_t at, size;
	struct err e;

	make(&tar);
	ok(look(&tar, EIF, &at, &size, &e) == 1 && size == 5 && at == 4096 &&
	   memcmp(tar.data + at, "bytes", 5) == 0, "behind a header of pax");
	ok(look(&tar, "enclave/enclaver.yaml", &at, &size, &e) == 1 &&
	   size == 8 && memcmp(tar.data + at, "name: x\n", 8) == 0, "a small one");
	ok(look(&tar, "enclave", &at, &size, &e) < 0, "a folder is no file");
	ok(look(&tar, "none", &at, &size, &e) == 0, "what is not there");
	tar.len = 0;
	ok(look(&tar, EIF, &at, &size, &e) == 0, "nothing at all");
}

static void test_wrong(void)
{
	AUTO_BUF struct buf tar = BUF_INIT(1 << 20);
	uint64_t at, size;
	struct err e;

	make(&tar);
	tar.data[0] ^= 1;
	ok(look(&tar, EIF, &at, &size, &e) < 0 && strstr(e.msg, "checksum"),
	   "a wrong checksum");
	tar.data[0] ^= 1;
	memcpy(tar.data + 512 + 124, "77777777777", 11);
	mend(&tar, 512);
	ok(look(&tar, EIF, &at, &size, &e) < 0 && strstr(e.msg, "longer"),
	   "a size behind the end");
	memcpy(tar.data + 512 + 124, "0000000001x", 11);
	mend(&tar, 512);
	ok(look(&tar, EIF, &at, &size, &e) < 0 && strstr(e.msg, "no number"),
	   "a size that is no number");
	memset(tar.data + 512 + 124, 0xff, 12);
	mend(&tar, 512);
	ok(look(&tar, EIF, &at, &size, &e) < 0, "a negative size");
	memcpy(tar.data + 512 + 124, "\x80\0\0\0\0\0\0\0\0\0\0\x08", 12);
	mend(&tar, 512);
	ok(look(&tar, "enclave/enclaver.yaml", &at, &size, &e) == 1 && size == 8,
	   "a size in base 256");
	tar.data[512 + 156] = 'L';
	mend(&tar, 512);
	ok(look(&tar, EIF, &at, &size, &e) < 0, "GNU's long names");
	tar.data[512 + 156] = '2';
	mend(&tar, 512);
	ok(look(&tar, "enclave/enclaver.yaml", &at, &size, &e) < 0,
	   "a link has no bytes: what follows is no header");
}

/* One small file of that name and type, before the one that is looked for. */
static int with(const char *name, int type, bool file)
{
	AUTO_BUF struct buf tar = BUF_INIT(1 << 20);
	struct tar_writer w = { .write = put, .ctx = &tar };
	uint64_t at, size;
	struct err e;

	if (tar_put(&w, name, 0644, "", 0, &e) < 0 ||
	    (file && tar_put(&w, EIF, 0644, "bytes", 5, &e) < 0) ||
	    tar_finish(&w, &e) < 0)
		abort();
	tar.data[156] = (char)type;
	mend(&tar, 0);
	return look(&tar, EIF, &at, &size, &e);
}

/* What an engine would make of the layer counts. */
static void test_engine(void)
{
	static const struct {
		const char *name, *what;
		int type, want;
	} cases[] = {
		{ "other", "another file", '0', 1 },
		{ "./enclave/", "the folder by another spelling", '5', 1 },
		{ "enclave/x", "a link beside it", '2', 1 },
		{ "enclave/.wh.other", "another's whiteout", '0', 1 },
		{ "enclav", "a name that is its beginning", '2', 1 },
		{ "enclave//application.eif", "itself in another spelling", '0', -1 },
		{ "./enclave/./application.eif", "and in another", '2', -1 },
		{ "enclave", "a folder that is a link", '2', -1 },
		{ "enclave/.wh.application.eif", "its whiteout", '0', -1 },
		{ ".wh.enclave", "its folder's whiteout", '0', -1 },
		{ "enclave/.wh..wh..opq", "an opaque folder", '0', -1 },
		{ ".wh..wh..opq", "an opaque root", '0', -1 },
		{ "../enclave/application.eif", "dots", '0', -1 },
		{ "x", "a global header", 'g', -1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ok(with(cases[i].name, cases[i].type, true) == cases[i].want,
		   cases[i].what);
	}
	ok(with("enclave/.wh.application.eif", '0', false) < 0,
	   "a whiteout of what lies below");
}

/* pax records: the first header of a tar that is made of one. */
static void test_pax(void)
{
	static const struct {
		const char *body, *what;
		int want;
	} cases[] = {
		{ "16 path=a/b/cd\n", "a record that is shorter than it says", -1 },
		{ "15 path=a/b/cd\n", "a path", 1 },
		{ "10 size=5\n", "a size", 1 },
		{ "12 size=-55\n", "a negative size", -1 },
		{ "31 size=99999999999999999999999\n", "too large a size", -1 },
		{ "5 x=\n", "no value", 1 },
		{ "22 GNU.sparse.major=1\n", "a sparse file", -1 },
		{ "0 x=1\n", "no length", -1 },
		{ "x", "no record", -1 },
		{ "99999999999999999999 path=x\n", "a length without end", -1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_BUF struct buf tar = BUF_INIT(1 << 20);
		struct tar_writer w = { .write = put, .ctx = &tar };
		char want[] = "a/b/cd";
		uint64_t at, size;
		struct err e;

		if (tar_put(&w, "x", 0644, cases[i].body,
			    strlen(cases[i].body), &e) < 0 ||
		    tar_put(&w, "a/b/cd", 0644, "bytes", 5, &e) < 0 ||
		    tar_finish(&w, &e) < 0)
			abort();
		tar.data[156] = 'x';
		mend(&tar, 0);
		ok(look(&tar, want, &at, &size, &e) == cases[i].want,
		   cases[i].what);
	}
}

int main(void)
{
	test_ours();
	test_wrong();
	test_pax();
	test_engine();
	return tap_done();
}
