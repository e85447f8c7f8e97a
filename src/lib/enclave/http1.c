/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http1.c - HTTP/1.1 heads
 *
 * Trust: the bytes are hostile, the application's and the world's alike.
 * Sections without a number before them are of RFC 9112.
 */
#include "enclave/http1.h"

#include <string.h>
#include <strings.h>

/* RFC 9110 section 5.6.2 */
static bool is_token(struct http1_text t)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < t.len; i++) {
		char c = t.s[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		      (c >= 'A' && c <= 'Z') ||
		      memchr(marks, c, sizeof(marks) - 1)))
			return false;
	}
	return t.len > 0;
}

/* RFC 9110 section 5.5: no control characters but the tab. */
static bool is_value(struct http1_text t)
{
	for (size_t i = 0; i < t.len; i++) {
		unsigned char c = (unsigned char)t.s[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

bool http1_is(struct http1_text text, const char *s)
{
	return text.len == strlen(s) && memcmp(text.s, s, text.len) == 0;
}

bool http1_is_any_case(struct http1_text text, const char *s)
{
	return text.len == strlen(s) && strncasecmp(text.s, s, text.len) == 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct http1_text trim(struct http1_text t)
{
	while (t.len > 0 && is_blank(t.s[0])) {
		t.s++;
		t.len--;
	}
	while (t.len > 0 && is_blank(t.s[t.len - 1]))
		t.len--;
	return t;
}

/* Takes the part before the byte, or all of *rest. */
static struct http1_text part(struct http1_text *rest, char end)
{
	const char *at = rest->len ? memchr(rest->s, end, rest->len) : NULL;
	struct http1_text t = *rest;

	if (!at) {
		*rest = (struct http1_text){ t.s + t.len, 0 };
		return t;
	}
	t.len = (size_t)(at - t.s);
	*rest = (struct http1_text){ at + 1, rest->len - t.len - 1 };
	return t;
}

/* The next line, without its CRLF: a CR elsewhere is refused as a control
 * character. */
static struct http1_text next_line(struct http1_text *rest)
{
	struct http1_text t = part(rest, '\n');

	if (t.len > 0 && t.s[t.len - 1] == '\r')
		t.len--;
	return t;
}

size_t http1_find(const struct http1_head *h, const char *name,
		  struct http1_text *value)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n_fields; i++) {
		if (!http1_is_any_case(h->fields[i].name, name))
			continue;
		if (n++ == 0 && value)
			*value = h->fields[i].value;
	}
	return n;
}

/* Section 5 */
static int parse_fields(struct http1_text rest, struct http1_head *h,
			enum err_class class, struct err *e)
{
	for (;;) {
		struct http1_text line = next_line(&rest), value = line;
		struct http1_field *f = &h->fields[h->n_fields];

		if (line.len == 0)
			return 0;
		if (is_blank(line.s[0]))	/* section 5.2 */
			return err_set(e, class,
				       "a header line is folded, which RFC 9112 section 5.2 has done away with");
		if (h->n_fields == HTTP1_FIELDS_MAX)
			return err_set(e, class,
				       "more than %u header fields",
				       HTTP1_FIELDS_MAX);
		if (!memchr(line.s, ':', line.len))
			return err_set(e, class,
				       "a header line without a colon");
		f->name = part(&value, ':');
		f->value = trim(value);
		if (!is_token(f->name))		/* section 5.1 */
			return err_set(e, class,
				       "the name of a header field has a blank or another wrong character in it (RFC 9112 section 5.1)");
		if (!is_value(f->value))
			return err_set(e, class,
				       "header field '%.*s' has a control character in it",
				       (int)f->name.len, f->name.s);
		h->n_fields++;
	}
}

/* "HTTP/1.0" or "HTTP/1.1", section 2.3 */
static int parse_version(struct http1_text t, struct http1_head *h)
{
	if (t.len != 8 || memcmp(t.s, "HTTP/1.", 7) != 0 ||
	    (t.s[7] != '0' && t.s[7] != '1'))
		return -1;
	h->minor = (unsigned)(t.s[7] - '0');
	return 0;
}

/* Does a list in the fields of that name have the word? */
static bool lists(const struct http1_head *h, const char *name,
		  const char *word)
{
	for (size_t i = 0; i < h->n_fields; i++) {
		struct http1_text rest = h->fields[i].value;

		if (!http1_is_any_case(h->fields[i].name, name))
			continue;
		while (rest.len > 0)
			if (http1_is_any_case(trim(part(&rest, ',')), word))
				return true;
	}
	return false;
}

/* Section 6.2; a list of numbers is two lengths too. */
static int parse_length(struct http1_text t, struct http1_head *h,
			enum err_class class, struct err *e)
{
	uint64_t n = 0;

	for (size_t i = 0; i < t.len; i++) {
		if (t.s[i] < '0' || t.s[i] > '9' || i >= 18)
			return err_set(e, class,
				       "Content-Length is not one plain number");
		n = 10 * n + (uint64_t)(t.s[i] - '0');
	}
	if (t.len == 0)
		return err_set(e, class, "Content-Length is empty");
	h->has_length = true;
	h->length = n;
	return 0;
}

/* Section 6.3: what both directions have in common. */
static int parse_framing(struct http1_head *h, enum err_class class,
			 struct err *e)
{
	struct http1_text value;
	size_t lengths = http1_find(h, "content-length", NULL);
	size_t codings = http1_find(h, "transfer-encoding", NULL);

	if (lengths > 1)
		return err_set(e, class, "two Content-Length fields");
	if (lengths && codings)
		return err_set(e, class,
			       "both Content-Length and Transfer-Encoding");
	if (codings) {
		http1_find(h, "transfer-encoding", &value);
		if (codings > 1 || !http1_is_any_case(value, "chunked"))
			return err_set(e, class,
				       "the only transfer coding that is understood is 'chunked'");
		if (h->minor == 0)		/* section 6.1 */
			return err_set(e, class,
				       "Transfer-Encoding in HTTP/1.0");
		h->body = HTTP1_CHUNKED;
	}
	if (lengths) {
		http1_find(h, "content-length", &value);
		if (parse_length(value, h, class, e) < 0)
			return -1;
		h->body = HTTP1_LENGTH;
	}
	/* Section 9.3.  A proxy keeps no connection of HTTP/1.0 open. */
	h->keep_alive = h->minor == 1 && !lists(h, "connection", "close");
	return 0;
}

/* "http://HOST/PATH?QUERY", section 3.2.2 */
static int parse_absolute(struct http1_text target, struct http1_head *h,
			  struct err *e)
{
	size_t n = 0;

	if (target.len >= 8 && strncasecmp(target.s, "https://", 8) == 0)
		return err_set(e, ERR_INPUT,
			       "https goes through CONNECT, not by its URL");
	if (target.len < 7 || strncasecmp(target.s, "http://", 7) != 0)
		return err_set(e, ERR_INPUT,
			       "the target is neither a path nor an http:// URL");
	target.s += 7;
	target.len -= 7;
	while (n < target.len && target.s[n] != '/' && target.s[n] != '?')
		n++;
	h->form = HTTP1_ABSOLUTE;
	h->authority = (struct http1_text){ target.s, n };
	h->path = (struct http1_text){ target.s + n, target.len - n };
	return 0;
}

static int parse_target(struct http1_text target, struct http1_head *h,
			struct err *e)
{
	for (size_t i = 0; i < target.len; i++)
		if (target.s[i] <= ' ' || target.s[i] == 0x7f ||
		    target.s[i] == '#' || target.s[i] & 0x80)
			return err_set(e, ERR_INPUT,
				       "the target has a character in it that must be percent-encoded");
	if (http1_is(h->method, "CONNECT")) {
		h->form = HTTP1_AUTHORITY;
		h->authority = target;
		return 0;
	}
	h->path = target;
	h->form = HTTP1_ORIGIN;
	if (target.len > 0 && target.s[0] == '/')
		return 0;
	h->form = HTTP1_ASTERISK;
	if (http1_is(target, "*") && http1_is(h->method, "OPTIONS"))
		return 0;
	return parse_absolute(target, h, e);
}

/* METHOD SP TARGET SP VERSION, section 3 */
static int parse_request_line(struct http1_text line, struct http1_head *h,
			      struct err *e)
{
	struct http1_text target;

	h->method = part(&line, ' ');
	target = part(&line, ' ');
	if (!is_token(h->method) || h->method.len > HTTP1_METHOD_MAX ||
	    target.len == 0 || line.len == 0)
		return err_set(e, ERR_INPUT,
			       "the request line is not METHOD TARGET VERSION (RFC 9112 section 3)");
	if (parse_version(line, h) < 0)
		return err_set(e, ERR_INPUT,
			       "the version is neither HTTP/1.1 nor HTTP/1.0");
	return parse_target(target, h, e);
}

/* Section 3.2: there is one, and it names a host or nothing.  With a URL as
 * the target it is not looked at further (section 3.2.2). */
static int check_host(struct http1_head *h, struct err *e)
{
	struct http1_text value = { "", 0 };
	size_t n = http1_find(h, "host", &value);
	struct host host;
	uint16_t port;

	if (n > 1)
		return err_set(e, ERR_INPUT, "two Host fields");
	if (n == 0 && h->minor == 1)
		return err_set(e, ERR_INPUT, "no Host field");
	if (value.len > 0 && host_parse_authority(value.s, value.len, 80,
						  &host, &port, e) < 0)
		return err_wrap(e, "Host");
	if (h->form == HTTP1_ORIGIN || h->form == HTTP1_ASTERISK)
		h->authority = value;
	return 0;
}

int http1_parse_request(const char *head, size_t len, struct http1_head *h,
			struct err *e)
{
	struct http1_text rest = { head, len };

	memset(h, 0, sizeof(*h));
	if (parse_request_line(next_line(&rest), h, e) < 0 ||
	    parse_fields(rest, h, ERR_INPUT, e) < 0 ||
	    parse_framing(h, ERR_INPUT, e) < 0 || check_host(h, e) < 0)
		return -1;
	/* RFC 9110 section 9.3.6: what follows the head is the tunnel's. */
	if (h->form == HTTP1_AUTHORITY &&
	    (h->body == HTTP1_CHUNKED || h->length > 0))
		return err_set(e, ERR_INPUT, "CONNECT with a body");
	/* RFC 9110 section 10.1.1 */
	h->expect_continue = h->minor == 1 && h->body != HTTP1_NONE &&
			     lists(h, "expect", "100-continue");
	return 0;
}

/* VERSION SP STATUS [SP REASON], section 4 */
static int parse_status_line(struct http1_text line, struct http1_head *h,
			     struct err *e)
{
	struct http1_text version = part(&line, ' ');
	struct http1_text status = part(&line, ' ');

	if (parse_version(version, h) < 0 || status.len != 3 ||
	    status.s[0] < '1' || status.s[0] > '5' || status.s[1] < '0' ||
	    status.s[1] > '9' || status.s[2] < '0' || status.s[2] > '9' ||
	    !is_value(line))
		return err_set(e, ERR_REMOTE,
			       "the answer does not begin with HTTP/1.1 and a status (RFC 9112 section 4)");
	h->status = (unsigned)(status.s[0] - '0') * 100 +
		    (unsigned)(status.s[1] - '0') * 10 +
		    (unsigned)(status.s[2] - '0');
	h->reason = line;
	return 0;
}

int http1_parse_response(const char *head, size_t len, bool to_head,
			 struct http1_head *h, struct err *e)
{
	struct http1_text rest = { head, len };

	memset(h, 0, sizeof(*h));
	if (parse_status_line(next_line(&rest), h, e) < 0 ||
	    parse_fields(rest, h, ERR_REMOTE, e) < 0 ||
	    parse_framing(h, ERR_REMOTE, e) < 0)
		return -1;
	if (h->status == 101)
		return err_set(e, ERR_REMOTE,
			       "the answer switches to a protocol that nobody asked for");
	if (to_head || h->status < 200 || h->status == 204 ||
	    h->status == 304) {
		h->body = HTTP1_NONE;
	} else if (h->body == HTTP1_NONE) {
		h->body = HTTP1_UNTIL_CLOSE;
		h->keep_alive = false;
	}
	return 0;
}
