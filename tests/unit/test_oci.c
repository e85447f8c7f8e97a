/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_oci.c - descriptors, manifests, platforms, the choice in an index
 */
#include "base/xalloc.h"
#include "image/oci.h"

#include "tap.h"

#define HEX "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a"
#define D(type, n) "{\"mediaType\":\"" type "\",\"digest\":\"sha256:" HEX n \
	"\",\"size\":7}"
#define E(n, os, arch, more) "{\"mediaType\":\"" OCI_MANIFEST \
	"\",\"digest\":\"sha256:" HEX n "\",\"size\":7,\"platform\":{\"os\":\"" \
	os "\",\"architecture\":\"" arch "\"" more "}}"
#define INDEX(list) "{\"schemaVersion\":2,\"manifests\":[" list "]}"
#define V(v) ",\"variant\":\"" v "\""

static void test_descriptor(void)
{
	static const char *const bad[] = {
		"[]", "{}",
		"{\"mediaType\":\"\",\"digest\":\"sha256:" HEX "0\",\"size\":1}",
		"{\"mediaType\":\"x\",\"digest\":\"sha512:" HEX "0\",\"size\":1}",
		"{\"mediaType\":\"x\",\"digest\":\"sha256:../../x\",\"size\":1}",
		"{\"mediaType\":\"x\",\"digest\":\"sha256:" HEX "0\",\"size\":-1}",
		"{\"mediaType\":\"x\",\"digest\":\"sha256:" HEX "0\",\"size\":1.0}",
		"{\"mediaType\":\"x\",\"digest\":\"sha256:" HEX "0\"}",
		"{\"mediaType\":7,\"digest\":\"sha256:" HEX "0\",\"size\":1}",
	};
	const char *text = D("x/y", "0");
	struct err e = { 0 };
	struct descriptor d;
	AUTO_JSON json_t *j = json_parse(text, strlen(text), "t", &e);
	AUTO_JSON json_t *back = NULL;
	AUTO_FREE char *again = NULL;

	ok(descriptor_parse(j, "t", &d, &e) == 0 && d.size == 7, "descriptor");
	same_str(d.hex, HEX "0", "digest");
	back = descriptor_json(&d);
	again = json_text(back);
	same_str(again, "{\"digest\":\"sha256:" HEX
		 "0\",\"mediaType\":\"x/y\",\"size\":7}", "and back");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		AUTO_JSON json_t *b = json_parse(bad[i], strlen(bad[i]), "t", &e);

		memset(&e, 0, sizeof(e));
		ok(descriptor_parse(b, "thing", &d, &e) == -1 &&
		   e.class == ERR_INPUT && strncmp(e.msg, "thing", 5) == 0,
		   bad[i]);
	}
}

static void bad_manifest(const char *text, const char *word)
{
	AUTO_MANIFEST_DOC struct manifest_doc doc = { 0 };
	struct err e = { 0 };

	ok(manifest_doc_parse(text, strlen(text), "m", &doc, &e) == -1 &&
	   e.class == ERR_INPUT && !doc.json && !doc.layers, text);
	if (!ok(strstr(e.msg, word) != NULL, word))
		printf("# %s\n", e.msg);
}

static void test_manifest(void)
{
	const char *text = "{\"schemaVersion\":2,\"config\":" D(OCI_CONFIG, "0")
		",\"layers\":[" D(OCI_LAYER_GZIP, "1") "," D(OCI_LAYER, "2")
		"]}";
	AUTO_MANIFEST_DOC struct manifest_doc doc = { 0 };
	struct err e = { 0 };

	ok(manifest_doc_parse(text, strlen(text), "m", &doc, &e) == 0 &&
	   doc.n_layers == 2, "a manifest");
	same_str(doc.layers[1].hex, HEX "2", "second layer");
	bad_manifest("", "not JSON");
	bad_manifest("[]", "object");
	bad_manifest("{}", "schemaVersion");
	bad_manifest("{\"schemaVersion\":1,\"fsLayers\":[]}", "schema 1");
	bad_manifest(INDEX(""), "manifest");
	bad_manifest("{\"schemaVersion\":2,\"layers\":[],\"manifests\":[]}",
		     "not an image manifest");
	bad_manifest("{\"schemaVersion\":2,\"mediaType\":\"" OCI_INDEX
		     "\",\"layers\":[]}", "mediaType");
	bad_manifest("{\"schemaVersion\":2,\"layers\":[]}", "config");
	bad_manifest("{\"schemaVersion\":2,\"config\":"
		     D("application/vnd.cncf.helm.config.v1+json", "0")
		     ",\"layers\":[]}", "not a container image");
	bad_manifest("{\"schemaVersion\":2,\"config\":" D(OCI_CONFIG, "0")
		     ",\"layers\":{}}", "array");
	bad_manifest("{\"schemaVersion\":2,\"config\":" D(OCI_CONFIG, "0")
		     ",\"layers\":[" D("x", "") "]}", "layer 1");
	bad_manifest("{\"schemaVersion\":2,\"config\":{\"mediaType\":\""
		     OCI_CONFIG "\",\"digest\":\"sha256:" HEX
		     "0\",\"size\":8388609},\"layers\":[]}", "larger");
}

static void test_layers_max(void)
{
	AUTO_JSON json_t *j = json_object();
	json_t *layers = json_array();
	AUTO_FREE char *text = NULL;
	struct descriptor d = { OCI_CONFIG, HEX "0", 7 };

	for (int i = 0; i <= LAYERS_MAX; i++)
		json_add(layers, descriptor_json(&d));
	json_put(j, "schemaVersion", json_integer(2));
	json_put(j, "config", descriptor_json(&d));
	json_put(j, "layers", layers);
	text = json_text(j);
	{
		AUTO_MANIFEST_DOC struct manifest_doc doc = { 0 };
		struct err e = { 0 };

		ok(manifest_doc_parse(text, strlen(text), "m", &doc, &e) < 0 &&
		   strstr(e.msg, "more than 1024 layers"), "too many layers");
	}
}

static void test_platform(void)
{
	static const char *const bad[] = { "", "/", "linux/", "/amd64",
		"linux/arm/v7/x", "li nux/amd64", "linux//v7" };
	struct platform p;
	struct err e = { 0 };

	ok(platform_parse("linux/arm/v7", &p, &e) == 0 &&
	   !strcmp(p.os, "linux") && !strcmp(p.arch, "arm") &&
	   !strcmp(p.variant, "v7"), "three words");
	ok(platform_parse("arm64", &p, &e) == 0 && !strcmp(p.os, "linux") &&
	   !strcmp(p.arch, "arm64") && !*p.variant, "one word");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ok(platform_parse(bad[i], &p, &e) == -1 &&
		   e.class == ERR_USAGE, bad[i]);
	platform_default(&p);
	ok(!strcmp(p.os, "linux") && *p.arch, "this machine");
}

static void chosen(const char *index, const char *platform, const char *last)
{
	struct descriptor d = { 0 };
	struct platform p;
	struct err e = { 0 };

	if (!ok(platform_parse(platform, &p, &e) == 0 &&
		index_choose(index, strlen(index), "i", &p, &d, &e) == 0,
		platform))
		printf("# %s\n", e.msg);
	else
		same_str(d.hex + 63, last, "the right one");
}

static void none(const char *index, const char *platform, const char *word)
{
	struct descriptor d;
	struct platform p;
	struct err e = { 0 };

	ok(platform_parse(platform, &p, &e) == 0 &&
	   index_choose(index, strlen(index), "i", &p, &d, &e) == -1 &&
	   e.class == ERR_INPUT, platform);
	if (!ok(strstr(e.msg, word) != NULL, word))
		printf("# %s\n", e.msg);
}

static void test_index(void)
{
	const char *many = INDEX(
		"{\"mediaType\":\"x/y\",\"digest\":\"\",\"size\":0},"
		E("1", "linux", "amd64", "") ","
		E("2", "linux", "arm64", V("v8")) ","
		E("3", "linux", "arm", V("v6")) ","
		E("4", "linux", "arm", V("v7")) ","
		E("5", "linux", "s390x", "") ","
		E("6", "linux", "s390x", V("z")) ","
		E("7", "unknown", "unknown", ""));

	chosen(many, "amd64", "1");
	chosen(many, "linux/arm64", "2");
	chosen(many, "linux/arm64/v8", "2");
	chosen(many, "linux/arm/v6", "3");
	chosen(many, "linux/arm", "4");
	chosen(many, "linux/s390x/y", "5");
	chosen(many, "linux/s390x/z", "6");
	none(many, "linux/riscv64",
	     "no image for linux/riscv64; it has linux/amd64, linux/arm64/v8, linux/arm/v6, linux/arm/v7, linux/s390x, linux/s390x/z (");
	none(many, "linux/arm/v5", "linux/arm/v5");
	none(INDEX(""), "amd64", "none");
	chosen(INDEX(D(OCI_MANIFEST, "9")), "amd64", "9");
	none(INDEX(D(OCI_MANIFEST, "9") "," D(OCI_MANIFEST, "8")), "amd64",
	     "none");
	none("{\"schemaVersion\":2,\"layers\":[]}", "amd64", "index");
	none("{\"schemaVersion\":2,\"manifests\":{}}", "amd64", "array");
	none(INDEX("{\"mediaType\":\"" OCI_MANIFEST "\"}"), "amd64",
	     "without a digest");
}

int main(void)
{
	test_descriptor();
	test_manifest();
	test_layers_max();
	test_platform();
	test_index();
	return tap_done();
}
