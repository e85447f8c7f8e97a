/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tar_strict.c - archives that two readers could read as two
 */
#include "image/tar_strict.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/xalloc.h"

#define BLOCK 512

enum {				/* offsets in a header */
	AT_NAME = 0, AT_MODE = 100, AT_UID = 108, AT_GID = 116, AT_SIZE = 124,
	AT_MTIME = 136, AT_CHECKSUM = 148, AT_TYPE = 156, AT_MAGIC = 257, AT_MAJOR = 329,
	AT_MINOR = 337, AT_SPARSE_MORE = 482, AT_STAR = 508,
};
#define AT_EXTENSION_MORE 504	/* in a block of a GNU sparse map */

enum key { KEY_PATH = 1, KEY_LINKPATH = 2, KEY_SPARSE_NAME = 4 };

enum want { HEADER, TEXT, SPARSE_MAP, SECOND_ZERO, NOTHING };

struct tar_strict {
	untar_read_fn *read;
	void	      *ctx;
	enum want      want;	/* what the next block is */
	uint64_t       skip;	/* bytes until it comes */
	uint8_t	       block[BLOCK];
	size_t	       fill;
	struct buf     text;	/* of a pax header */
	uint64_t       left;	/* bytes of it still to come */
	/* What stands before a member and is meant for it. */
	bool	       has_pax, has_name, has_link, has_size;
	unsigned       keys;	/* of the pax header: bits of enum key */
	uint64_t       size;	/* of the member, by the pax header */
	uint64_t       data;	/* behind a sparse map */
};

struct tar_strict *tar_strict_new(untar_read_fn *read, void *ctx)
{
	struct tar_strict *t = xcalloc(1, sizeof(*t));

	t->read = read;
	t->ctx = ctx;
	t->text.max = TAR_TEXT_MAX;
	return t;
}

void tar_strict_free(struct tar_strict *t)
{
	if (!t)
		return;
	buf_release(&t->text);
	free(t);
}

static int doubtful(const struct tar_strict *t, const char *why, struct err *e)
{
	return err_set(e, ERR_INPUT,
		       "'%.100s' in the layer's archive %s: programs read that in different ways",
		       (const char *)t->block + AT_NAME, why);
}

/* Blanks, octal digits, and from the first other byte on only blanks and
 * NULs; or base 256.  Readers differ in what they make of anything else. */
static bool is_number(const uint8_t *field, size_t len)
{
	size_t i = 0;

	if (field[0] & 0x80)
		return true;
	while (i < len && field[i] == ' ')
		i++;
	while (i < len && field[i] >= '0' && field[i] <= '7')
		i++;
	while (i < len && (field[i] == ' ' || field[i] == '\0'))
		i++;
	return i == len;
}

/* -1 for what is no size. */
static int64_t size_of(const uint8_t *field)
{
	uint64_t n = 0;
	size_t i = 0;

	if (field[0] & 0x80) {
		if (field[0] != 0x80 || field[1] || field[2] || field[3] ||
		    field[4] & 0x80)
			return -1;
		for (i = 4; i < 12; i++)
			n = n << 8 | field[i];
		return (int64_t)n;
	}
	while (i < 12 && field[i] == ' ')
		i++;
	for (; i < 12 && field[i] >= '0' && field[i] <= '7'; i++)
		n = n << 3 | (uint64_t)(field[i] - '0');
	return (int64_t)n;
}

static int check_fields(const struct tar_strict *t, struct err *e)
{
	static const struct { size_t at, len; } numbers[] = {
		{ AT_MODE, 8 }, { AT_UID, 8 }, { AT_GID, 8 }, { AT_SIZE, 12 },
		{ AT_MTIME, 12 },
	};
	const uint8_t *h = t->block;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (!is_number(h + numbers[i].at, numbers[i].len))
			return doubtful(t, "has a number that is none", e);
	if ((h[AT_TYPE] == '3' || h[AT_TYPE] == '4') &&
	    (!is_number(h + AT_MAJOR, 8) || !is_number(h + AT_MINOR, 8)))
		return doubtful(t, "has a number that is none", e);
	if (memcmp(h + AT_MAGIC, "ustar", 5) == 0 &&
	    memcmp(h + AT_MAGIC, "ustar\0", 6) != 0 &&
	    memcmp(h + AT_MAGIC, "ustar  \0", 8) != 0)
		return doubtful(t, "is of no known format", e);
	if (memcmp(h + AT_MAGIC, "ustar\0", 6) == 0 &&
	    memcmp(h + AT_STAR, "tar\0", 4) == 0)
		return doubtful(t, "is in star's format", e);
	return 0;
}

/* The member itself: its data is behind it, and what was said before it is
 * used up. */
static int member(struct tar_strict *t, uint64_t size, struct err *e)
{
	uint8_t type = t->block[AT_TYPE];

	/* GNU's long names and those of pax: who comes last? */
	if ((t->has_name && t->keys & (KEY_PATH | KEY_SPARSE_NAME)) ||
	    (t->has_link && t->keys & KEY_LINKPATH))
		return doubtful(t, "has two long names", e);
	if (t->has_size)
		size = t->size;
	if (type >= '1' && type <= '6' && size > 0)
		return doubtful(t, "has a size and is no file", e);
	t->has_pax = t->has_name = t->has_link = t->has_size = false;
	t->keys = 0;
	if (type == 'S' && t->block[AT_SPARSE_MORE]) {
		t->want = SPARSE_MAP;
		t->data = size;
		return 0;
	}
	t->skip = (size + BLOCK - 1) / BLOCK * BLOCK;
	return 0;
}

/* The sum of all bytes, those of the field itself as blanks; some programs
 * once took bytes for signed. */
static bool checksum_is_right(const uint8_t *h)
{
	uint32_t want = 0;
	uint32_t sum = 0;
	int32_t old = 0;

	if (h[AT_CHECKSUM] & 0x80 || !is_number(h + AT_CHECKSUM, 8))
		return false;
	for (size_t i = AT_CHECKSUM; i < AT_TYPE; i++)
		if (h[i] >= '0' && h[i] <= '7')
			want = want << 3 | (uint32_t)(h[i] - '0');
	for (size_t i = 0; i < BLOCK; i++) {
		uint8_t c = i >= AT_CHECKSUM && i < AT_TYPE ? ' ' : h[i];

		sum += c;
		old += (int8_t)c;
	}
	return want == sum || (int32_t)want == old;
}

static int header(struct tar_strict *t, struct err *e)
{
	int64_t size = size_of(t->block + AT_SIZE);
	bool pending = t->has_pax || t->has_name || t->has_link;

	if (!checksum_is_right(t->block))
		return err_set(e, ERR_INPUT,
			       "the layer's archive is damaged, or no tar: a header has a wrong checksum");
	if (check_fields(t, e) < 0)
		return -1;
	if (size < 0)
		return doubtful(t, "has a size that is none", e);
	switch (t->block[AT_TYPE]) {
	case '\0': case '0': case '1': case '2': case '3': case '4':
	case '5': case '6': case 'S':
		return member(t, (uint64_t)size, e);
	case 'x':
		if (t->has_pax || size > TAR_TEXT_MAX)
			break;
		t->has_pax = true;
		t->want = size > 0 ? TEXT : HEADER;
		t->left = (uint64_t)size;
		t->text.len = 0;
		return 0;
	case 'L': case 'K':
		if (t->block[AT_TYPE] == 'L' ? t->has_name : t->has_link)
			break;
		if (t->block[AT_TYPE] == 'L')
			t->has_name = true;
		else
			t->has_link = true;
		t->skip = ((uint64_t)size + BLOCK - 1) / BLOCK * BLOCK;
		return 0;
	case 'g':
		if (pending)
			break;
		t->skip = ((uint64_t)size + BLOCK - 1) / BLOCK * BLOCK;
		return 0;
	default:
		return doubtful(t, "is of a type that is no file's", e);
	}
	return doubtful(t, "has headers that contradict each other", e);
}

/* One record, "LENGTH KEY=VALUE\n": its length, or 0 when it is none. */
static size_t record(const char *at, size_t left, const char **key,
		     size_t *key_len, const char **value, size_t *value_len)
{
	size_t len = 0, i = 0;
	const char *equals;

	for (; i < left && i < 8 && at[i] >= '0' && at[i] <= '9'; i++)
		len = 10 * len + (size_t)(at[i] - '0');
	if (i == 0 || i >= left || at[i] != ' ' || len < i + 4 || len > left ||
	    at[len - 1] != '\n')
		return 0;
	*key = at + i + 1;
	equals = memchr(*key, '=', len - i - 2);
	if (!equals || equals == *key)
		return 0;
	*key_len = (size_t)(equals - *key);
	*value = equals + 1;
	*value_len = (size_t)(at + len - 1 - *value);
	return len;
}

/* Does the key decide what the member is?  Its bit, the first three of which
 * have names, or 0. */
static unsigned key_bit(const char *key, size_t len)
{
	static const char *const keys[] = {
		"path", "linkpath", "GNU.sparse.name", "size",
		"GNU.sparse.realsize", "GNU.sparse.size", "GNU.sparse.map",
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strlen(keys[i]) == len && memcmp(keys[i], key, len) == 0)
			return 1u << i;
	return 0;
}

static bool read_size(struct tar_strict *t, const char *value, size_t len)
{
	uint64_t n = 0;

	if (len > 18)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (value[i] < '0' || value[i] > '9')
			return false;
		n = 10 * n + (uint64_t)(value[i] - '0');
	}
	t->has_size = true;
	t->size = n;
	return true;
}

static int pax_text(struct tar_strict *t, struct err *e)
{
	t->keys = 0;
	for (size_t at = 0; at < t->text.len;) {
		const char *key, *value;
		size_t key_len, value_len;
		size_t len = record(t->text.data + at, t->text.len - at, &key,
				    &key_len, &value, &value_len);
		unsigned bit = len ? key_bit(key, key_len) : 0;

		if (len == 0 || t->keys & bit || (bit && value_len == 0) ||
		    (key_len == 4 && memcmp(key, "size", 4) == 0 &&
		     !read_size(t, value, value_len)))
			return err_set(e, ERR_INPUT,
				       "a pax header in the layer's archive says the same thing twice, or nothing: programs read that in different ways");
		t->keys |= bit;
		at += len;
	}
	return 0;
}

static int text_block(struct tar_strict *t, struct err *e)
{
	size_t n = t->left < BLOCK ? (size_t)t->left : BLOCK;

	buf_add(&t->text, t->block, n);
	t->left -= n;
	if (t->left > 0)
		return 0;
	t->want = HEADER;
	return pax_text(t, e);
}

static bool is_zero(const uint8_t *block)
{
	for (size_t i = 0; i < BLOCK; i++)
		if (block[i])
			return false;
	return true;
}

static int take_block(struct tar_strict *t, struct err *e)
{
	switch (t->want) {
	case HEADER:
		if (!is_zero(t->block))
			return header(t, e);
		t->want = SECOND_ZERO;
		return 0;
	case TEXT:
		return text_block(t, e);
	case SPARSE_MAP:
		if (!t->block[AT_EXTENSION_MORE]) {
			t->want = HEADER;
			t->skip = (t->data + BLOCK - 1) / BLOCK * BLOCK;
		}
		return 0;
	case SECOND_ZERO:
		if (!is_zero(t->block))
			return err_set(e, ERR_INPUT,
				       "the layer's archive goes on behind a block of zeros: programs read that in different ways");
		t->want = NOTHING;
		return 0;
	case NOTHING:
		break;
	}
	return 0;
}

static int look(struct tar_strict *t, const uint8_t *data, size_t len,
		struct err *e)
{
	while (len > 0 && t->want != NOTHING) {
		size_t n = t->skip > 0 ? (t->skip < len ? (size_t)t->skip : len) :
			   len < BLOCK - t->fill ? len : BLOCK - t->fill;

		if (t->skip > 0) {
			t->skip -= n;
		} else {
			memcpy(t->block + t->fill, data, n);
			t->fill += n;
		}
		data += n;
		len -= n;
		if (t->fill == BLOCK) {
			t->fill = 0;
			if (take_block(t, e) < 0)
				return -1;
		}
	}
	return 0;
}

ssize_t tar_strict_read(void *ctx, const void **data, struct err *e)
{
	struct tar_strict *t = ctx;
	ssize_t n = t->read(t->ctx, data, e);

	if (n > 0 && look(t, *data, (size_t)n, e) < 0)
		return -1;
	return n;
}
