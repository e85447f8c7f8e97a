/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_http1.c - HTTP/1.1: heads, bodies, and what is sent on
 */
#include "base/xalloc.h"
#include "enclave/http1.h"
#include "tap.h"

#define GET "GET / HTTP/1.1\r\n"
#define H   "Host: a\r\n"

/* As a server reads it: a byte at a time when slow.  0, or -1. */
static int read_request(const char *text, size_t len, bool slow,
			struct http1_head *h, struct err *e)
{
	struct http1_scan s = { 0 };
	int ret = 0;

	for (size_t n = slow ? 0 : len; ret == 0 && n <= len; n++)
		ret = http1_scan(&s, text, n, e);
	if (ret <= 0)
		return ret < 0 ? -1 : err_set(e, ERR_INPUT, "unfinished");
	return http1_parse_request(text + s.start, s.end - s.start, h, e);
}

static void refused_len(const char *text, size_t len, const char *why)
{
	static struct http1_head h;
	struct err e = { .class = ERR_NONE }, slow = { .class = ERR_NONE };

	ok(read_request(text, len, false, &h, &e) < 0 &&
	   e.class == ERR_INPUT, why);
	same_str(e.msg, why, "the sentence");
	ok(read_request(text, len, true, &h, &slow) < 0 &&
	   strcmp(e.msg, slow.msg) == 0, "byte by byte too");
}

static void refused(const char *text, const char *why)
{
	refused_len(text, strlen(text), why);
}

static struct http1_head taken(const char *text)
{
	struct http1_head h;
	struct err e = { .msg = "" };

	ok(read_request(text, strlen(text), false, &h, &e) == 0, text);
	ok(read_request(text, strlen(text), true, &h, &e) == 0, e.msg);
	return h;
}

static void test_lines(void)
{
	struct http1_head h = taken("\r\nGET /a?b HTTP/1.1\r\n" H "\r\n");

	ok(http1_is(h.method, "GET") && http1_is(h.path, "/a?b") &&
	   h.form == HTTP1_ORIGIN && h.minor == 1 && h.keep_alive &&
	   h.body == HTTP1_NONE && http1_is(h.authority, "a"), "origin form");
	h = taken("GET HTTP://EXAMPLE.com:81/x HTTP/1.1\r\nHost: evil\r\n\r\n");
	ok(h.form == HTTP1_ABSOLUTE && http1_is(h.path, "/x") &&
	   http1_is(h.authority, "EXAMPLE.com:81"),
	   "absolute form; Host is not what counts");
	h = taken("CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n"
		  "Content-Length: 0\r\n\r\n");
	ok(h.form == HTTP1_AUTHORITY && http1_is(h.authority, "[::1]:443"),
	   "CONNECT");
	h = taken("OPTIONS * HTTP/1.1\r\n" H "\r\n");
	ok(h.form == HTTP1_ASTERISK, "OPTIONS *");
	h = taken("GET / HTTP/1.0\r\n\r\n");
	ok(h.minor == 0 && !h.keep_alive, "HTTP/1.0 needs no Host");

	refused("GET / HTTP/1.1\n" H "\n",
		"a LF alone in the head of the message (RFC 9112 section 2.2)");
	refused(GET "Host: a\r\r\n\r\n",
		"a CR alone in the head of the message (RFC 9112 section 2.2)");
	refused("GET /\rX HTTP/1.1\r\n\r\n",
		"a CR alone in the head of the message (RFC 9112 section 2.2)");
	refused_len(GET "X: a\0b\r\n\r\n", 23,
		    "a NUL in the head of the message");
	refused("\r\n\r\n" GET H "\r\n", "empty lines before the message");
#define NOT_A_LINE "the request line is not METHOD TARGET VERSION (RFC 9112 " \
	"section 3)"
	refused("GET  / HTTP/1.1\r\n\r\n", NOT_A_LINE);
	refused(" GET / HTTP/1.1\r\n\r\n", NOT_A_LINE);
	refused("GET /\r\n\r\n", NOT_A_LINE);
	refused("G{T / HTTP/1.1\r\n\r\n", NOT_A_LINE);
	refused("\x16\x03\x01 a b\r\n\r\n", NOT_A_LINE);
	refused("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1\r\n\r\n",
		NOT_A_LINE);
#define NOT_A_VERSION "the version is neither HTTP/1.1 nor HTTP/1.0"
	refused("GET / HTTP/1.1 \r\n\r\n", NOT_A_VERSION);
	refused("GET / http/1.1\r\n\r\n", NOT_A_VERSION);
	refused("GET / HTTP/2.0\r\n\r\n", NOT_A_VERSION);
	refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", NOT_A_VERSION);
	refused("GET / HTTP/1.1x\r\n\r\n", NOT_A_VERSION);
#define NOT_A_TARGET "the target is neither a path nor an http:// URL"
	refused("GET x HTTP/1.1\r\n" H "\r\n", NOT_A_TARGET);
	refused("GET * HTTP/1.1\r\n" H "\r\n", NOT_A_TARGET);
	refused("GET ftp://a/ HTTP/1.1\r\n" H "\r\n", NOT_A_TARGET);
	refused("GET https://a/ HTTP/1.1\r\n" H "\r\n",
		"https goes through CONNECT, not by its URL");
#define NOT_ENCODED "the target has a character in it that must be " \
	"percent-encoded"
	refused("GET /\xc3\xa4 HTTP/1.1\r\n\r\n", NOT_ENCODED);
	refused("GET /#a HTTP/1.1\r\n\r\n", NOT_ENCODED);
	refused("GET /\ta HTTP/1.1\r\n\r\n", NOT_ENCODED);
}

static void test_fields(void)
{
	struct http1_head h = taken(GET H "X-A: \t b c \t\r\nx-a:\r\n\r\n");
	struct http1_text v;

	ok(http1_find(&h, "x-A", &v) == 2 && http1_is(v, "b c"),
	   "blanks around a value go, and fields are counted");
	ok(http1_find(&h, "x-b", NULL) == 0, "a field that is not there");
	h = taken(GET "Host:\r\n\r\n");
	ok(h.authority.len == 0, "an empty Host");

#define WRONG_NAME "the name of a header field has a blank or another wrong " \
	"character in it (RFC 9112 section 5.1)"
	refused(GET "Host : a\r\n\r\n", WRONG_NAME);
	refused(GET "Ho st: a\r\n\r\n", WRONG_NAME);
	refused(GET ": a\r\n\r\n", WRONG_NAME);
	refused(GET "H\xc3\xb6st: a\r\n\r\n", WRONG_NAME);
	refused(GET H " folded\r\n\r\n", "a header line is folded, which RFC "
		"9112 section 5.2 has done away with");
	refused(GET "\tfolded: x\r\n\r\n", "a header line is folded, which RFC "
		"9112 section 5.2 has done away with");
	refused(GET "Host\r\n\r\n", "a header line without a colon");
	refused(GET H "X: a\x01\r\n\r\n",
		"header field 'X' has a control character in it");
	refused(GET "\r\n", "no Host field");
	refused(GET H H "\r\n", "two Host fields");
	refused("GET http://b/ HTTP/1.1\r\n" H H "\r\n", "two Host fields");
	refused(GET "Host: a b\r\n\r\n", "Host: the name of the host has a "
		"blank or a control character in it");
	refused(GET "Host: a@b\r\n\r\n",
		"Host: a user before the host is not allowed here");
	refused(GET "Host: a, b\r\n\r\n", "Host: the name of the host has a "
		"blank or a control character in it");
}

static void test_limits(void)
{
	AUTO_BUF struct buf b = BUF_INIT(2 * HTTP1_HEAD_MAX);
	size_t fixed = strlen(GET H "X: \r\n\r\n");

	buf_adds(&b, GET H);
	for (unsigned i = 1; i < HTTP1_FIELDS_MAX; i++)
		buf_adds(&b, "X: y\r\n");
	buf_adds(&b, "\r\n");
	taken(b.data);
	b.len -= 2;
	buf_adds(&b, "X: y\r\n\r\n");
	refused(b.data, "more than 128 header fields");

	b.len = 0;
	buf_adds(&b, GET H "X: ");
	for (size_t i = fixed; i < HTTP1_HEAD_MAX; i++)
		buf_addc(&b, 'x');
	buf_adds(&b, "\r\n\r\n");
	taken(b.data);
	b.len -= 4;
	buf_adds(&b, "x\r\n\r\n");
	refused(b.data, "the head of the message is larger than 65536 bytes");
	refused(GET H, "unfinished");
}

static void test_framing(void)
{
	struct http1_head h = taken("POST / HTTP/1.1\r\n" H
				    "Content-Length: 007\r\n\r\n");

	ok(h.body == HTTP1_LENGTH && h.length == 7, "a length");
	h = taken("POST / HTTP/1.1\r\n" H "transfer-encoding: CHUNKED\r\n"
		  "Expect: 100-Continue\r\nConnection: x, Close\r\n\r\n");
	ok(h.body == HTTP1_CHUNKED && h.expect_continue && !h.keep_alive,
	   "chunked, Expect, close");
	h = taken(GET H "Expect: 100-continue\r\n\r\n");
	ok(!h.expect_continue, "Expect without a body is nothing");

	refused(GET H "Content-Length: 1\r\nContent-Length: 1\r\n\r\n",
		"two Content-Length fields");
#define NOT_A_LENGTH "Content-Length is not one plain number"
	refused(GET H "Content-Length: 1, 1\r\n\r\n", NOT_A_LENGTH);
	refused(GET H "Content-Length: +1\r\n\r\n", NOT_A_LENGTH);
	refused(GET H "Content-Length: -1\r\n\r\n", NOT_A_LENGTH);
	refused(GET H "Content-Length: 0x1\r\n\r\n", NOT_A_LENGTH);
	refused(GET H "Content-Length: 1 1\r\n\r\n", NOT_A_LENGTH);
	refused(GET H "Content-Length: 18446744073709551617\r\n\r\n",
		NOT_A_LENGTH);
	refused(GET H "Content-Length:\r\n\r\n", "Content-Length is empty");
	refused(GET H "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
		"both Content-Length and Transfer-Encoding");
	refused(GET H "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
		"both Content-Length and Transfer-Encoding");
#define NOT_CHUNKED "the only transfer coding that is understood is 'chunked'"
	refused(GET H "Transfer-Encoding: gzip, chunked\r\n\r\n", NOT_CHUNKED);
	refused(GET H "Transfer-Encoding: chunked, identity\r\n\r\n",
		NOT_CHUNKED);
	refused(GET H "Transfer-Encoding: xchunked\r\n\r\n", NOT_CHUNKED);
	refused(GET H "Transfer-Encoding: \"chunked\"\r\n\r\n", NOT_CHUNKED);
	refused(GET H "Transfer-Encoding:\r\n\r\n", NOT_CHUNKED);
	refused(GET H "Transfer-Encoding: chunked\r\n"
		"Transfer-Encoding: chunked\r\n\r\n", NOT_CHUNKED);
	refused("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
		"Transfer-Encoding in HTTP/1.0");
	refused("CONNECT a:1 HTTP/1.1\r\n" H "Content-Length: 1\r\n\r\n",
		"CONNECT with a body");
	refused("CONNECT a:1 HTTP/1.1\r\n" H
		"Transfer-Encoding: chunked\r\n\r\n", "CONNECT with a body");
}

/* What is in the body, "-fault" or "+" when more is wanted; how many bytes
 * were of it is appended. */
static char *body_of(const struct http1_head *h, const char *text, size_t step,
		     size_t max)
{
	AUTO_BUF struct buf content = BUF_INIT(max);
	struct http1_body b;
	size_t at = 0, len = strlen(text), used;
	struct err e;

	http1_body_init(&b, h);
	while (at < len && !b.done) {
		size_t n = step < len - at ? step : len - at;

		if (http1_body_take(&b, text + at, n, &used, &content,
				    &e) < 0)
			return xasprintf("-%s", e.msg);
		if (used == 0)
			break;
		at += used;
	}
	return xasprintf("%s%s %zu", b.done ? "" : "+",
			 content.len ? content.data : "", at);
}

static void chunked(const char *text, const char *want)
{
	static const struct http1_head h = { .body = HTTP1_CHUNKED };
	AUTO_FREE char *whole = body_of(&h, text, strlen(text), 100);
	AUTO_FREE char *bytes = body_of(&h, text, 1, 100);

	same_str(whole, want, text);
	same_str(bytes, want, "byte by byte");
}

static void test_bodies(void)
{
	static const struct http1_head length = { .body = HTTP1_LENGTH,
						  .length = 3 };
	static const struct http1_head none = { .body = HTTP1_NONE };
	static const struct http1_head close = { .body = HTTP1_UNTIL_CLOSE };
	AUTO_FREE char *a = body_of(&length, "abcGET /", 8, 3);
	AUTO_FREE char *b = body_of(&length, "ab", 1, 3);
	AUTO_FREE char *c = body_of(&none, "GET", 3, 3);
	AUTO_FREE char *d = body_of(&close, "abcd", 3, 9);
	AUTO_FREE char *x = body_of(&length, "abc", 3, 2);
	char zeros[HTTP1_CHUNK_LINE_MAX + 32];
	struct http1_body body;
	struct err e;

	same_str(a, "abc 3", "a length, and the next message after it");
	same_str(b, "+ab 2", "a length that is not there yet");
	same_str(c, " 0", "no body");
	same_str(d, "+abcd 4", "until the connection closes");
	same_str(x, "-the body is larger than 2 bytes", "a ceiling");
	http1_body_init(&body, &close);
	ok(http1_body_close(&body, &e) == 0 && body.done, "which is its end");
	http1_body_init(&body, &length);
	ok(http1_body_close(&body, &e) < 0 && e.class == ERR_REMOTE,
	   "others are cut short by it");

	chunked("3\r\nabc\r\n0\r\n\r\nGET", "abc 13");
	chunked("2;x=\"y\"\r\nab\r\n1\r\nc\r\n0;z\r\nT: 1\r\nU:\r\n\r\n",
		"abc 36");
	chunked("00A\r\n0123456789\r\n0\r\n\r\n", "0123456789 22");
	chunked("1\r\na\r\n0\r\n", "+a 9");
	chunked("1\r\n", "+ 3");
#define MALFORMED "-the chunked body is malformed (RFC 9112 section 7.1)"
	chunked("\r\n", MALFORMED);
	chunked(";x\r\n", MALFORMED);
	chunked("g\r\n", MALFORMED);
	chunked("0x1\r\n", MALFORMED);
	chunked("1 \r\na\r\n", MALFORMED);
	chunked("-1\r\n", MALFORMED);
	chunked("1\na", MALFORMED);
	chunked("1\r\nab", MALFORMED);
	chunked("1\r\na\n", MALFORMED);
	chunked("1\r\na\rb", MALFORMED);
	chunked("1;a\nb\r\n", MALFORMED);
	chunked("1;\x01\r\n", MALFORMED);
	chunked("1000000000000000\r\n", MALFORMED);
	chunked("0\r\n\n", MALFORMED);
	chunked("0\r\n\rx", MALFORMED);
	chunked("0\r\n: a\r\n\r\n", MALFORMED);
	chunked("0\r\nA : a\r\n\r\n", MALFORMED);
	chunked("0\r\n a: a\r\n\r\n", MALFORMED);
	chunked("0\r\nA: \x01\r\n\r\n", MALFORMED);
	chunked("0\r\nA: b\nC: d\r\n\r\n", MALFORMED);
	chunked("0\r\nContent-length: 5\r\n\r\n", MALFORMED);
	chunked("0\r\nHOST: b\r\n\r\n", MALFORMED);
	chunked("0\r\nHostess-with-a-very-long-name: b\r\n\r\n", " 39");
	memset(zeros, 'x', sizeof(zeros) - 1);
	zeros[sizeof(zeros) - 1] = '\0';
	zeros[0] = '1';
	zeros[1] = ';';
	chunked(zeros, MALFORMED);
}

static void sent_on(const char *in, const char *host, uint16_t port, bool keep,
		    const char *want)
{
	AUTO_BUF struct buf out = BUF_INIT(HTTP1_HEAD_MAX + 1024);
	struct http1_head h = taken(in);
	struct host to;
	struct err e;

	ok(host_parse(host, strlen(host), &to, &e) == 0, host);
	http1_put_request(&h, &to, port, keep, &out);
	same_str(out.data, want, "sent on");
}

static void test_sending(void)
{
	sent_on("GET http://A.example/x?y HTTP/1.1\r\nhost: other\r\n"
		"Proxy-Connection: keep-alive\r\nProxy-Authorization: Basic\r\n"
		"Connection: keep-alive, x-hop\r\nX-Hop: 1\r\nTE: trailers\r\n"
		"Upgrade: h2c\r\nKeep-Alive: 5\r\nAccept:  */* \r\n\r\n",
		"A.example", 80, true, "GET /x?y HTTP/1.1\r\nHost: a.example\r\n"
		"Accept: */*\r\n\r\n");
	sent_on("POST http://[::1]:8080 HTTP/1.1\r\n" H
		"Connection: content-length\r\nContent-Length: 0005\r\n\r\n",
		"[::1]", 8080, false, "POST / HTTP/1.1\r\nHost: [::1]:8080\r\n"
		"Content-Length: 5\r\nConnection: close\r\n\r\n");
	sent_on("PUT http://a?q HTTP/1.1\r\n" H
		"Transfer-Encoding: CHUNKED\r\nExpect: 100-continue\r\n\r\n",
		"a", 80, true, "PUT /?q HTTP/1.1\r\nHost: a\r\n"
		"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n");
	sent_on("OPTIONS http://a HTTP/1.1\r\n" H "\r\n", "a", 80, true,
		"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
	sent_on("OPTIONS http://a/ HTTP/1.1\r\n" H "\r\n", "a", 80, true,
		"OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n");
	sent_on("GET http://a/ HTTP/1.0\r\n\r\n", "a", 80, true,
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
}

static void answer(const char *in, bool to_head, enum http1_kind body,
		   bool keep_alive, const char *want)
{
	AUTO_BUF struct buf out = BUF_INIT(HTTP1_HEAD_MAX + 1024);
	struct http1_head h;
	struct err e = { .msg = "" };

	ok(http1_parse_response(in, strlen(in), to_head, &h, &e) == 0 &&
	   h.body == body && h.keep_alive == keep_alive, in);
	http1_put_response(&h, keep_alive, false, &out);
	same_str(out.data, want, "sent on");
}

static void answer_refused(const char *in, const char *why)
{
	struct http1_head h;
	struct err e = { .msg = "" };

	ok(http1_parse_response(in, strlen(in), false, &h, &e) < 0 &&
	   e.class == ERR_REMOTE, in);
	same_str(e.msg, why, "the sentence");
}

static void test_responses(void)
{
	AUTO_BUF struct buf out = BUF_INIT(1024);
	struct http1_head h;
	struct err e;

	answer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nServer: x\r\n\r\n",
	       false, HTTP1_LENGTH, true, "HTTP/1.1 200 OK\r\nServer: x\r\n"
	       "Content-Length: 3\r\n\r\n");
	answer("HTTP/1.1 200\r\nConnection: close\r\n\r\n", false,
	       HTTP1_UNTIL_CLOSE, false,
	       "HTTP/1.1 200 \r\nConnection: close\r\n\r\n");
	answer("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", false,
	       HTTP1_LENGTH, false, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
	       "Connection: close\r\n\r\n");
	answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false,
	       HTTP1_CHUNKED, true,
	       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	answer("HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n", true,
	       HTTP1_NONE, true, "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n"
	       "\r\n");
	answer("HTTP/1.1 304 Not Modified\r\nContent-Length: 30\r\n\r\n",
	       false, HTTP1_NONE, true, "HTTP/1.1 304 Not Modified\r\n"
	       "Content-Length: 30\r\n\r\n");
	answer("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", false,
	       HTTP1_NONE, true, "HTTP/1.1 204 No Content\r\n\r\n");
	answer("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", false,
	       HTTP1_NONE, true, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
	answer("HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n", false,
	       HTTP1_NONE, false, "HTTP/1.1 100 Continue\r\n\r\n");

#define NOT_AN_ANSWER "the answer does not begin with HTTP/1.1 and a status " \
	"(RFC 9112 section 4)"
	answer_refused("HTTP/1.1 99 x\r\n\r\n", NOT_AN_ANSWER);
	answer_refused("HTTP/1.1 600 x\r\n\r\n", NOT_AN_ANSWER);
	answer_refused("HTTP/1.1 2000 x\r\n\r\n", NOT_AN_ANSWER);
	answer_refused("HTTP/2 200 x\r\n\r\n", NOT_AN_ANSWER);
	answer_refused("ICY 200 OK\r\n\r\n", NOT_AN_ANSWER);
	answer_refused("HTTP/1.1 200 a\rb\r\n\r\n", NOT_AN_ANSWER);
	answer_refused("HTTP/1.1 101 Switching Protocols\r\n\r\n", "the answer "
		       "switches to a protocol that nobody asked for");
	answer_refused("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
		       "Content-Length: 2\r\n\r\n",
		       "two Content-Length fields");

	ok(http1_parse_response("HTTP/1.1 200 OK\r\nTransfer-Encoding: "
				"chunked\r\n\r\n", 47, false, &h, &e) == 0,
	   "chunked");
	http1_put_response(&h, false, true, &out);
	same_str(out.data, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
		 "for a client that knows no chunks");
}

static void test_replies(void)
{
	AUTO_BUF struct buf out = BUF_INIT(2048);
	struct http1_reply r = { .status = 405, .allow = "POST",
				 .body = "no\n", .len = 3 };

	http1_put_reply(&r, true, false, &out);
	same_str(out.data, "HTTP/1.1 405 Method Not Allowed\r\n"
		 "Content-Type: text/plain; charset=utf-8\r\n"
		 "Content-Length: 3\r\nAllow: POST\r\n\r\nno\n", "a reply");
	out.len = 0;
	http1_put_reply(&r, false, true, &out);
	same_str(out.data, "HTTP/1.1 405 Method Not Allowed\r\n"
		 "Content-Type: text/plain; charset=utf-8\r\n"
		 "Content-Length: 3\r\nAllow: POST\r\nConnection: close\r\n"
		 "\r\n", "to HEAD");
	out.len = 0;
	http1_put_refusal(400, "two Host fields", &out);
	same_str(out.data, "HTTP/1.1 400 Bad Request\r\n"
		 "Content-Type: text/plain; charset=utf-8\r\n"
		 "Content-Length: 16\r\nConnection: close\r\n\r\n"
		 "two Host fields\n", "a refusal");
}

int main(void)
{
	test_lines();
	test_fields();
	test_limits();
	test_framing();
	test_bodies();
	test_sending();
	test_responses();
	test_replies();
	return tap_done();
}
