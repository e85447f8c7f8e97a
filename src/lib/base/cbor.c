/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cbor.c - the part of CBOR (RFC 8949) that Nitro's formats are made of
 */
#include "base/cbor.h"

#include <string.h>

#define DEPTH_MAX 16
#define INDEFINITE 31		/* section 3.2 */
#define BREAK	   0xff
#define FALSE	   20		/* section 3.3 */
#define TRUE	   21
#define NIL	   22

enum major {			/* RFC 8949 section 3.1 */
	MAJOR_UINT, MAJOR_NINT, MAJOR_BYTES, MAJOR_TEXT,
	MAJOR_ARRAY, MAJOR_MAP, MAJOR_TAG, MAJOR_SIMPLE,
};

static void put_head(struct buf *b, enum major major, uint64_t value)
{
	size_t bytes = value < 24 ? 0 : value <= UINT8_MAX ? 1 :
		       value <= UINT16_MAX ? 2 : value <= UINT32_MAX ? 4 : 8;
	unsigned int info = bytes == 0 ? (unsigned int)value :
			    bytes == 1 ? 24 : bytes == 2 ? 25 :
			    bytes == 4 ? 26 : 27;

	buf_addc(b, (char)((unsigned int)major << 5 | info));
	while (bytes-- > 0)
		buf_addc(b, (char)(value >> 8 * bytes & 0xff));
}

void cbor_put_int(struct buf *b, int64_t value)
{
	if (value >= 0)
		put_head(b, MAJOR_UINT, (uint64_t)value);
	else
		put_head(b, MAJOR_NINT, (uint64_t)(-1 - value));
}

void cbor_put_bytes(struct buf *b, const void *data, size_t len)
{
	put_head(b, MAJOR_BYTES, len);
	buf_add(b, data, len);
}

void cbor_put_text(struct buf *b, const char *text)
{
	put_head(b, MAJOR_TEXT, strlen(text));
	buf_adds(b, text);
}

void cbor_put_array(struct buf *b, size_t items)
{
	put_head(b, MAJOR_ARRAY, items);
}

void cbor_put_map(struct buf *b, size_t pairs)
{
	put_head(b, MAJOR_MAP, pairs);
}

void cbor_put_null(struct buf *b)
{
	put_head(b, MAJOR_SIMPLE, NIL);
}

void cbor_put_byte_array(struct buf *b, const void *data, size_t len)
{
	const uint8_t *byte = data;

	cbor_put_array(b, len);
	for (size_t i = 0; i < len; i++)
		cbor_put_int(b, byte[i]);
}

static size_t left(const struct cbor *c)
{
	return (size_t)(c->end - c->at);
}

static int get_head(struct cbor *c, enum major *major, uint64_t *value)
{
	unsigned int info;
	size_t bytes;

	if (left(c) < 1)
		return -1;
	*major = *c->at >> 5;
	info = *c->at++ & 31;
	*value = info;
	if (info < 24)
		return 0;
	if (info > 27)		/* reserved, or an indefinite length */
		return -1;
	bytes = (size_t)1 << (info - 24);
	if (left(c) < bytes)
		return -1;
	*value = 0;
	while (bytes-- > 0)
		*value = *value << 8 | *c->at++;
	return 0;
}

static int get_kind(struct cbor *c, enum major want, uint64_t *value)
{
	enum major major;

	return get_head(c, &major, value) < 0 || major != want ? -1 : 0;
}

int cbor_get_int(struct cbor *c, int64_t *value)
{
	enum major major;
	uint64_t n;

	if (get_head(c, &major, &n) < 0 || n > INT64_MAX ||
	    (major != MAJOR_UINT && major != MAJOR_NINT))
		return -1;
	*value = major == MAJOR_UINT ? (int64_t)n : -1 - (int64_t)n;
	return 0;
}

static int get_string(struct cbor *c, enum major want, const uint8_t **data,
		      size_t *len)
{
	uint64_t n;

	if (get_kind(c, want, &n) < 0 || n > left(c))
		return -1;
	*data = c->at;
	*len = (size_t)n;
	c->at += n;
	return 0;
}

int cbor_get_bytes(struct cbor *c, const uint8_t **data, size_t *len)
{
	return get_string(c, MAJOR_BYTES, data, len);
}

int cbor_get_text(struct cbor *c, const char **text, size_t *len)
{
	const uint8_t *data;

	if (get_string(c, MAJOR_TEXT, &data, len) < 0)
		return -1;
	*text = (const char *)data;
	return 0;
}

/* An item takes a byte at least, so a count past what is left is a lie. */
static int get_count(struct cbor *c, enum major want, size_t *count)
{
	uint64_t n;

	if (get_kind(c, want, &n) < 0 || n > left(c))
		return -1;
	*count = (size_t)n;
	return 0;
}

int cbor_get_array(struct cbor *c, size_t *items)
{
	return get_count(c, MAJOR_ARRAY, items);
}

int cbor_get_map(struct cbor *c, size_t *pairs)
{
	return get_count(c, MAJOR_MAP, pairs);
}

int cbor_get_byte_array(struct cbor *c, uint8_t *out, size_t max, size_t *len)
{
	uint64_t byte;
	size_t n;

	if (cbor_get_array(c, &n) < 0 || n > max)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (get_kind(c, MAJOR_UINT, &byte) < 0 || byte > UINT8_MAX)
			return -1;
		out[i] = (uint8_t)byte;
	}
	*len = n;
	return 0;
}

int cbor_get_bool(struct cbor *c, bool *value)
{
	uint64_t n;

	if (get_kind(c, MAJOR_SIMPLE, &n) < 0 || (n != FALSE && n != TRUE))
		return -1;
	*value = n == TRUE;
	return 0;
}

bool cbor_take_null(struct cbor *c)
{
	if (left(c) < 1 || *c->at != (MAJOR_SIMPLE << 5 | NIL))
		return false;
	c->at++;
	return true;
}

bool cbor_text_is(const char *text, size_t len, const char *string)
{
	return len == strlen(string) && memcmp(text, string, len) == 0;
}

/* SIZE_MAX for a container that goes on to its break. */
static int enter(struct cbor *c, enum major want, struct cbor_items *in)
{
	if (left(c) > 0 && *c->at == (want << 5 | INDEFINITE)) {
		c->at++;
		in->left = SIZE_MAX;
		return 0;
	}
	return get_count(c, want, &in->left);
}

int cbor_enter_array(struct cbor *c, struct cbor_items *in)
{
	return enter(c, MAJOR_ARRAY, in);
}

int cbor_enter_map(struct cbor *c, struct cbor_items *in)
{
	return enter(c, MAJOR_MAP, in);
}

int cbor_more(struct cbor *c, struct cbor_items *in)
{
	if (in->left != SIZE_MAX)
		return in->left > 0 ? (in->left--, 1) : 0;
	if (left(c) < 1)
		return -1;
	if (*c->at != BREAK)
		return 1;
	c->at++;
	return 0;
}

static int skip(struct cbor *c, unsigned int depth);

/* A map's pairs are two items. */
static int skip_items(struct cbor *c, enum major major, unsigned int depth)
{
	struct cbor_items in;
	int more;

	if (enter(c, major, &in) < 0)
		return -1;
	while ((more = cbor_more(c, &in)) > 0)
		if (skip(c, depth) < 0 ||
		    (major == MAJOR_MAP && skip(c, depth) < 0))
			return -1;
	return more;
}

static int skip(struct cbor *c, unsigned int depth)
{
	enum major major;
	uint64_t n;

	if (depth == 0 || left(c) < 1)
		return -1;
	major = *c->at >> 5;
	if (major == MAJOR_ARRAY || major == MAJOR_MAP)
		return skip_items(c, major, depth - 1);
	if (get_head(c, &major, &n) < 0)
		return -1;
	if (major == MAJOR_TAG)
		return skip(c, depth - 1);
	if (major == MAJOR_BYTES || major == MAJOR_TEXT) {
		if (n > left(c))
			return -1;
		c->at += n;
	}
	return 0;
}

int cbor_skip(struct cbor *c)
{
	return skip(c, DEPTH_MAX);
}
