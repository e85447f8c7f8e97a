/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cbor.h - the part of CBOR (RFC 8949) that EIF signatures are made of
 *
 * Writer: integers in their shortest form, definite lengths (RFC 8949 section
 * 4.2.1), which is also what serde_cbor writes.  Reader: for hostile bytes;
 * never reads past its end, allocates nothing, refuses indefinite lengths.
 */
#ifndef ENC_EIF_CBOR_H
#define ENC_EIF_CBOR_H

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
int cbor_get_array(struct cbor *c, size_t *items) MUST_CHECK;
int cbor_get_map(struct cbor *c, size_t *pairs) MUST_CHECK;

/* An array of integers 0 to 255 of at most max items into out. */
int cbor_get_byte_array(struct cbor *c, uint8_t *out, size_t max, size_t *len)
	MUST_CHECK;

/* Steps over one item of any kind, nested at most 16 deep. */
int cbor_skip(struct cbor *c) MUST_CHECK;

#endif
