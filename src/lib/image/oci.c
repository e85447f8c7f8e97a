/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oci.c - descriptors, manifests and image configurations
 *
 * Hostile text: the caller has limited its size, everything else is checked
 * here.
 */
#include "image/oci.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/buf.h"
#include "base/xalloc.h"

#define LISTED_MAX 512		/* bytes of a message that lists platforms */

int descriptor_parse(const json_t *j, const char *what, struct descriptor *d,
		     struct err *e)
{
	const char *type = json_str(j, "mediaType");
	const char *digest = json_str(j, "digest"), *hex;
	const json_t *size = json_object_get(j, "size");

	memset(d, 0, sizeof(*d));
	if (!json_is_object(j))
		return err_set(e, ERR_INPUT, "%s: no descriptor", what);
	if (oci_check_descriptor(j, what, e) < 0)
		return -1;
	if (!type || !*type || strlen(type) >= sizeof(d->media_type))
		return err_set(e, ERR_INPUT,
			       "%s: descriptor without a valid mediaType", what);
	if (!digest)
		return err_set(e, ERR_INPUT, "%s: descriptor without a digest",
			       what);
	if (!digest_is_sha256(digest, &hex))
		return err_set(e, ERR_INPUT,
			       "%s: '%.80s' is not a sha256 digest", what,
			       digest);
	if (!json_is_integer(size) || json_integer_value(size) < 0)
		return err_set(e, ERR_INPUT,
			       "%s: descriptor without a valid size", what);
	snprintf(d->media_type, sizeof(d->media_type), "%s", type);
	snprintf(d->hex, sizeof(d->hex), "%s", hex);
	d->size = (uint64_t)json_integer_value(size);
	return 0;
}

json_t *descriptor_json(const struct descriptor *d)
{
	json_t *j = json_object();
	char digest[7 + SHA256_HEX];

	snprintf(digest, sizeof(digest), "sha256:%s", d->hex);
	json_put_str(j, "mediaType", d->media_type);
	json_put_str(j, "digest", digest);
	json_put(j, "size", json_integer((json_int_t)d->size));
	return j;
}

bool oci_is_manifest(const char *media_type)
{
	return strcmp(media_type, OCI_MANIFEST) == 0 ||
	       strcmp(media_type, DOCKER_MANIFEST) == 0;
}

bool oci_is_index(const char *media_type)
{
	return strcmp(media_type, OCI_INDEX) == 0 ||
	       strcmp(media_type, DOCKER_INDEX) == 0;
}

/* A text that is a manifest for one reader and an index for another was an
 * attack once (CVE-2021-41190): its mediaType, where it has one, and its
 * members must agree. */
static int check_kind(const json_t *j, const char *name, bool want_index,
		      struct err *e)
{
	const char *type = json_str(j, "mediaType");
	bool has_list = json_object_get(j, "manifests") != NULL;
	bool has_layers = json_object_get(j, "layers") != NULL;
	const json_t *version = json_object_get(j, "schemaVersion");
	AUTO_FREE char *what = xasprintf("'%s'", name);

	if (oci_check_manifest(j, what, e) < 0)
		return -1;
	if (json_integer_value(version) == 1)
		return err_set(e, ERR_INPUT,
			       "'%s': a manifest of Docker's schema 1, which nothing makes any more: push the image again",
			       name);
	if (json_integer_value(version) != 2)
		return err_set(e, ERR_INPUT, "'%s': schemaVersion is not 2",
			       name);
	if (want_index != has_list || want_index == has_layers)
		return err_set(e, ERR_INPUT, "'%s': not an image %s", name,
			       want_index ? "index" : "manifest");
	if (type && !(want_index ? oci_is_index(type) : oci_is_manifest(type)))
		return err_set(e, ERR_INPUT,
			       "'%s': an image %s does not have mediaType '%.100s'",
			       name, want_index ? "index" : "manifest", type);
	return 0;
}

static int parse_config(struct manifest_doc *doc, const char *name,
			struct err *e)
{
	AUTO_FREE char *what = xasprintf("'%s': config", name);

	if (descriptor_parse(json_object_get(doc->json, "config"), what,
			     &doc->config, e) < 0)
		return -1;
	/* Helm charts, signatures and caches are manifests too. */
	if (strcmp(doc->config.media_type, OCI_CONFIG) != 0 &&
	    strcmp(doc->config.media_type, DOCKER_CONFIG) != 0)
		return err_set(e, ERR_INPUT,
			       "'%s' is not a container image: its configuration is of type '%s'",
			       name, doc->config.media_type);
	if (doc->config.size > CONFIG_MAX)
		return err_set(e, ERR_INPUT,
			       "'%s': configuration is larger than %u bytes",
			       name, CONFIG_MAX);
	return 0;
}

static int parse_layers(struct manifest_doc *doc, const char *name,
			struct err *e)
{
	const json_t *layers = json_object_get(doc->json, "layers");
	size_t n = json_array_size(layers);

	if (!json_is_array(layers))
		return err_set(e, ERR_INPUT, "'%s': layers is not an array",
			       name);
	if (n > LAYERS_MAX)
		return err_set(e, ERR_INPUT, "'%s': more than %d layers", name,
			       LAYERS_MAX);
	doc->layers = xcalloc(n ? n : 1, sizeof(*doc->layers));
	for (size_t i = 0; i < n; i++) {
		AUTO_FREE char *what = xasprintf("'%s': layer %zu", name, i + 1);

		if (descriptor_parse(json_array_get(layers, i), what,
				     &doc->layers[i], e) < 0)
			return -1;
		doc->n_layers++;
	}
	return 0;
}

int manifest_doc_parse(const char *text, size_t len, const char *name,
		       struct manifest_doc *doc, struct err *e)
{
	memset(doc, 0, sizeof(*doc));
	doc->json = json_parse_object(text, len, name, e);
	if (!doc->json)
		return -1;
	if (check_kind(doc->json, name, false, e) < 0 ||
	    parse_config(doc, name, e) < 0 || parse_layers(doc, name, e) < 0) {
		manifest_doc_release(doc);
		return -1;
	}
	return 0;
}

void manifest_doc_release(struct manifest_doc *doc)
{
	json_decref(doc->json);
	free(doc->layers);
	memset(doc, 0, sizeof(*doc));
}

/* A word of a platform: letters, digits and _ . - only, so that it can stand
 * in a message. */
static bool word(const char *s, size_t len, char *out, size_t max)
{
	if (len == 0 || len >= max)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr("_.-", s[i]))
			return false;
	memcpy(out, s, len);
	out[len] = '\0';
	return true;
}

int platform_parse(const char *text, struct platform *p, struct err *e)
{
	const char *part[3] = { text, NULL, NULL };
	size_t len[3] = { strcspn(text, "/"), 0, 0 }, n = 1;
	bool good;

	memset(p, 0, sizeof(*p));
	while (n < 3 && part[n - 1][len[n - 1]] == '/') {
		part[n] = part[n - 1] + len[n - 1] + 1;
		len[n] = strcspn(part[n], "/");
		n++;
	}
	if (n == 1) {
		snprintf(p->os, sizeof(p->os), "linux");
		good = word(part[0], len[0], p->arch, sizeof(p->arch));
	} else {
		good = word(part[0], len[0], p->os, sizeof(p->os)) &&
		       word(part[1], len[1], p->arch, sizeof(p->arch));
	}
	if (n == 3)
		good = good &&
		       word(part[2], len[2], p->variant, sizeof(p->variant));
	if (!good || part[n - 1][len[n - 1]])
		return err_set(e, ERR_USAGE,
			       "'%s' is not a platform (OS/ARCH or OS/ARCH/VARIANT, as in linux/arm64)",
			       text);
	return 0;
}

void platform_default(struct platform *p)
{
	/* The kernel's names and Go's, which images use. */
	static const char *const names[][2] = {
		{ "x86_64", "amd64" },	 { "aarch64", "arm64" },
		{ "i686", "386" },	 { "armv7l", "arm" },
		{ "loongarch64", "loong64" },
	};
	struct utsname u;

	memset(p, 0, sizeof(*p));
	uname(&u);		/* fails only for a bad pointer */
	snprintf(p->os, sizeof(p->os), "linux");
	snprintf(p->arch, sizeof(p->arch), "%.*s", (int)sizeof(p->arch) - 1,
		 u.machine);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(u.machine, names[i][0]) == 0)
			snprintf(p->arch, sizeof(p->arch), "%s", names[i][1]);
}

/* The variant that no variant means, as containerd's platforms package has
 * it. */
static const char *variant_of(const char *arch, const char *variant)
{
	if (variant && *variant)
		return variant;
	if (strcmp(arch, "arm64") == 0)
		return "v8";
	if (strcmp(arch, "arm") == 0)
		return "v7";
	return strcmp(arch, "amd64") == 0 ? "v1" : "";
}

/* 0: not for this platform, otherwise higher is better. */
static int fit(const json_t *platform, const struct platform *p)
{
	const char *os = json_str(platform, "os");
	const char *arch = json_str(platform, "architecture");
	const char *variant = json_str(platform, "variant");

	if (!os || !arch || strcmp(os, p->os) != 0 || strcmp(arch, p->arch) != 0)
		return 0;
	if (strcmp(variant_of(arch, variant), variant_of(arch, p->variant)) == 0)
		return 2;
	return variant && *variant ? 0 : 1;
}

static void list_platform(struct buf *listed, const json_t *platform)
{
	const char *os = json_str(platform, "os");
	const char *arch = json_str(platform, "architecture");
	const char *variant = json_str(platform, "variant");
	AUTO_FREE char *text = NULL;

	/* Attestations that go with images are entered as unknown/unknown. */
	if (!os || !arch || strcmp(os, "unknown") == 0)
		return;
	text = xasprintf("%s%.32s/%.32s%s%.32s", listed->len ? ", " : "", os,
			 arch, variant && *variant ? "/" : "",
			 variant ? variant : "");
	if (buf_append(listed, text, strlen(text)) < 0)
		return;		/* enough to see what is there */
}

static int none_fits(const struct platform *p, const char *name,
		     const struct buf *listed, struct err *e)
{
	return err_set(e, ERR_INPUT,
		       "'%s' has no image for %s/%s%s%s; it has %s (choose with --platform)",
		       name, p->os, p->arch, *p->variant ? "/" : "", p->variant,
		       listed->len ? listed->data : "none for any platform");
}

int index_choose(const char *text, size_t len, const char *name,
		 const struct platform *p, struct descriptor *d, struct err *e)
{
	AUTO_BUF struct buf listed = BUF_INIT(LISTED_MAX);
	AUTO_JSON json_t *index = json_parse_object(text, len, name, e);
	AUTO_FREE char *what = xasprintf("'%s': entry", name);
	const json_t *entry, *best = NULL, *only = NULL;
	const json_t *entries = json_object_get(index, "manifests");
	size_t i, images = 0;
	int best_fit = 0;

	if (!index || check_kind(index, name, true, e) < 0)
		return -1;
	if (!json_is_array(entries))
		return err_set(e, ERR_INPUT, "'%s': manifests is not an array",
			       name);
	json_array_foreach(entries, i, entry) {
		const char *type = json_str(entry, "mediaType");
		const json_t *platform = json_object_get(entry, "platform");
		int found = fit(platform, p);

		if (oci_check_descriptor(entry, what, e) < 0)
			return -1;
		if (!type || !(oci_is_manifest(type) || oci_is_index(type)))
			continue;
		images++;
		only = entry;
		list_platform(&listed, platform);
		if (found > best_fit) {
			best_fit = found;
			best = entry;
		}
	}
	/* One image of which nothing is said is not worth a refusal. */
	if (!best && images == 1 && !json_object_get(only, "platform"))
		best = only;
	if (!best)
		return none_fits(p, name, &listed, e);
	return descriptor_parse(best, what, d, e);
}
