/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_manifest.c - manifest and pattern
 */
#include <sys/socket.h>

#include "base/xalloc.h"
#include "enclave/manifest.h"

#include "tap.h"

#define HEAD "version: v1\nname: app\ntarget: t\nsources: {app: a}\n"

static const char full[] =
	"version: v1\n"
	"name: \"app \\u00e4 \\\" \\\\\"\n"
	"target: repo/app:enclave\n"
	"sources: {app: repo/app:1, odyn: repo/odyn:2, sleeve: repo/sleeve:3}\n"
	"signature: {certificate: c.pem, key: /keys/k.pem}\n"
	"defaults: {cpu_count: 4, memory_mb: 8192}\n"
	"ingress:\n"
	"  - listen_port: 8080\n"
	"    tls: {key_file: key.pem, cert_file: cert.pem}\n"
	"  - {listen_port: 8081}\n"
	"egress: {allow: [\"**.Example.com\", 10.1.2.3/8, host], deny: [x.y]}\n"
	"kms_proxy: {listen_port: 9000, endpoints: {us-west-2: b, eu-1: a}}\n"
	"api: {listen_port: 8000}\n"
	"aux_api: {}\n"
	"vsock_ports: {status_port: 18000}\n";

static const char canonical[] =
	"version: v1\n"
	"name: \"app \\xe4 \\\" \\\\\"\n"
	"target: \"-\"\n"
	"sources:\n"
	"  app: \"-\"\n"
	"ingress:\n"
	"  - listen_port: 8080\n"
	"    tls:\n"
	"      key_file: \"key.pem\"\n"
	"      cert_file: \"cert.pem\"\n"
	"  - listen_port: 8081\n"
	"egress:\n"
	"  proxy_port: 10000\n"
	"  allow:\n"
	"    - \"**.example.com\"\n"
	"    - \"10.1.2.3/8\"\n"
	"    - \"host\"\n"
	"  deny:\n"
	"    - \"x.y\"\n"
	"kms_proxy:\n"
	"  listen_port: 9000\n"
	"  endpoints:\n"
	"    \"eu-1\": \"a\"\n"
	"    \"us-west-2\": \"b\"\n"
	"api:\n"
	"  listen_port: 8000\n"
	"aux_api:\n"
	"  listen_port: 8001\n"
	"vsock_ports:\n"
	"  status_port: 18000\n"
	"  app_log_port: 17001\n"
	"  http_egress_port: 17002\n";

static void test_full(void)
{
	AUTO_MANIFEST struct manifest m = { 0 }, again = { 0 };
	AUTO_FREE char *text = NULL, *twice = NULL;
	struct err e = { 0 };

	ok(manifest_parse(full, sizeof(full) - 1, "dir/enclaver.yaml", &m,
			  &e) == 0, "every field");
	same_str(m.target, "repo/app:enclave", "target");
	same_str(m.app, "repo/app:1", "sources.app");
	same_str(m.odyn, "repo/odyn:2", "sources.odyn");
	same_str(m.sleeve, "repo/sleeve:3", "sources.sleeve");
	same_str(m.certificate, "dir/c.pem", "relative to the manifest");
	same_str(m.key, "/keys/k.pem", "or absolute");
	ok(m.cpu_count == 4 && m.memory_mb == 8192, "defaults");
	ok(m.n_ingress == 2 && m.ingress[0].tls && !m.ingress[1].tls,
	   "ingress");
	ok(m.aux_api_port == 8001, "aux_api is api + 1");
	ok(m.status_port == 18000 && m.http_egress_port == 17002,
	   "vsock_ports");
	text = manifest_canonical(&m);
	same_str(text, canonical, "the canonical text");
	ok(manifest_parse(text, strlen(text), "x", &again, &e) == 0,
	   "is a manifest");
	twice = manifest_canonical(&again);
	same_str(twice, text, "whose canonical text is itself");
	same_str(again.name, m.name, "and whose name survived");
}

static void test_minimal(void)
{
	AUTO_MANIFEST struct manifest m = { 0 };
	AUTO_FREE char *text = NULL;
	struct err e = { 0 };

	ok(manifest_parse(HEAD "egress:\ndefaults: ~\naux_api: null\n",
			  strlen(HEAD "egress:\ndefaults: ~\naux_api: null\n"),
			  "x", &m, &e) == 0, "null is not given");
	ok(m.cpu_count == 2 && m.memory_mb == 4096, "defaults by default");
	ok(!m.has_egress && !m.kms_port && !m.api_port && !m.aux_api_port,
	   "all else is off");
	ok(!m.certificate && !m.odyn && !m.sleeve, "and not there");
	text = manifest_canonical(&m);
	same_str(text, "version: v1\nname: \"app\"\ntarget: \"-\"\n"
		 "sources:\n  app: \"-\"\n", "the least canonical text");
}

static void test_strings(void)
{
	static const char text[] =
		"version: v1\nname: 123\ntarget: true\nsources: {app: 1.5}\n";
	AUTO_MANIFEST struct manifest m = { 0 };
	struct err e = { 0 };

	ok(manifest_parse(text, sizeof(text) - 1, "x", &m, &e) == 0,
	   "scalars are strings where strings are wanted");
	same_str(m.name, "123", "name");
	same_str(m.target, "true", "target");
	same_str(m.app, "1.5", "app");
}

static void test_patterns(void)
{
	static const struct {
		const char *text;
		enum pattern_kind kind;
		int family;
		unsigned prefix;
	} good[] = {
		{ "example.com", PATTERN_NAME, 0, 0 },
		{ "*", PATTERN_NAME, 0, 0 }, { "**", PATTERN_NAME, 0, 0 },
		{ "*.*.x", PATTERN_NAME, 0, 0 },
		{ "**.a_b.x", PATTERN_NAME, 0, 0 },
		{ "HOST", PATTERN_HOST, 0, 0 },
		{ "10.0.0.1", PATTERN_ADDRESS, AF_INET, 32 },
		{ "10.0.0.0/0", PATTERN_ADDRESS, AF_INET, 0 },
		{ "::1", PATTERN_ADDRESS, AF_INET6, 128 },
		{ "FD00::/8", PATTERN_ADDRESS, AF_INET6, 8 },
	};
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "a.**.b", "'a.**.b': '**' can only be the leftmost label" },
		{ "a*.b", "'a*.b': '*' and '**' stand for whole labels" },
		{ "***.b", "'***.b': '*' and '**' stand for whole labels" },
		{ "a..b", "'a..b' has an empty label" },
		{ "a.", "'a.' has an empty label" },
		{ "10.0.0.*", "'10.0.0.*' is not an address; write a range as a CIDR, like 10.0.0.0/8" },
		{ "1.2.3.4.5", "'1.2.3.4.5' is not an address; write a range as a CIDR, like 10.0.0.0/8" },
		{ "10.0.0.0/33", "'10.0.0.0/33': the prefix must be from 0 to 32" },
		{ "10.0.0.0/", "'10.0.0.0/': the prefix must be from 0 to 32" },
		{ "::/129", "'::/129': the prefix must be from 0 to 128" },
		{ "x/8", "'x/8' is not an address" },
		{ "a:80", "'a:80' is not an address: a pattern is a host name or an address, without scheme and port" },
		{ "https://a", "'https://a' is not an address: a pattern is a host name or an address, without scheme and port" },
		{ "[::1]:80", "'[::1]:80' is not an address: a pattern is a host name or an address, without scheme and port" },
		{ "http", NULL },
		{ "a b", "'a b' is neither a name, an address nor a CIDR" },
	};
	struct pattern p;
	struct err e;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		if (!ok(pattern_parse(good[i].text, &p, &e) == 0,
			good[i].text))
			continue;
		ok(p.kind == good[i].kind && p.family == good[i].family &&
		   p.prefix == good[i].prefix, "of the right kind");
		pattern_release(&p);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int ret = pattern_parse(bad[i].text, &p, &e);

		ok(ret == (bad[i].why ? -1 : 0), bad[i].text);
		if (ret < 0)
			same_str(e.msg, bad[i].why, "says why");
		else
			pattern_release(&p);
	}
	ok(pattern_parse("10.255.3.4/9", &p, &e) == 0 &&
	   memcmp(p.addr, "\x0a\x80\0\0", 4) == 0, "host bits are cleared");
	same_str(p.text, "10.255.3.4/9", "but the text is kept");
	pattern_release(&p);
}

static void test_wrong(void)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
#include "wrong_manifests.h"
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_MANIFEST struct manifest m = { 0 };
		struct err e = { 0 };
		int ret = manifest_parse(cases[i].text, strlen(cases[i].text),
					 "x", &m, &e);

		ok(ret < 0 && e.class == ERR_INPUT, cases[i].why);
		same_str(e.msg, cases[i].why, "that message");
	}
}

int main(void)
{
	test_full();
	test_minimal();
	test_strings();
	test_patterns();
	test_wrong();
	return tap_done();
}
