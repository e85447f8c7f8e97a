/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_policy.c - hosts as requests name them, and who may be talked to
 */
#include <arpa/inet.h>
#include <string.h>

#include "base/xalloc.h"
#include "enclave/policy.h"
#include "tap.h"

/* The one form, or "-" for what is refused. */
static void host_is(const char *text, const char *want)
{
	struct host h;
	struct err e;
	int ret = host_parse(text, strlen(text), &h, &e);

	same_str(ret < 0 ? "-" : h.text, want, text);
}

static void refused(const char *text, const char *why)
{
	struct host h;
	struct err e = { .class = ERR_NONE };

	ok(host_parse(text, strlen(text), &h, &e) < 0 &&
	   e.class == ERR_INPUT, text);
	same_str(e.msg, why, "and why");
}

static void test_names(void)
{
	char name[300];

	host_is("example.com", "example.com");
	host_is("EXAMPLE.Com.", "example.com");
	host_is("a", "a");
	host_is("_srv.x-1.internal", "_srv.x-1.internal");
	host_is("1.2.3.com", "1.2.3.com");
	host_is("xn--bcher-kva.example", "xn--bcher-kva.example");
	host_is("HOST", "host");
	host_is("host.", "host");
	host_is("..", "-");
	refused("", "no host is named");
	refused("a..b", "'a..b' has an empty label");
	refused(".a", "'.a' has an empty label");
	refused("a..", "'a.' has an empty label");
	refused(".", "'.' has an empty label");
	refused("a b", "the name of the host has a blank or a control "
		"character in it");
	refused("a\nb", "the name of the host has a blank or a control "
		"character in it");
	refused("b\xc3\xbc" "cher.example",
		"the name of the host is not ASCII: write it in its xn-- form");
	refused("ex%61mple.com", "'ex%61mple.com' is percent-encoded: "
		"write the name as it is");
	refused("*.com", "'*.com' is not the name of a host");
	refused("a/b", "'a/b' is not the name of a host");
	refused("a\\b", "'a\\b' is not the name of a host");

	memset(name, 'a', sizeof(name));
	for (size_t i = 63; i < sizeof(name); i += 64)
		name[i] = '.';
	name[253] = '\0';
	host_is(name, name);
	name[253] = 'a';
	name[254] = '\0';
	refused(name, "the name of the host is longer than 253 characters");
	memset(name, 'b', 64);
	name[64] = '\0';
	host_is(name, "-");
	host_is(name + 1, name + 1);
}

static void test_addresses(void)
{
	host_is("192.0.2.1", "192.0.2.1");
	host_is("192.0.2.1.", "192.0.2.1");
	/* What inet_aton(3) and browsers would take for addresses. */
	refused("127.1", "'127.1' is not a plain IPv4 address: write four "
		"decimal numbers, like 192.0.2.1");
	host_is("0x7f.1", "-");
	host_is("0X7F.0.0.1", "-");
	host_is("127.0.0.0x1", "-");
	host_is("127.0.0.0x", "-");
	host_is("017700000001", "-");
	host_is("2130706433", "-");
	host_is("0177.0.0.1", "-");
	host_is("127.0.0.01", "-");
	host_is("127.0.0.1.1", "-");
	host_is("256.0.0.1", "-");
	host_is("a.1", "-");
	host_is("a.0xff.", "-");
	host_is("1.0xfg", "1.0xfg");

	host_is("[2001:DB8::1]", "2001:db8::1");
	host_is("2001:db8:0:0:0:0:0:1", "2001:db8::1");
	host_is("[::ffff:10.0.0.1]", "10.0.0.1");
	host_is("::FFFF:7f00:1", "127.0.0.1");
	host_is("[::]", "::");
	refused("[fe80::1%eth0]", "'fe80::1%eth0' has a scope, which means "
		"nothing outside the enclave");
	host_is("[fe80::1%25eth0]", "-");
	host_is("fe80::1%1", "-");
	refused("[::1", "'[::1' does not end in ']'");
	host_is("[::1].", "-");
	host_is("[]", "-");
	host_is("[127.0.0.1]", "-");
	host_is("::1]", "-");
	host_is("::ffff:0x7f.1", "-");
	host_is("1:2:3:4:5:6:7:8:9", "-");
}

static void authority(const char *text, uint16_t usual, const char *want)
{
	AUTO_FREE char *got = NULL;
	struct host h;
	uint16_t port;
	struct err e;

	if (host_parse_authority(text, strlen(text), usual, &h, &port,
				 &e) < 0)
		got = xstrdup("-");
	else
		got = xasprintf("%s %u", h.text, port);
	same_str(got, want, text);
}

static void test_authorities(void)
{
	authority("example.com", 80, "example.com 80");
	authority("example.com:443", 80, "example.com 443");
	authority("[::1]:8080", 80, "::1 8080");
	authority("[::1]", 80, "::1 80");
	authority("h:65535", 0, "h 65535");
	authority("h", 0, "-");
	authority("[::1]", 0, "-");
	authority("h:", 80, "-");
	authority("h:0", 80, "-");
	authority("h:080", 80, "-");
	authority("h:65536", 80, "-");
	authority("h:99999999999999999999", 80, "-");
	authority("h:+80", 80, "-");
	authority("h:80 ", 80, "-");
	authority("h:80:80", 80, "-");
	authority("::1:80", 80, "-");
	authority("[::1]80", 80, "-");
	authority("[::1", 80, "-");
	authority(":80", 80, "-");
	authority("", 80, "-");
	authority("good.example@evil.example:80", 80, "-");
	authority("good.example:80@evil.example", 80, "-");
}

struct rules {
	struct pattern items[8];
	struct manifest_patterns list;
};

static void fill(struct rules *r, const char *words)
{
	AUTO_FREE char *copy = xstrdup(words);
	char *rest = copy, *word;
	struct err e;

	r->list = (struct manifest_patterns){ .items = r->items };
	while ((word = strsep(&rest, " ")) != NULL)
		if (*word && pattern_parse(word, &r->items[r->list.n++],
					   &e) < 0)
			ok(0, e.msg);
}

static void empty(struct rules *r)
{
	for (size_t i = 0; i < r->list.n; i++)
		pattern_release(&r->items[i]);
}

static void judge(const char *allow, const char *deny, const char *host,
		  bool want)
{
	AUTO_FREE char *what = xasprintf("%s: allow %s, deny %s", host, allow,
					 deny);
	struct rules a, d;
	struct policy p = { &a.list, &d.list };
	struct host h;
	struct err e = { .class = ERR_NONE };

	fill(&a, allow);
	fill(&d, deny);
	ok(host_parse(host, strlen(host), &h, &e) == 0 &&
	   (policy_check(&p, &h, &e) == 0) == want &&
	   (want || e.class == ERR_NO), what);
	empty(&a);
	empty(&d);
}

static void test_policy(void)
{
	judge("", "", "example.com", false);
	judge("example.com", "", "Example.COM.", true);
	judge("example.com", "", "www.example.com", false);
	judge("*.example.com", "", "www.example.com", true);
	judge("*.example.com", "", "example.com", false);
	judge("*.example.com", "", "a.b.example.com", false);
	judge("**.example.com", "", "a.b.example.com", true);
	judge("**.example.com", "", "example.com", false);
	judge("**.example.com", "", "badexample.com", false);
	judge("a.*.com", "", "a.b.com", true);
	judge("a.*.com", "", "a.b.c.com", false);
	judge("*", "", "localhost", true);
	judge("*", "", "a.b", false);
	judge("**", "", "a.b.c", true);
	judge("**", "b.c", "b.c", false);
	judge("**", "**.c", "b.c", false);
	judge("example.com", "EXAMPLE.com", "example.com", false);

	/* "host" by its own pattern alone. */
	judge("** * 0.0.0.0/0", "", "host", false);
	judge("HOST", "", "host", true);
	judge("host", "**", "host", true);
	judge("host", "host", "HOST.", false);
	judge("host", "", "a.host", false);

	/* Names and addresses do not meet. */
	judge("**", "", "192.0.2.1", false);
	judge("**", "", "[2001:db8::1]", false);
	judge("0.0.0.0/0", "", "example.com", false);
	judge("192.0.2.0/24", "", "192.0.2.255", true);
	judge("192.0.2.0/25", "", "192.0.2.128", false);
	judge("192.0.2.7", "", "192.0.2.7", true);
	judge("2001:db8::/33", "", "2001:db8:7fff::1", true);
	judge("2001:db8::/33", "", "2001:db8:8000::1", false);
	judge("::/0", "", "192.0.2.1", false);
	judge("::/0", "", "::ffff:192.0.2.1", false);
	judge("0.0.0.0/0", "", "2001:db8::1", false);

	/* A denied IPv4 range holds in each of its IPv6 spellings. */
	judge("::/0 0.0.0.0/0", "10.0.0.0/8", "::ffff:10.0.0.1", false);
	judge("::/0 0.0.0.0/0", "10.0.0.0/8", "::10.0.0.1", false);
	judge("::/0 0.0.0.0/0", "10.0.0.0/8", "64:ff9b::10.0.0.1", false);
	judge("::/0 0.0.0.0/0", "10.0.0.0/8", "64:ff9b:1:7::a00:1", false);
	judge("::/0 0.0.0.0/0", "10.0.0.0/8", "2002:a00:1::1", false);
	judge("::/0 0.0.0.0/0", "10.0.0.0/8", "::ffff:0:10.0.0.1", false);
	judge("::/0 0.0.0.0/0", "10.0.0.0/8", "64:ff9b::11.0.0.1", true);
	judge("::/0 0.0.0.0/0", "::ffff:10.0.0.0/104", "10.1.2.3", false);
	judge("::/0 0.0.0.0/0", "::ffff:10.0.0.0/104", "11.1.2.3", true);
	judge("::/0 0.0.0.0/0", "::/0", "10.1.2.3", true);
	/* ... and an allowed one opens no other way. */
	judge("10.0.0.0/8", "", "64:ff9b::10.0.0.1", false);
	judge("10.0.0.0/8", "", "::ffff:10.0.0.1", true);
}

static void resolved(const char *allow, const char *deny, const char *addr,
		     bool want)
{
	AUTO_FREE char *what = xasprintf("resolved to %s: allow %s, deny %s",
					 addr, allow, deny);
	int family = strchr(addr, ':') ? AF_INET6 : AF_INET;
	struct rules a, d;
	struct policy p = { &a.list, &d.list };
	uint8_t bytes[16];
	struct host h;
	struct err e = { .class = ERR_NONE };

	fill(&a, allow);
	fill(&d, deny);
	ok(inet_pton(family, addr, bytes) == 1, addr);
	host_from_address(family, bytes, &h);
	ok((policy_check_address(&p, &h, &e) == 0) == want &&
	   (want || e.class == ERR_NO), what);
	empty(&a);
	empty(&d);
}

static void test_resolved(void)
{
	static const char *const own[] = {
		"0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.0.1",
		"169.254.169.254", "::", "::1", "fe80::1", "febf::1",
		"fd00:ec2::254", "::ffff:127.0.0.1", "::127.0.0.1",
		"64:ff9b::169.254.169.254", "2002:7f00:1::",
	};

	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		resolved("**", "", own[i], false);
		resolved("::/0 0.0.0.0/0", "", own[i], true);
	}
	resolved("**", "", "192.0.2.1", true);
	resolved("**", "", "2001:db8::1", true);
	resolved("**", "", "fec0::1", true);
	resolved("**", "10.0.0.0/8", "10.0.0.1", false);
	resolved("**", "10.0.0.0/8", "::ffff:10.0.0.1", false);
	resolved("** 10.0.0.1", "10.0.0.0/8", "10.0.0.1", false);
	resolved("** 169.254.169.254", "", "169.254.169.254", true);
	resolved("** 169.254.169.254", "", "169.254.169.253", false);
}

static void test_reasons(void)
{
	struct rules a, d;
	struct policy p = { &a.list, &d.list };
	struct host h;
	struct err e;

	fill(&a, "**.example.com");
	fill(&d, "*.bad.example.com");
	ok(host_parse("x.Bad.example.com", 17, &h, &e) == 0 &&
	   policy_check(&p, &h, &e) < 0, "denied");
	same_str(e.msg, "egress to 'x.bad.example.com' is denied by "
		 "'*.bad.example.com' in egress.deny of the enclave's manifest",
		 "by which pattern");
	ok(host_parse("10.0.0.1", 8, &h, &e) == 0 &&
	   policy_check(&p, &h, &e) < 0, "not allowed");
	same_str(e.msg, "egress to '10.0.0.1' is not allowed: no pattern in "
		 "egress.allow of the enclave's manifest matches it",
		 "by none");
	empty(&a);
	empty(&d);
}

int main(void)
{
	test_names();
	test_addresses();
	test_authorities();
	test_policy();
	test_resolved();
	test_reasons();
	return tap_done();
}
