/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http1.h - HTTP/1.1 heads, and where messages end
 *
 * RFC 9112, read strictly: a message that two programs could cut in two ways
 * is refused, never mended, and the connection is closed after it.  For a
 * proxy, small servers and clients; nothing here reads or writes a socket.
 *
 * A connection goes: http1_scan() until a head is complete, http1_parse_*()
 * on it, then http1_body_take() until its body is done, then the next head.
 */
#ifndef ENC_HTTP1_H
#define ENC_HTTP1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "enclave/host.h"

#define HTTP1_HEAD_MAX	  65536u	/* bytes: start line, fields, ends */
#define HTTP1_FIELDS_MAX  128u		/* field lines */
#define HTTP1_METHOD_MAX  32u		/* bytes */
#define HTTP1_CHUNK_LINE_MAX 256u	/* bytes of a chunk's size and
					 * extensions, with the CRLF */
#define HTTP1_TRAILERS_MAX 8192u	/* bytes of a trailer section */

/* Bytes of the head, borrowed, without a NUL. */
struct http1_text {
	const char *s;
	size_t len;
};

struct http1_field {
	struct http1_text name;
	struct http1_text value;	/* without blanks at its ends */
};

/* The form of a request's target, RFC 9112 section 3.2. */
enum http1_form {
	HTTP1_ORIGIN,		/* "/path?query": to a server */
	HTTP1_ABSOLUTE,		/* "http://host/path": to a proxy */
	HTTP1_AUTHORITY,	/* "host:port": CONNECT */
	HTTP1_ASTERISK		/* "*": OPTIONS */
};

/* How a body ends, RFC 9112 section 6.3. */
enum http1_kind { HTTP1_NONE, HTTP1_LENGTH, HTTP1_CHUNKED, HTTP1_UNTIL_CLOSE };

struct http1_head {
	unsigned minor;			/* HTTP/1.minor, 0 or 1 */
	/* Of a request. */
	struct http1_text method;
	enum http1_form form;
	struct http1_text authority;	/* of the target, else of Host */
	struct http1_text path;		/* with the query; may be empty or
					 * begin with '?' in absolute form */
	/* Of a response. */
	unsigned status;		/* 100 to 599 */
	struct http1_text reason;
	/* Of both. */
	struct http1_field fields[HTTP1_FIELDS_MAX];
	size_t n_fields;
	enum http1_kind body;
	bool has_length;		/* Content-Length was there */
	uint64_t length;
	bool keep_alive;		/* the sender goes on after this */
	bool expect_continue;		/* it waits for a 100 before its body */
};

/* Looks for the end of a head in what has come so far.  Zero it for each
 * message and call it again with more bytes of the same buffer. */
struct http1_scan {
	size_t at;		/* bytes looked at */
	size_t line;		/* where the line in hand begins */
	size_t start;		/* of the head: 2 after an empty line */
	size_t end;		/* of the head, with its empty line */
};

/* 1 when the head is complete: it is data[start] to data[end].  0 when more
 * is wanted.  -1, ERR_INPUT, for a NUL, a CR or LF that is alone, two empty
 * lines at the start or more than HTTP1_HEAD_MAX bytes (section 2.2). */
int http1_scan(struct http1_scan *s, const char *data, size_t len,
	       struct err *e) MUST_CHECK;

/* A whole head, as http1_scan() found it; *h borrows from it.  ERR_INPUT with
 * a sentence for the 400: no token for a method, another version, a target in
 * none of the forms, blanks before a colon, folded lines, control characters,
 * more than HTTP1_FIELDS_MAX fields, no Host (HTTP/1.1) or two, two
 * Content-Lengths or one that is no number, a length and chunked, another
 * transfer coding, chunked in HTTP/1.0, a body for CONNECT. */
int http1_parse_request(const char *head, size_t len, struct http1_head *h,
			struct err *e) MUST_CHECK;

/* The same for a response; to_head: it answers a HEAD request.  ERR_REMOTE.
 * 101 is refused: nothing here asks for another protocol. */
int http1_parse_response(const char *head, size_t len, bool to_head,
			 struct http1_head *h, struct err *e) MUST_CHECK;

/* How many field lines have that name (any case); *value (may be NULL) is the
 * first one's. */
size_t http1_find(const struct http1_head *h, const char *name,
		  struct http1_text *value);

/* Compares with a string: as it is, and in any case. */
bool http1_is(struct http1_text text, const char *s);
bool http1_is_any_case(struct http1_text text, const char *s);

/* A body in the course of being read.  Needs no release. */
struct http1_body {
	enum http1_kind kind;
	bool	 done;
	int	 step;		/* of a chunked body */
	uint64_t left;		/* of the length, or of the chunk */
	size_t	 line;		/* bytes of the size line or the trailers */
	size_t	 name;		/* bytes of a trailer's name kept in word */
	char	 word[24];
};

void http1_body_init(struct http1_body *b, const struct http1_head *h);

/* Takes what of data belongs to the body: *used bytes, which a proxy may send
 * on as they are.  The content in them, without chunks' lines, is appended to
 * content unless that is NULL.  b->done when the body has ended, which may be
 * with *used == 0.  -1: a chunk's line or a trailer is malformed or too long
 * (section 7.1), or content would pass its ceiling; ERR_INPUT. */
int http1_body_take(struct http1_body *b, const char *data, size_t len,
		    size_t *used, struct buf *content, struct err *e)
	MUST_CHECK;

/* The sender has closed.  0 when the body is whole by that (b->done), or
 * ERR_REMOTE when it was cut short. */
int http1_body_close(struct http1_body *b, struct err *e) MUST_CHECK;

/* Appends the head of a request as a proxy sends it on (section 3.2.1 and RFC
 * 9110 section 7.6.1): origin form, Host from h and port, what was between the
 * client and us alone left out, Content-Length or Transfer-Encoding as we
 * understood them, "Connection: close" unless keep_alive.  out's ceiling must
 * leave HTTP1_HEAD_MAX + 1024 bytes. */
void http1_put_request(const struct http1_head *h, const struct host *host,
		       uint16_t port, bool keep_alive, struct buf *out);

/* The same for a response.  unchunked: the body will be sent without its
 * chunks (to a client of HTTP/1.0), until the connection closes. */
void http1_put_response(const struct http1_head *h, bool keep_alive,
			bool unchunked, struct buf *out);

/* What a server of ours answers. */
struct http1_reply {
	unsigned    status;
	const char *type;	/* Content-Type; NULL: text/plain */
	const char *allow;	/* the Allow field of a 405, or NULL */
	const void *body;
	size_t	    len;
};

/* Appends a whole response.  to_head: without the body.  out's ceiling must
 * leave the body's length + 1024 bytes. */
void http1_put_reply(const struct http1_reply *r, bool keep_alive,
		     bool to_head, struct buf *out);

/* Appends a response with a sentence for a person and a newline as its body,
 * after which the connection closes. */
void http1_put_refusal(unsigned status, const char *sentence, struct buf *out);

/* "HTTP/1.1 100 Continue" and its empty line. */
#define HTTP1_CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"

#endif
