/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http1_body.c - where an HTTP/1.1 head ends, and where a body does
 *
 * RFC 9112 sections 2.2, 6 and 7.1.  Byte by byte, so that it does not matter
 * in which pieces a message comes.
 */
#include "enclave/http1.h"

#include <string.h>
#include <strings.h>

int http1_scan(struct http1_scan *s, const char *data, size_t len,
	       struct err *e)
{
	for (; s->at < len; s->at++) {
		char c = data[s->at];
		bool after_cr = s->at > 0 && data[s->at - 1] == '\r';

		if (s->at == HTTP1_HEAD_MAX)
			return err_set(e, ERR_INPUT,
				       "the head of the message is larger than %u bytes",
				       HTTP1_HEAD_MAX);
		if (c == '\0')
			return err_set(e, ERR_INPUT,
				       "a NUL in the head of the message");
		if ((c == '\n') != after_cr)
			return err_set(e, ERR_INPUT,
				       "a %s alone in the head of the message (RFC 9112 section 2.2)",
				       after_cr ? "CR" : "LF");
		if (c != '\n')
			continue;
		if (s->at - s->line > 1) {
			s->line = s->at + 1;
		} else if (s->line > s->start) {
			s->end = ++s->at;
			return 1;
		} else if (s->start == 0) {	/* section 2.2 */
			s->line = s->start = s->at + 1;
		} else {
			return err_set(e, ERR_INPUT,
				       "empty lines before the message");
		}
	}
	return 0;
}

/* What the next byte of a chunked body is. */
enum step {
	SIZE,		/* a digit of the size, or what ends it */
	EXTENSION,	/* of the chunk, section 7.1.1 */
	SIZE_LF,
	DATA, DATA_CR, DATA_LF,
	TRAILER,	/* the first byte of a line */
	TRAILER_NAME, TRAILER_VALUE, TRAILER_LF,
	LAST_LF
};

void http1_body_init(struct http1_body *b, const struct http1_head *h)
{
	memset(b, 0, sizeof(*b));
	b->kind = h->body;
	b->step = SIZE;
	if (b->kind == HTTP1_LENGTH)
		b->left = h->length;
	b->done = b->kind == HTTP1_NONE ||
		  (b->kind == HTTP1_LENGTH && b->left == 0);
}

static int malformed(struct err *e)
{
	return err_set(e, ERR_INPUT,
		       "the chunked body is malformed (RFC 9112 section 7.1)");
}

static int hex_value(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	       c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool is_text(char c)
{
	return (unsigned char)c >= ' ' ? c != 0x7f : c == '\t';
}

/* A byte of the line with the size.  b->line counts all of it. */
static int size_byte(struct http1_body *b, char c, struct err *e)
{
	int digit = hex_value(c);

	if (++b->line > HTTP1_CHUNK_LINE_MAX)
		return malformed(e);
	if (b->step == SIZE && digit >= 0 && b->line <= 15) {
		b->left = b->left << 4 | (uint64_t)digit;
		return 0;
	}
	if (b->step == SIZE_LF) {
		if (c != '\n')
			return malformed(e);
		b->line = 0;
		b->step = b->left > 0 ? DATA : TRAILER;
		return 0;
	}
	if (b->line == 1)		/* no digit at all */
		return malformed(e);
	if (c == '\r')
		b->step = SIZE_LF;
	else if (b->step == SIZE && c == ';')
		b->step = EXTENSION;
	else if (b->step == SIZE || !is_text(c))
		return malformed(e);
	return 0;
}

/* RFC 9110 section 6.5.1: what a message means must not change at its end. */
static bool is_forbidden(const struct http1_body *b)
{
	static const char *const names[] = { "content-length",
		"transfer-encoding", "host", "connection", "trailer" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcasecmp(b->word, names[i]) == 0)
			return true;
	return false;
}

static bool is_name(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* A byte of the trailer section.  b->line counts all of it, and word holds the
 * beginning of the name. */
static int trailer_byte(struct http1_body *b, char c, struct err *e)
{
	if (++b->line > HTTP1_TRAILERS_MAX)
		return malformed(e);
	if (b->step == TRAILER) {
		b->name = 0;
		memset(b->word, 0, sizeof(b->word));
		b->step = c == '\r' ? LAST_LF : TRAILER_NAME;
		if (c == '\r')
			return 0;
	}
	switch ((enum step)b->step) {
	case TRAILER_NAME:
		if (c == ':' && b->name > 0 && !is_forbidden(b))
			b->step = TRAILER_VALUE;
		else if (!is_name(c))
			return malformed(e);
		else if (b->name++ < sizeof(b->word) - 1)
			b->word[b->name - 1] = c;
		return 0;
	case TRAILER_VALUE:
		if (c == '\r')
			b->step = TRAILER_LF;
		else if (!is_text(c))
			return malformed(e);
		return 0;
	case TRAILER_LF:
		b->step = TRAILER;
		break;
	default:
		b->done = true;
		break;
	}
	return c == '\n' ? 0 : malformed(e);
}

/* Content in one go: as much of it as there is. */
static int take_content(struct http1_body *b, const char *data, size_t len,
			size_t *used, struct buf *content, struct err *e)
{
	size_t n = b->kind != HTTP1_UNTIL_CLOSE && b->left < len ?
			   (size_t)b->left : len;

	if (content && n > 0 && buf_append(content, data, n) < 0)
		return err_set(e, ERR_INPUT,
			       "the body is larger than %zu bytes",
			       content->max);
	if (b->kind != HTTP1_UNTIL_CLOSE)
		b->left -= n;
	*used += n;
	return 0;
}

static int take_chunked(struct http1_body *b, const char *data, size_t len,
			size_t *used, struct buf *content, struct err *e)
{
	while (*used < len && !b->done) {
		char c = data[*used];

		switch ((enum step)b->step) {
		case DATA:
			if (take_content(b, data + *used, len - *used, used,
					 content, e) < 0)
				return -1;
			if (b->left == 0)
				b->step = DATA_CR;
			continue;
		case DATA_CR:
		case DATA_LF:
			if (c != (b->step == DATA_CR ? '\r' : '\n'))
				return malformed(e);
			b->step = b->step == DATA_CR ? DATA_LF : SIZE;
			break;
		case SIZE:
		case EXTENSION:
		case SIZE_LF:
			if (size_byte(b, c, e) < 0)
				return -1;
			break;
		default:
			if (trailer_byte(b, c, e) < 0)
				return -1;
			break;
		}
		++*used;
	}
	return 0;
}

int http1_body_take(struct http1_body *b, const char *data, size_t len,
		    size_t *used, struct buf *content, struct err *e)
{
	*used = 0;
	if (b->done)
		return 0;
	if (b->kind == HTTP1_CHUNKED)
		return take_chunked(b, data, len, used, content, e);
	if (take_content(b, data, len, used, content, e) < 0)
		return -1;
	b->done = b->kind == HTTP1_LENGTH && b->left == 0;
	return 0;
}

int http1_body_close(struct http1_body *b, struct err *e)
{
	if (b->kind == HTTP1_UNTIL_CLOSE)
		b->done = true;
	if (!b->done)
		return err_set(e, ERR_REMOTE,
			       "the connection closed in the middle of a body");
	return 0;
}
