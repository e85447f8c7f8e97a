/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_gunzip.c - gunzip and isal: what comes out is what zlib put in
 */
#include <zlib.h>

#include "base/buf.h"
#include "base/isal.h"
#include "base/xalloc.h"
#include "image/gunzip.h"

#include "tap.h"

#define PLAIN_SIZE (700 << 10)	/* more than two of the reader's blocks */

struct source {
	const char *data;
	size_t	    len, step;	/* handed out at most step bytes at a time */
};

static ssize_t give(void *ctx, const void **data, struct err *e UNUSED)
{
	struct source *s = ctx;
	size_t n = s->len < s->step ? s->len : s->step;

	*data = s->data;
	s->data += n;
	s->len -= n;
	return (ssize_t)n;
}

/* All that comes out, in b; -1 with *e. */
static int drain(const char *data, size_t len, size_t step, struct buf *b,
		 struct err *e)
{
	struct source s = { data, len, step };
	AUTO_GUNZIP struct gunzip *g = gunzip_new(give, &s, "test");
	const void *piece;
	ssize_t n;

	b->len = 0;
	while ((n = gunzip_read(g, &piece, e)) > 0)
		if (buf_append(b, piece, (size_t)n) < 0)
			return err_set(e, ERR_SYS, "too much came out");
	return (int)n;
}

/* Text with repetitions, near and far. */
static char *plain_new(void)
{
	char *plain = xmalloc(PLAIN_SIZE);
	uint32_t x = 1;

	for (size_t i = 0; i < PLAIN_SIZE; i++) {
		x = x * 1103515245 + 12345;
		plain[i] = i > 40000 && x >> 29 ? plain[i - 30000] :
						  (char)(x >> 16);
	}
	return plain;
}

/* One gzip member appended to out, its header plain or with all it may have. */
static void gzip(struct buf *out, const char *plain, size_t len, int level,
		 bool header)
{
	static Bytef name[] = "name", extra[] = "extra field";
	gz_header h = { .name = name, .extra = extra, .extra_len = 11,
			.hcrc = 1, .comment = name };
	z_stream z = { .next_in = NULL };
	size_t room = len + len / 100 + 200;
	AUTO_FREE char *to = xmalloc(room);

	deflateInit2(&z, level, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
	if (header)
		deflateSetHeader(&z, &h);
	memcpy(&z.next_in, &plain, sizeof(plain));
	z.avail_in = (uInt)len;
	z.next_out = (Bytef *)to;
	z.avail_out = (uInt)room;
	deflate(&z, Z_FINISH);
	buf_add(out, to, z.total_out);
	deflateEnd(&z);
}

static void test_levels(const char *plain, struct buf *back)
{
	static const int levels[] = { 0, 1, 6, 9 };
	struct err e = { .class = ERR_NONE };

	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		AUTO_BUF struct buf gz = BUF_INIT(2 * PLAIN_SIZE);
		char what[32];

		gzip(&gz, plain, PLAIN_SIZE, levels[i], i & 1);
		snprintf(what, sizeof(what), "level %d", levels[i]);
		ok(drain(gz.data, gz.len, gz.len, back, &e) == 0 &&
		   back->len == PLAIN_SIZE &&
		   memcmp(back->data, plain, PLAIN_SIZE) == 0, what);
		ok(drain(gz.data, gz.len, 2, back, &e) == 0 &&
		   back->len == PLAIN_SIZE &&
		   memcmp(back->data, plain, PLAIN_SIZE) == 0,
		   "two bytes at a time");
	}
}

static void test_members(const char *plain, struct buf *back)
{
	AUTO_BUF struct buf gz = BUF_INIT(2 * PLAIN_SIZE);
	struct err e = { .class = ERR_NONE };

	gzip(&gz, plain, 1000, 6, true);
	gzip(&gz, plain, 0, 6, false);
	gzip(&gz, plain + 1000, PLAIN_SIZE - 1000, 1, true);
	buf_add(&gz, "\0\0\0\0 tail", 9);
	ok(drain(gz.data, gz.len, 1000, back, &e) == 0 &&
	   back->len == PLAIN_SIZE &&
	   memcmp(back->data, plain, PLAIN_SIZE) == 0,
	   "three members and a tail");
}

static void test_twice(const char *plain, struct buf *back)
{
	AUTO_BUF struct buf once = BUF_INIT(PLAIN_SIZE);
	AUTO_BUF struct buf twice = BUF_INIT(PLAIN_SIZE);
	struct err e = { .class = ERR_NONE };

	gzip(&once, plain, 1000, 6, false);
	gzip(&twice, once.data, once.len, 6, false);
	ok(drain(twice.data, twice.len, 100, back, &e) == -1 &&
	   e.class == ERR_INPUT, "gzip in gzip is refused");
	same_str(e.msg, "archive 'test' is compressed more than once", "so");
}

/* A damaged stream is an error, or else nothing but the header's own fields
 * was damaged and all is right. */
static void test_damage(const char *plain, struct buf *back)
{
	AUTO_BUF struct buf gz = BUF_INIT(PLAIN_SIZE);
	struct err e = { .class = ERR_NONE };
	int wrong = 0, cut = 0;

	gzip(&gz, plain, 3000, 6, false);
	for (size_t i = 2; i < gz.len; i++) {
		gz.data[i] ^= 0x10;
		if (drain(gz.data, gz.len, 512, back, &e) == 0)
			wrong += back->len != 3000 ||
				 memcmp(back->data, plain, 3000) != 0;
		gz.data[i] ^= 0x10;
	}
	ok(wrong == 0, "a flipped bit never gives other bytes");
	for (size_t n = 2; n < gz.len; n++)
		cut += drain(gz.data, n, 512, back, &e) == -1 &&
		       e.class == ERR_INPUT;
	ok((size_t)cut == gz.len - 2, "every cut is noticed");
}

static void test_pass(struct buf *back)
{
	struct err e = { .class = ERR_NONE };

	ok(drain("plain text", 10, 4, back, &e) == 0 && back->len == 10 &&
	   memcmp(back->data, "plain text", 10) == 0, "no gzip passes");
	ok(drain("", 0, 1, back, &e) == 0 && back->len == 0, "nothing too");
}

static void test_crc(const char *plain)
{
	uint32_t crc = 0;

	for (size_t i = 0; i < PLAIN_SIZE; i += 1 + i / 2)
		crc = crc32_more(crc, plain + i, i + 1 + i / 2 < PLAIN_SIZE ?
				 1 + i / 2 : PLAIN_SIZE - i);
	ok(crc == crc32_z(0, (const Bytef *)plain, PLAIN_SIZE),
	   "CRC-32 in pieces is zlib's");
}

int main(void)
{
	AUTO_FREE char *plain = plain_new();
	AUTO_BUF struct buf back = BUF_INIT(2 * PLAIN_SIZE);

	test_crc(plain);
	test_pass(&back);
	if (!isal()) {
		printf("ok %d # SKIP ISA-L is not here\n", ++tap_run);
		return tap_done();
	}
	test_levels(plain, &back);
	test_members(plain, &back);
	test_twice(plain, &back);
	test_damage(plain, &back);
	return tap_done();
}
