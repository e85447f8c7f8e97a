/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_cbor.c - CBOR: RFC 8949 appendix A's examples, and what is cut short
 */
#include "base/buf.h"
#include "base/cbor.h"
#include "base/digest.h"

#include "tap.h"

static void same_hex(const struct buf *b, const char *want, const char *what)
{
	char hex[256];

	hex_encode((const uint8_t *)b->data, b->len, hex);
	same_str(hex, want, what);
}

static void test_ints(void)
{
	static const struct { int64_t value; const char *hex; } rows[] = {
		{ 0, "00" }, { 23, "17" }, { 24, "1818" }, { 255, "18ff" },
		{ 256, "190100" }, { 65535, "19ffff" }, { 65536, "1a00010000" },
		{ 1000000000000, "1b000000e8d4a51000" },
		{ INT64_MAX, "1b7fffffffffffffff" },
		{ -1, "20" }, { -10, "29" }, { -35, "3822" },
		{ -1000, "3903e7" }, { INT64_MIN, "3b7fffffffffffffff" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_BUF struct buf b = BUF_INIT(16);
		int64_t back = 0;
		struct cbor c;

		cbor_put_int(&b, rows[i].value);
		same_hex(&b, rows[i].hex, "an integer");
		c = cbor_from(b.data, b.len);
		ok(cbor_get_int(&c, &back) == 0 && back == rows[i].value &&
		   cbor_at_end(&c), "and back");
		c = cbor_from(b.data, b.len - 1);
		ok(cbor_get_int(&c, &back) == -1, "cut short");
	}
}

static void test_strings(void)
{
	AUTO_BUF struct buf b = BUF_INIT(64);
	const uint8_t *data;
	const char *text;
	struct cbor c;
	size_t len, n;

	cbor_put_map(&b, 1);
	cbor_put_text(&b, "IETF");
	cbor_put_array(&b, 2);
	cbor_put_bytes(&b, "\1\2\3\4", 4);
	cbor_put_byte_array(&b, "\0\x17\x18\xff", 4);
	same_hex(&b, "a1644945544682440102030484001718" "1818ff", "nested");
	c = cbor_from(b.data, b.len);
	ok(cbor_get_map(&c, &n) == 0 && n == 1, "map");
	ok(cbor_get_text(&c, &text, &len) == 0 && len == 4 &&
	   memcmp(text, "IETF", 4) == 0, "text");
	ok(cbor_get_array(&c, &n) == 0 && n == 2, "array");
	ok(cbor_get_bytes(&c, &data, &len) == 0 && len == 4 && data[3] == 4,
	   "bytes");
	{
		uint8_t out[4];
		struct cbor bookmark = c;

		ok(cbor_get_byte_array(&bookmark, out, 3, &len) == -1,
		   "an array of more than fits");
		ok(cbor_get_byte_array(&c, out, 4, &len) == 0 && len == 4 &&
		   out[3] == 255 && cbor_at_end(&c), "array of bytes");
	}
	for (size_t cut = 0; cut < b.len; cut++) {
		c = cbor_from(b.data, cut);
		if (cbor_skip(&c) == 0)
			break;
		n = cut;
	}
	ok(n == b.len - 1, "skip fails at each cut");
	c = cbor_from(b.data, b.len);
	ok(cbor_skip(&c) == 0 && cbor_at_end(&c), "skip");
}

static int skips(const char *hex)
{
	uint8_t raw[64];
	size_t len = strlen(hex) / 2;
	struct cbor c;

	if (hex_decode(hex, 2 * len, raw, len) < 0)
		return 1;
	c = cbor_from(raw, len);
	return cbor_skip(&c);
}

static void test_hostile(void)
{
	int64_t value;
	size_t n;
	struct cbor c;

	ok(skips("9bffffffffffffffff") == -1, "an array of 2^64 - 1 items");
	ok(skips("bbffffffffffffffff00") == -1, "a map of as many pairs");
	ok(skips("5bffffffffffffffff00") == -1, "a string of as many bytes");
	ok(skips("9f00ff") == 0 && skips("bf009f01ffff") == 0,
	   "indefinite lengths");
	ok(skips("9f00") == -1 && skips("bf00ff") == -1 &&
	   skips("ff") == -1 && skips("81ff") == -1, "breaks that are wrong");
	ok(skips("5f4101ff") == -1, "a string in pieces");
	ok(skips("1c") == -1, "a reserved length");
	ok(skips("c1c1c100") == 0, "tags");
	ok(skips("f6") == 0 && skips("f90000") == 0, "null and a float");
	ok(skips("818181818181818181818181818181818181") == -1, "too deep");
	c = cbor_from("\x3b\xff\xff\xff\xff\xff\xff\xff\xff", 9);
	ok(cbor_get_int(&c, &value) == -1, "-2^64 is no int64_t");
	c = cbor_from("\x60", 1);
	ok(cbor_get_int(&c, &value) == -1, "a text is no integer");
	c = cbor_from("", 0);
	ok(cbor_get_array(&c, &n) == -1, "nothing");
	c = cbor_from("\x82\x01\x39\x00\x05", 5);
	{
		uint8_t out[8];

		ok(cbor_get_byte_array(&c, out, 8, &n) == -1,
		   "a negative byte");
	}
}

/* Keys and values of a map, each added up. */
static int sum(const char *hex)
{
	uint8_t raw[64];
	size_t len = strlen(hex) / 2;
	struct cbor_items in;
	int64_t key, value;
	int more, total = 0;
	struct cbor c;

	if (hex_decode(hex, 2 * len, raw, len) < 0)
		return -2;
	c = cbor_from(raw, len);
	if (cbor_enter_map(&c, &in) < 0)
		return -1;
	while ((more = cbor_more(&c, &in)) > 0) {
		if (cbor_get_int(&c, &key) < 0 ||
		    cbor_get_int(&c, &value) < 0)
			return -1;
		total += (int)(10 * key + value);
	}
	return more < 0 || !cbor_at_end(&c) ? -1 : total;
}

static void test_items(void)
{
	AUTO_BUF struct buf b = BUF_INIT(8);
	bool value = false;
	struct cbor c;

	ok(sum("a201020304") == 46 && sum("bf01020304ff") == 46,
	   "a map of either length");
	ok(sum("a0") == 0 && sum("bfff") == 0, "an empty one");
	ok(sum("a2010203") == -1 && sum("bf0102") == -1 &&
	   sum("bf01ff") == -1 && sum("9f0102ff") == -1, "cut short");
	cbor_put_null(&b);
	same_hex(&b, "f6", "null");
	c = cbor_from("\xf6\xf5\xf4\x00", 4);
	ok(cbor_take_null(&c) && !cbor_take_null(&c), "taken once");
	ok(cbor_get_bool(&c, &value) == 0 && value &&
	   cbor_get_bool(&c, &value) == 0 && !value &&
	   cbor_get_bool(&c, &value) == -1, "true, false, and neither");
	ok(cbor_text_is("abc", 2, "ab") && !cbor_text_is("abc", 3, "ab"),
	   "a text");
}

int main(void)
{
	test_items();
	test_ints();
	test_strings();
	test_hostile();
	return tap_done();
}
