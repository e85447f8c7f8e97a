/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http1_write.c - HTTP/1.1 heads as a proxy and a small server send them
 *
 * Framing is written from what was understood, never copied: the next program
 * cannot understand it in another way.
 */
#include "enclave/http1.h"

#include <string.h>
#include <sys/socket.h>

static const struct {
	unsigned    status;
	const char *reason;
} reasons[] = {			/* RFC 9110 section 15 */
	{ 200, "OK" },
	{ 400, "Bad Request" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 413, "Content Too Large" },
	{ 500, "Internal Server Error" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
};

static const char *reason_of(unsigned status)
{
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "";
}

/* RFC 9110 section 7.6.1, and what is written anew. */
static bool is_ours(struct http1_text name)
{
	static const char *const names[] = {
		"connection", "proxy-connection", "keep-alive", "te",
		"upgrade", "proxy-authorization", "proxy-authenticate",
		"proxy-authentication-info", "host", "content-length",
		"transfer-encoding",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (http1_is_any_case(name, names[i]))
			return true;
	return false;
}

/* Is it an option of Connection, and so for the next hop alone?  Options are
 * tokens between commas and blanks. */
static bool is_nominated(const struct http1_head *h, struct http1_text name)
{
	static const char between[] = ", \t";

	for (size_t i = 0; i < h->n_fields; i++) {
		struct http1_text v = h->fields[i].value;

		if (!http1_is_any_case(h->fields[i].name, "connection"))
			continue;
		for (size_t at = 0, n; at < v.len; at += n + 1) {
			n = 0;
			while (at + n < v.len &&
			       !memchr(between, v.s[at + n], 3))
				n++;
			if (n == name.len &&
			    strncasecmp(v.s + at, name.s, n) == 0)
				return true;
		}
	}
	return false;
}

static void put_text(struct buf *out, struct http1_text t)
{
	buf_add(out, t.s, t.len);
}

static void put_fields(const struct http1_head *h, struct buf *out)
{
	for (size_t i = 0; i < h->n_fields; i++) {
		const struct http1_field *f = &h->fields[i];

		if (is_ours(f->name) || is_nominated(h, f->name))
			continue;
		put_text(out, f->name);
		buf_adds(out, ": ");
		put_text(out, f->value);
		buf_adds(out, "\r\n");
	}
}

static void put_length(const struct http1_head *h, struct buf *out)
{
	if (h->has_length)
		buf_addf(out, "Content-Length: %llu\r\n",
			 (unsigned long long)h->length);
}

/* Section 3.2.1: never empty, and "*" for a server as a whole (3.2.4). */
static void put_path(const struct http1_head *h, struct buf *out)
{
	if (h->path.len == 0 && http1_is(h->method, "OPTIONS"))
		buf_addc(out, '*');
	else if (h->path.len == 0 || h->path.s[0] == '?')
		buf_addc(out, '/');
	put_text(out, h->path);
}

void http1_put_request(const struct http1_head *h, const struct host *host,
		       uint16_t port, bool keep_alive, struct buf *out)
{
	bool v6 = host->kind == HOST_ADDRESS && host->family == AF_INET6;

	put_text(out, h->method);
	buf_addc(out, ' ');
	put_path(h, out);
	buf_addf(out, " HTTP/1.1\r\nHost: %s%s%s", v6 ? "[" : "", host->text,
		 v6 ? "]" : "");
	if (port != 80)
		buf_addf(out, ":%u", port);
	buf_adds(out, "\r\n");
	put_fields(h, out);
	if (h->body == HTTP1_CHUNKED)
		buf_adds(out, "Transfer-Encoding: chunked\r\n");
	put_length(h, out);
	buf_adds(out, keep_alive ? "\r\n" : "Connection: close\r\n\r\n");
}

void http1_put_response(const struct http1_head *h, bool keep_alive,
			bool unchunked, struct buf *out)
{
	buf_addf(out, "HTTP/1.1 %u ", h->status);
	put_text(out, h->reason);
	buf_adds(out, "\r\n");
	put_fields(h, out);
	if (h->body == HTTP1_CHUNKED && !unchunked)
		buf_adds(out, "Transfer-Encoding: chunked\r\n");
	if (h->status >= 200 && h->status != 204)	/* section 6.2 */
		put_length(h, out);
	/* An interim response says nothing of the connection. */
	buf_adds(out, keep_alive || h->status < 200 ?
		      "\r\n" : "Connection: close\r\n\r\n");
}

void http1_put_reply(const struct http1_reply *r, bool keep_alive,
		     bool to_head, struct buf *out)
{
	buf_addf(out, "HTTP/1.1 %u %s\r\nContent-Type: %s\r\n"
		 "Content-Length: %zu\r\n", r->status, reason_of(r->status),
		 r->type ? r->type : "text/plain; charset=utf-8", r->len);
	if (r->allow)
		buf_addf(out, "Allow: %s\r\n", r->allow);
	buf_adds(out, keep_alive ? "\r\n" : "Connection: close\r\n\r\n");
	if (!to_head)
		buf_add(out, r->body, r->len);
}

void http1_put_refusal(unsigned status, const char *sentence, struct buf *out)
{
	AUTO_BUF struct buf body = BUF_INIT(sizeof(((struct err *)0)->msg) + 2);
	struct http1_reply r = { .status = status };

	buf_addf(&body, "%s\n", sentence);
	r.body = body.data;
	r.len = body.len;
	http1_put_reply(&r, false, false, out);
}
