/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_frame.c - what the egress proxies say to each other
 */
#include "base/xalloc.h"
#include "enclave/frame.h"
#include "tap.h"

/* A frame around the text: new, caller frees. */
static uint8_t *framed(const char *json, size_t *total)
{
	size_t n = strlen(json);
	uint8_t *f = xmalloc(n + 2);

	f[0] = (uint8_t)n;
	f[1] = (uint8_t)(n >> 8);
	memcpy(f + 2, json, n);
	*total = n + 2;
	return f;
}

static void request(const char *json, const char *want)
{
	size_t total, found = 0;
	AUTO_FREE uint8_t *f = framed(json, &total);
	AUTO_FREE char *got = NULL;
	struct host h;
	uint16_t port;
	struct err e = { .msg = "" };

	ok(frame_scan(f, total, &found, &e) == 1 && found == total, json);
	got = frame_parse_request(f, total, &h, &port, &e) < 0 ?
		      xasprintf("-%s", e.msg) :
		      xasprintf("%s %u", h.text, port);
	same_str(got, want, "is");
	if (*want == '-')
		ok(e.class == ERR_REMOTE, "the far end's fault");
}

static void answer(const char *json, const char *want)
{
	size_t total;
	AUTO_FREE uint8_t *f = framed(json, &total);
	AUTO_FREE char *got = NULL;
	struct frame_answer a;
	struct err e = { .msg = "" };

	if (frame_parse_answer(f, total, &a, &e) < 0)
		got = xstrdup("-");
	else
		got = xasprintf("%d %d %s", a.ok, a.os_code, a.message);
	same_str(got, want, json);
}

static void test_written(void)
{
	AUTO_BUF struct buf b = BUF_INIT(FRAME_MAX);
	AUTO_BUF struct buf long_text = BUF_INIT(2 * FRAME_MAX);
	struct frame_answer a;
	struct host h;
	struct err e;

	ok(host_parse("[2001:DB8::1]", 13, &h, &e) == 0, "a host");
	frame_put_request(&h, 443, &b);
	ok(b.len == 2 + 33 && b.data[0] == 33 && b.data[1] == 0, "its length");
	same_str(b.data + 2, "{\"host\":\"2001:db8::1\",\"port\":443}",
		 "and its text");
	b.len = 0;
	frame_put_ok(&b);
	ok(b.len == 6 && memcmp(b.data, "\4\0\"Ok\"", 6) == 0, "Ok");
	b.len = 0;
	frame_put_error(111, "Connection refused", &b);
	same_str(b.data + 2, "{\"Err\":{\"message\":\"Connection refused\","
		 "\"os_code\":111}}", "an error");
	b.len = 0;
	for (int i = 0; i < 2000; i++)
		buf_adds(&long_text, "\xc3\xa4");
	frame_put_error(1, long_text.data, &b);
	ok(frame_parse_answer(b.data, b.len, &a, &e) == 0 &&
	   strlen(a.message) == 510, "a long message is cut after a character");
}

static void test_lengths(void)
{
	size_t total = 0;
	struct err e = { .msg = "" };

	ok(frame_scan("", 0, &total, &e) == 0, "nothing yet");
	ok(frame_scan("\4", 1, &total, &e) == 0, "half a length");
	ok(frame_scan("\4\0\"Ok", 5, &total, &e) == 0, "half a text");
	ok(frame_scan("\4\0\"Ok\"raw", 9, &total, &e) == 1 && total == 6,
	   "raw bytes behind it");
	ok(frame_scan("\0\0", 2, &total, &e) < 0, "no text");
	ok(frame_scan("\1\x10", 2, &total, &e) < 0, "4097 bytes");
	same_str(e.msg, "an egress frame of 4097 bytes: from 1 to 4096 are "
		 "taken", "the sentence");
	ok(frame_scan("\xff\xff", 2, &total, &e) < 0, "65535 bytes");
}

int main(void)
{
	static const char not_a_request[] =
		"-an egress request that is not {\"host\":NAME,\"port\":N}";

	test_written();
	test_lengths();
	request("{\"host\":\"EXAMPLE.com.\",\"port\":80}", "example.com 80");
	request(" {\"port\" : 65535, \"host\":\"[::1]\", \"x\":[]} ",
		"::1 65535");
	request("{\"host\":\"host\",\"port\":1}", "host 1");
	request("{\"host\":\"a\",\"port\":0}", not_a_request);
	request("{\"host\":\"a\",\"port\":65536}", not_a_request);
	request("{\"host\":\"a\",\"port\":\"80\"}", not_a_request);
	request("{\"host\":\"a\",\"port\":80.0}", not_a_request);
	request("{\"host\":1,\"port\":80}", not_a_request);
	request("{\"host\":\"a\\u0000b\",\"port\":80}", not_a_request);
	request("{\"host\":\"a\",\"host\":\"b\",\"port\":80}", not_a_request);
	request("{}", not_a_request);
	request("[]", not_a_request);
	request("\"Ok\"", not_a_request);
	request("{\"host\":\"0x7f.1\",\"port\":80}", "-'0x7f.1' is not a plain "
		"IPv4 address: write four decimal numbers, like 192.0.2.1");
	request("{\"host\":\"\",\"port\":80}", "-no host is named");

	answer("\"Ok\"", "1 0 ");
	answer("{\"Err\":{\"os_code\":111,\"message\":\"Connection refused\"}}",
	       "0 111 Connection refused");
	answer("{\"Err\":{\"os_code\":-5,\"message\":\"a\\nb\\u001b\\u007f\"}}",
	       "0 -5 a?b??");
	answer("{\"Err\":{\"os_code\":0,\"message\":\"\",\"more\":1}}",
	       "0 0 ");
	answer("\"ok\"", "-");
	answer("\"Ok\" ", "-");
	answer("{\"Ok\":null}", "-");
	answer("{\"Err\":{}}", "-");
	answer("{\"Err\":\"x\"}", "-");
	answer("{\"Err\":{\"os_code\":99999999999,\"message\":\"x\"}}", "-");
	answer("\xff", "-");
	return tap_done();
}
