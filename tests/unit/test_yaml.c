/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_yaml.c - yaml and utf8
 */
#include "base/buf.h"
#include "base/utf8.h"
#include "base/yaml.h"

#include "tap.h"

static void refused(const char *text, size_t len, const char *want)
{
	AUTO_YAML_DOC struct yaml_doc doc = YAML_DOC_INIT;
	struct err e = { 0 };

	ok(yaml_parse(text, len, "x", &doc, &e) < 0, want);
	same_str(e.msg, want, "and that message");
	ok(e.class == ERR_INPUT, "and status 3");
}

static void test_tree(void)
{
	static const char text[] = "a: 1\n\"b\":\n  - x\n  - {c: 'd'}\n";
	AUTO_YAML_DOC struct yaml_doc doc = YAML_DOC_INIT;
	const struct yaml_node *b;
	struct err e = { 0 };

	ok(yaml_parse(text, sizeof(text) - 1, "x", &doc, &e) == 0, "parsed");
	ok(doc.root->kind == YAML_MAPPING && doc.root->n == 2, "a mapping");
	b = yaml_get(doc.root, "b");
	ok(b && b->kind == YAML_SEQUENCE && b->n == 2, "with a list");
	ok(b->line == 3 && b->column == 3, "that knows where it stands");
	ok(b->key->line == 2 && b->key->column == 1, "and where its key does");
	same_str(yaml_get(b->items[1], "c")->text, "d", "a quoted scalar");
	ok(!yaml_get(doc.root, "c"), "a key that is not there");
}

static void test_scalars(void)
{
	static const struct {
		const char *text, *is;
		int64_t value;
	} cases[] = {
		{ "8080", "an integer", 8080 }, { "-1", "an integer", -1 },
		{ "+7", "an integer", 7 }, { "0x1F", "an integer", 31 },
		{ "0o17", "an integer", 15 }, { "0b101", "an integer", 5 },
		{ "0", "an integer", 0 }, { "'8080'", "a string", 0 },
		{ "08", "a string", 0 }, { "1_000", "a string", 0 },
		{ "8080.0", "a string", 0 }, { "-", "a list", 0 },
		{ "99999999999999999999", "a string", 0 },
		{ "", "nothing", 0 }, { "~", "nothing", 0 },
		{ "null", "nothing", 0 }, { "'~'", "a string", 0 },
		{ "[]", "a list", 0 }, { "{}", "a mapping", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_YAML_DOC struct yaml_doc doc = YAML_DOC_INIT;
		AUTO_BUF struct buf text = BUF_INIT(100);
		const struct yaml_node *v;
		struct err e = { 0 };
		int64_t got = 0;

		buf_addf(&text, "k:\n  %s\n", cases[i].text);
		if (!ok(yaml_parse(text.data, text.len, "x", &doc, &e) == 0,
			cases[i].text))
			continue;
		v = yaml_get(doc.root, "k");
		same_str(yaml_describe(v), cases[i].is, "is");
		ok((yaml_int(v, &got) == 0) ==
		   (strcmp(cases[i].is, "an integer") == 0), "an integer?");
		ok(got == cases[i].value, "and its value");
	}
}

static void test_refused(void)
{
	AUTO_BUF struct buf b = BUF_INIT(YAML_MAX + 1);

#define REFUSED(text, want) refused(text, sizeof(text) - 1, want)
	REFUSED("", "x:1:1: there is nothing in it");
	REFUSED("# no more\n", "x:2:1: there is nothing in it");
	REFUSED("a: &p 1\nb: *p\n", "x:2:4: aliases are not taken here; quote what begins with *");
	REFUSED("[*.a]\n", "x:1:3: did not find expected alphabetic or numeric character while scanning an alias; quote what begins with * or &");
	REFUSED("a: &.a\n", "x:1:5: did not find expected alphabetic or numeric character while scanning an anchor; quote what begins with * or &");
	REFUSED("a: 1\nb: 2\na: 3\n",
		"x:3:1: 'a' is here a second time, after line 1");
	REFUSED("a: 1\n\"a\": 3\n",
		"x:2:1: 'a' is here a second time, after line 1");
	REFUSED("[a]: 1\n", "x:1:1: a key must be a word, not a list");
	REFUSED("a: !!str 1\n",
		"x:1:4: the tag 'tag:yaml.org,2002:str' is not taken here");
	REFUSED("a: 1\n---\nb: 2\n", "x:2:1: a second document begins here");
	REFUSED("a: \"\\0\"\n", "x:1:4: a NUL in a string");
	REFUSED("a: 1\nb: \0\n", "x:2:4: a NUL byte");
	REFUSED("a: \xff\n", "x:1:4: not UTF-8: byte 0xff");
	REFUSED("a: \xc3\xa4\xc0\x80\n", "x:1:5: not UTF-8: byte 0xc0");
	REFUSED("a: [1\nb: 2\n", "x:2:2: did not find expected ',' or ']' while parsing a flow sequence");
#undef REFUSED
	for (int i = 0; i <= YAML_DEPTH_MAX; i++)
		buf_addc(&b, '[');
	refused(b.data, b.len, "x:1:33: nested more than 32 deep");
	b.len = 0;
	buf_addc(&b, '[');
	for (int i = 0; i < YAML_NODES_MAX; i++)
		buf_adds(&b, "1,\n");
	buf_addc(&b, ']');
	refused(b.data, b.len, "x:16384:1: more than 16384 values");
	b.len = 0;
	while (b.len <= YAML_MAX)
		buf_addc(&b, ' ');
	refused(b.data, b.len, "x:1:1: larger than 1048576 bytes");
}

static void test_utf8(void)
{
	static const struct {
		const char *s;
		size_t n;
		uint32_t code;
	} cases[] = {
		{ "a", 1, 'a' }, { "\xc3\xa4", 2, 0xe4 },
		{ "\xe2\x82\xac", 3, 0x20ac },
		{ "\xf0\x9f\x98\x80", 4, 0x1f600 },
		{ "\x80", 0, 0 }, { "\xc1\xbf", 0, 0 },
		{ "\xe0\x9f\xbf", 0, 0 }, { "\xed\xa0\x80", 0, 0 },
		{ "\xf4\x90\x80\x80", 0, 0 }, { "\xf8\x88\x80\x80\x80", 0, 0 },
		{ "\xe2\x82", 0, 0 }, { "\xe2\x82z", 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t n = utf8_length(cases[i].s, strlen(cases[i].s));

		ok(n == cases[i].n, "length");
		if (n)
			ok(utf8_code(cases[i].s, n) == cases[i].code, "code");
	}
}

int main(void)
{
	test_tree();
	test_scalars();
	test_refused();
	test_utf8();
	return tap_done();
}
