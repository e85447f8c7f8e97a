/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cbor.h - the part of CBOR (RFC 8949) that Nitro's formats are made of
 *
 * EIF signatures, the NSM and attestation documents.  Writer: integers in their
 * shortest form, definite lengths (RFC 8949 section 4.2.1), which is also what
 * serde_cbor writes.  Reader: for hostile bytes; never reads past its end and
 * allocates nothing.  Strings of indefinite length are refused everywhere.
 */
#ifndef ENC_CBOR_H
#define ENC_CBOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/compiler.h"

/* What we make is small: passing the buffer's ceiling is a bug of ours. */
void cbor_put_int(struct buf *b, int64_t value);
void cbor_put_bytes(struct buf *b, const void *data, size_t len);
void cbor_put_text(struct buf *b, const char *text);
void cbor_put_array(struct buf *b, size_t items);	/* the items follow */
void cbor_put_map(struct buf *b, size_t pairs);		/* key, value, ... */
void cbor_put_null(struct buf *b);
/* An array of one integer a byte: how serde writes a Vec<u8>. */
void cbor_put_byte_array(struct buf *b, const void *data, size_t len);

struct cbor {			/* a place in a text; a copy is a bookmark */
	const uint8_t *at;
	const uint8_t *end;
};

static inline struct cbor cbor_from(const void *data, size_t len)
{
	const uint8_t *at = data;

	return (struct cbor){ .at = at, .end = at + len };
}

static inline bool cbor_at_end(const struct cbor *c)
{
	return c->at == c->end;
}

/* Each takes the next item, which must be of that kind: 0, or -1 when it is
 * not or is cut short; *c is then of no use.  Byte and text strings are
 * borrowed and do not end in NUL. */
int cbor_get_int(struct cbor *c, int64_t *value) MUST_CHECK;
int cbor_get_bytes(struct cbor *c, const uint8_t **data, size_t *len)
	MUST_CHECK;
int cbor_get_text(struct cbor *c, const char **text, size_t *len) MUST_CHECK;
int cbor_get_bool(struct cbor *c, bool *value) MUST_CHECK;
/* These two of a definite length only. */
int cbor_get_array(struct cbor *c, size_t *items) MUST_CHECK;
int cbor_get_map(struct cbor *c, size_t *pairs) MUST_CHECK;

/* Takes the next item when it is null; otherwise it stays. */
bool cbor_take_null(struct cbor *c);

/* What is in a map or an array of a definite or an indefinite length:
 *	if (cbor_enter_map(&c, &in) < 0) ...
 *	while ((more = cbor_more(&c, &in)) > 0)
 *		a key and a value
 *	if (more < 0) ... */
struct cbor_items {
	size_t left;		/* SIZE_MAX: until the break */
};
int cbor_enter_array(struct cbor *c, struct cbor_items *in) MUST_CHECK;
int cbor_enter_map(struct cbor *c, struct cbor_items *in) MUST_CHECK;
/* 1: there is another item or pair; 0: that was all; -1: cut short. */
int cbor_more(struct cbor *c, struct cbor_items *in) MUST_CHECK;

/* An array of integers 0 to 255 of at most max items into out. */
int cbor_get_byte_array(struct cbor *c, uint8_t *out, size_t max, size_t *len)
	MUST_CHECK;

/* Is the text (of cbor_get_text()) that string? */
bool cbor_text_is(const char *text, size_t len, const char *string);

/* Steps over one item of any kind, nested at most 16 deep. */
int cbor_skip(struct cbor *c) MUST_CHECK;

#endif
