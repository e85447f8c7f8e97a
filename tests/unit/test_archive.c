/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_archive.c - reading tar: facts, names of any bytes, holes, faults
 */
#include <sys/stat.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "image/archive.h"

#include "tap.h"

#define BLOCK 512
#define FIELD(at, text) memcpy(h + (at), text, strlen(text))

struct feed {			/* hands out a text in small pieces */
	const char *data;
	size_t len, at, piece;
	bool fail;
};

static ssize_t feed_read(void *ctx, const void **data, struct err *e)
{
	struct feed *f = ctx;
	size_t n = f->len - f->at < f->piece ? f->len - f->at : f->piece;

	if (f->fail && n == 0)
		return err_set(e, ERR_VERIFY, "the feed broke");
	*data = f->data + f->at;
	f->at += n;
	return (ssize_t)n;
}

/* POSIX.1-2001 pax, "ustar Interchange Format". */
static void header(struct buf *b, const char *name, char type, size_t size,
		   const char *link, bool gnu)
{
	char h[BLOCK] = { 0 }, number[16];
	unsigned sum = 0;

	FIELD(0, name);
	FIELD(100, "0004755");
	FIELD(108, "0001750");
	FIELD(116, "0000062");
	snprintf(number, sizeof(number), "%011zo", size);
	FIELD(124, number);
	FIELD(136, "14524770624");
	memset(h + 148, ' ', 8);
	h[156] = type;
	FIELD(157, link);
	FIELD(257, gnu ? "ustar  " : "ustar");
	if (!gnu)
		FIELD(263, "00");
	FIELD(329, "0000005");
	FIELD(337, "0000007");
	for (int i = 0; i < BLOCK; i++)
		sum += (unsigned char)h[i];
	snprintf(number, sizeof(number), "%06o", sum);
	memcpy(h + 148, number, 7);
	buf_add(b, h, BLOCK);
}

static void data(struct buf *b, const char *text, size_t len)
{
	static const char zeros[BLOCK];

	buf_add(b, text, len);
	buf_add(b, zeros, (BLOCK - len % BLOCK) % BLOCK);
}

static void end(struct buf *b)
{
	static const char zeros[2 * BLOCK];

	buf_add(b, zeros, sizeof(zeros));
}

/* One record: its length counts itself. */
static void record(struct buf *b, const char *key, const char *value, size_t len)
{
	size_t n = strlen(key) + len + 3, digits = n + 1 > 9 ? n + 2 > 99 ? 3 : 2 : 1;

	buf_addf(b, "%zu %s=", n + digits, key);
	buf_add(b, value, len);
	buf_addc(b, '\n');
}

static void pax(struct buf *b, struct buf *records)
{
	header(b, "pax", 'x', records->len, "", false);
	data(b, records->data, records->len);
	records->len = 0;
}

static struct untar *open_feed(struct feed *f, const struct buf *b, size_t piece)
{
	struct err e = { 0 };
	struct untar *r;

	*f = (struct feed){ b->data, b->len, 0, piece, false };
	r = untar_open(feed_read, f, "t.tar", &e);
	if (!r)
		printf("# %s\n", e.msg);
	return r;
}

static void test_facts(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 20);
	AUTO_UNTAR struct untar *r = NULL;
	struct untar_member m;
	struct err e = { 0 };
	struct feed f;
	const void *d;
	uint64_t at;
	size_t len;

	header(&b, "./a", '0', 5, "", false);
	data(&b, "hello", 5);
	header(&b, "d/", '5', 0, "", false);
	header(&b, "h", '1', 0, "./a", false);
	header(&b, "s", '2', 0, "../t", false);
	header(&b, "null", '3', 0, "", false);
	end(&b);
	buf_adds(&b, "garbage that GNU tar ignores too");
	r = open_feed(&f, &b, 100);
	ok(untar_next(r, &m, &e) == 1, "a file");
	same_str(m.path, "./a", "its path, as it stands there");
	ok(m.mode == (S_IFREG | 04755) && m.uid == 1000 && m.gid == 50 &&
	   m.mtime == 1700000148 && m.size == 5 && !m.hardlink && !m.symlink &&
	   m.n_xattrs == 0, "its facts");
	ok(untar_data(r, &d, &len, &at, &e) == 1 && at == 0 && len > 0 &&
	   memcmp(d, "hello", len) == 0, "its data");
	ok(untar_next(r, &m, &e) == 1 && S_ISDIR(m.mode), "a folder");
	same_str(m.path, "d/", "with its slash");
	ok(untar_next(r, &m, &e) == 1 && m.hardlink, "a hard link");
	same_str(m.hardlink, "./a", "to what");
	ok(untar_next(r, &m, &e) == 1 && S_ISLNK(m.mode), "a symbolic link");
	same_str(m.symlink, "../t", "to what");
	ok(untar_next(r, &m, &e) == 1 && S_ISCHR(m.mode) && m.rdev_major == 5 &&
	   m.rdev_minor == 7, "a device");
	ok(untar_next(r, &m, &e) == 0, "the end");
}

/* The same bytes must come out whatever header holds the name. */
static void test_names(void)
{
	static const char *const names[] = {
		"gr\303\274\303\237e", "inv\377\376alid", "\346\227\245\346\234\254",
		"half\303", "sur\355\240\275\355\270\200", "c:\\back\\slash", "nl\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		AUTO_BUF struct buf b = BUF_INIT(1 << 20);
		AUTO_BUF struct buf rec = BUF_INIT(1 << 16);
		AUTO_UNTAR struct untar *r = NULL;
		struct untar_member m;
		struct err e = { 0 };
		struct feed f;

		header(&b, names[i], '2', 0, names[i], false);
		header(&b, names[i], '2', 0, names[i], true);
		header(&b, "././@LongLink", 'K', strlen(names[i]) + 1, "", true);
		data(&b, names[i], strlen(names[i]) + 1);
		header(&b, "././@LongLink", 'L', strlen(names[i]) + 1, "", true);
		data(&b, names[i], strlen(names[i]) + 1);
		header(&b, "short", '2', 0, "short", true);
		record(&rec, "path", names[i], strlen(names[i]));
		record(&rec, "linkpath", names[i], strlen(names[i]));
		record(&rec, "uname", names[i], strlen(names[i]));
		pax(&b, &rec);
		header(&b, "short", '2', 0, "short", false);
		record(&rec, "linkpath", names[i], strlen(names[i]));
		pax(&b, &rec);
		header(&b, names[i], '1', 0, "short", false);
		end(&b);
		r = open_feed(&f, &b, 1 << 16);
		for (int n = 0; n < 5; n++) {
			if (!ok(untar_next(r, &m, &e) == 1, "a member")) {
				printf("# %s\n", e.msg);
				continue;
			}
			ok(strcmp(m.path, names[i]) == 0, "its raw name");
			ok(strcmp(n < 4 ? m.symlink : m.hardlink, names[i]) == 0,
			   "its raw target");
		}
	}
}

static void test_xattrs(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 20);
	AUTO_BUF struct buf rec = BUF_INIT(1 << 16);
	AUTO_UNTAR struct untar *r = NULL;
	struct untar_member m;
	struct err e = { 0 };
	struct feed f;

	record(&rec, "SCHILY.xattr.security.capability", "\1\0\n\2", 4);
	record(&rec, "SCHILY.xattr.user.gr\303\274n", "", 0);
	record(&rec, "mtime", "-1.5", 4);
	record(&rec, "uid", "4000000000", 10);
	pax(&b, &rec);
	header(&b, "f", '0', 0, "", false);
	record(&rec, "uid", "4294967295", 10);
	pax(&b, &rec);
	header(&b, "g", '0', 0, "", false);
	end(&b);
	r = open_feed(&f, &b, 1 << 16);
	ok(untar_next(r, &m, &e) == 1 && m.n_xattrs == 2, "two attributes");
	for (size_t i = 0; i < m.n_xattrs; i++) {
		const struct untar_xattr *x = &m.xattrs[i];

		if (!strcmp(x->name, "security.capability"))
			ok(x->len == 4 && !memcmp(x->value, "\1\0\n\2", 4),
			   "any bytes");
		else
			ok(!strcmp(x->name, "user.gr\303\274n") && x->len == 0,
			   "any name, no bytes");
	}
	ok(m.uid == 4000000000u, "a large owner");
	ok(m.mtime == -2 || m.mtime == -1, "before 1970");
	ok(untar_next(r, &m, &e) == -1 && e.class == ERR_INPUT,
	   "no owner at all");
	ok(strstr(e.msg, "'g'") != NULL, "and who");
}

/* GNU's sparse format 1.0 in pax, "GNU.sparse.major": 1 MiB with 3 bytes. */
static void test_sparse(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 20);
	AUTO_BUF struct buf rec = BUF_INIT(1 << 16);
	AUTO_UNTAR struct untar *r = NULL;
	struct untar_member m;
	struct err e = { 0 };
	struct feed f;
	const void *d;
	uint64_t at;
	size_t len;

	record(&rec, "GNU.sparse.major", "1", 1);
	record(&rec, "GNU.sparse.minor", "0", 1);
	record(&rec, "GNU.sparse.name", "hole", 4);
	record(&rec, "GNU.sparse.realsize", "1048576", 7);
	pax(&b, &rec);
	header(&b, "GNUSparseFile.0/hole", '0', BLOCK + 3, "", false);
	data(&b, "2\n4096\n3\n1048576\n0\n", 19);
	data(&b, "abc", 3);
	end(&b);
	r = open_feed(&f, &b, 1 << 16);
	ok(untar_next(r, &m, &e) == 1 && m.size == 1048576, "its whole size");
	same_str(m.path, "hole", "its name");
	ok(untar_data(r, &d, &len, &at, &e) == 1 && at == 4096 && len == 3 &&
	   !memcmp(d, "abc", 3), "three bytes, far in");
	while (untar_data(r, &d, &len, &at, &e) == 1)
		ok(len == 0 && at <= m.size, "nothing more");
	ok(untar_next(r, &m, &e) == 0, "the end");
}

static int walk(struct untar *r, struct err *e)
{
	struct untar_member m;
	const void *d;
	uint64_t at;
	size_t len;
	int ret;

	while ((ret = untar_next(r, &m, e)) == 1) {
		while ((ret = untar_data(r, &d, &len, &at, e)) == 1)
			;
		if (ret < 0)
			break;
	}
	return ret;
}

static void test_faults(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 20);
	struct err e = { 0 };
	struct feed f;

	header(&b, "a", '0', 600, "", false);
	data(&b, "x", 1);
	data(&b, "y", 1);
	header(&b, "b", '0', 0, "", false);
	end(&b);
	for (size_t cut = 1; cut < 4 * BLOCK; cut += 100) {
		AUTO_UNTAR struct untar *r = NULL;

		if (cut % BLOCK == 0)
			continue;
		f = (struct feed){ b.data, cut, 0, 77, false };
		memset(&e, 0, sizeof(e));
		r = untar_open(feed_read, &f, "t.tar", &e);
		ok((!r || walk(r, &e) < 0) && e.class == ERR_INPUT &&
		   strstr(e.msg, "t.tar"), "cut off");
	}
	{
		AUTO_UNTAR struct untar *r = NULL;

		f = (struct feed){ b.data, BLOCK + 10, 0, 77, true };
		memset(&e, 0, sizeof(e));
		r = untar_open(feed_read, &f, "t.tar", &e);
		ok((!r || walk(r, &e) < 0) && e.class == ERR_VERIFY,
		   "the callback's own error comes through");
		same_str(e.msg, "the feed broke", "as it is");
	}
	{
		AUTO_UNTAR struct untar *r = NULL;

		b.data[3 * BLOCK + 1] ^= 1;	/* breaks the checksum of b */
		memset(&e, 0, sizeof(e));
		r = open_feed(&f, &b, 1 << 16);
		ok(walk(r, &e) < 0 && e.class == ERR_INPUT, "damaged header");
	}
}

static void test_ends(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 20);
	struct err e = { 0 };
	struct feed f = { "", 0, 0, 10, false };
	AUTO_UNTAR struct untar *none = untar_open(feed_read, &f, "t.tar", &e);
	AUTO_UNTAR struct untar *bare = NULL;

	ok(none && walk(none, &e) == 0, "no byte, no member");
	header(&b, "a", '0', 0, "", false);
	bare = open_feed(&f, &b, 1 << 16);
	ok(walk(bare, &e) == 0, "no zero blocks at the end");
}

int main(void)
{
	test_facts();
	test_names();
	test_xattrs();
	test_sparse();
	test_faults();
	test_ends();
	return tap_done();
}
