/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_http1.c - messages one after another on a connection: requests, or
 * responses when the first byte is odd
 */
#include "base/buf.h"
#include "enclave/http1.h"
#include "fuzz.h"

static bool responses;

/* The end of the next head, or 0.  In one piece and byte by byte the answer
 * is the same. */
static size_t find_head(const char *data, size_t len, size_t *start)
{
	struct http1_scan whole = { 0 }, slow = { 0 };
	int ret, again = 0;
	struct err e;

	ret = http1_scan(&whole, data, len, &e);
	for (size_t n = 1; n <= len && again == 0; n++)
		again = http1_scan(&slow, data, n, &e);
	fuzz_must(ret == again);
	if (ret <= 0)
		return 0;
	fuzz_must(whole.end == slow.end && whole.start == slow.start &&
		  whole.end <= len && whole.start < whole.end);
	*start = whole.start;
	return whole.end;
}

static int parse(const char *data, size_t len, struct http1_head *h)
{
	struct err e;

	return responses ? http1_parse_response(data, len, false, h, &e) :
			   http1_parse_request(data, len, h, &e);
}

/* The most that is added: Host, a length or an encoding, Connection. */
#define ADDED_MAX 3

/* What is sent on is one head, with the same framing, that is understood, unless
 * what was added makes it larger than what is taken. */
static void check_sent(const struct http1_head *h)
{
	AUTO_BUF struct buf out = BUF_INIT(2 * HTTP1_HEAD_MAX);
	static struct http1_head again;
	struct host host;
	size_t start = 0;
	uint16_t port;
	struct err e;

	if (responses) {
		http1_put_response(h, h->keep_alive, false, &out);
	} else {
		if (host_parse_authority(h->authority.s, h->authority.len, 80,
					 &host, &port, &e) < 0)
			return;
		if (h->form == HTTP1_AUTHORITY || h->form == HTTP1_ASTERISK)
			return;
		http1_put_request(h, &host, port, h->keep_alive, &out);
	}
	if (out.len > HTTP1_HEAD_MAX ||
	    h->n_fields > HTTP1_FIELDS_MAX - ADDED_MAX)
		return;
	fuzz_must(find_head(out.data, out.len, &start) == out.len &&
		  start == 0);
	fuzz_must(parse(out.data, out.len, &again) == 0);
	fuzz_must(again.body == h->body && (h->body != HTTP1_LENGTH ||
					    again.length == h->length));
}

/* How long the body is, whole and in pieces. */
static size_t take_body(const struct http1_head *h, const char *data,
			size_t len)
{
	AUTO_BUF struct buf content = BUF_INIT(len), bytes = BUF_INIT(len);
	struct http1_body whole, slow;
	size_t used, total = 0, one;
	struct err e;
	int ret;

	http1_body_init(&whole, h);
	http1_body_init(&slow, h);
	ret = http1_body_take(&whole, data, len, &used, &content, &e);
	fuzz_must(used <= len);
	while (total < len && !slow.done) {
		if (http1_body_take(&slow, data + total, 1, &one, &bytes,
				    &e) < 0)
			break;
		fuzz_must(one == 1);
		total++;
	}
	fuzz_must(total == used && slow.done == whole.done);
	fuzz_must(content.len == bytes.len &&
		  (content.len == 0 ||
		   memcmp(content.data, bytes.data, bytes.len) == 0));
	return ret == 0 && whole.done ? used : len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct http1_head h;
	const char *at = (const char *)data;
	size_t start = 0, end;

	if (len == 0)
		return 0;
	responses = data[0] & 1;
	at++;
	len--;
	while ((end = find_head(at, len, &start)) > 0) {
		if (parse(at + start, end - start, &h) < 0)
			break;
		check_sent(&h);
		at += end;
		len -= end;
		end = take_body(&h, at, len);
		at += end;
		len -= end;
	}
	return 0;
}
