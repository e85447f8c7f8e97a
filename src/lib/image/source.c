/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.c - bringing an image into the store, whatever its source
 *
 * Trust: nothing that a source says is believed.  A manifest that a digest
 * names must have that digest, a blob the digest and size of its descriptor;
 * only what the user named without a digest is taken as it comes.
 */
#include "image/source.h"

#include <stdio.h>
#include <string.h>

#include "base/xalloc.h"

#define INDEX_DEPTH_MAX 2	/* an index in an index: as deep as it gets */
#define WHAT_DIGITS	12

struct source *source_open(const char *text, const struct pull_options *o,
			   struct err *e)
{
	static struct source *(*const open[])(const char *rest,
					      const struct pull_options *o,
					      struct err *e) = {
		[TRANSPORT_REGISTRY] = registry_open,
		[TRANSPORT_OCI] = layout_open,
		[TRANSPORT_OCI_ARCHIVE] = oci_archive_open,
		[TRANSPORT_DOCKER_ARCHIVE] = docker_archive_open,
		[TRANSPORT_DOCKER_DAEMON] = docker_daemon_open,
	};
	const char *rest;
	enum transport t = transport_of(text, &rest);
	struct ref ref;

	if (t != TRANSPORT_NONE && t != TRANSPORT_OTHER)
		return open[t](rest, o, e);
	if (ref_parse(text, &ref, e) < 0)
		return NULL;
	return registry_open(text, o, e);
}

void source_needs(const struct source *s, struct sandbox *box)
{
	if (s->ops->needs)
		s->ops->needs(s, box);
}

void source_free(struct source *s)
{
	if (!s)
		return;
	free(s->name);
	s->ops->free(s);
}

/* The media type of a text is what it says itself, else what the source said,
 * else what it looks like. */
static void settle_type(const struct buf *text, const char *declared,
			struct descriptor *d)
{
	struct err ignored;
	AUTO_JSON json_t *j = json_parse_object(text->data, text->len, "",
						&ignored);
	const char *type = json_str(j, "mediaType");

	if (!type || !(oci_is_manifest(type) || oci_is_index(type)))
		type = declared;
	if (!(oci_is_manifest(type) || oci_is_index(type)))
		type = json_object_get(j, "manifests") ? OCI_INDEX :
							 OCI_MANIFEST;
	snprintf(d->media_type, sizeof(d->media_type), "%s", type);
}

/* Reads what want names, or what the user named, and fills in *d. */
static int read_manifest(struct source *s, const struct descriptor *want,
			 struct buf *text, struct descriptor *d, struct err *e)
{
	const char *hex = want ? want->hex : s->pinned;
	char declared[MEDIA_TYPE_MAX] = "";

	text->len = 0;
	if (s->ops->manifest(s, want, text, declared, e) < 0)
		return -1;
	if (text->len == 0)
		return err_set(e, ERR_INPUT, "manifest of '%s' is empty",
			       s->name);
	memset(d, 0, sizeof(*d));
	sha256_hex(text->data, text->len, d->hex);
	d->size = text->len;
	if (*hex && strcmp(hex, d->hex) != 0)
		return err_set(e, ERR_VERIFY,
			       "manifest of '%s' has digest 'sha256:%s', and 'sha256:%s' was asked for",
			       s->name, d->hex, hex);
	if (want && want->size != d->size)
		return err_set(e, ERR_VERIFY,
			       "manifest of '%s' has %ju bytes, and %ju were announced",
			       s->name, (uintmax_t)d->size,
			       (uintmax_t)want->size);
	settle_type(text, declared, d);
	return 0;
}

/* Down from what the user named to the manifest of one platform. */
static int find_manifest(struct source *s, struct buf *text,
			 struct descriptor *d, struct err *e)
{
	struct descriptor entry;
	struct platform platform;

	if (!s->options->platform)
		platform_default(&platform);
	else if (platform_parse(s->options->platform, &platform, e) < 0)
		return -1;
	if (read_manifest(s, NULL, text, d, e) < 0)
		return -1;
	for (int depth = 0; oci_is_index(d->media_type); depth++) {
		if (depth == INDEX_DEPTH_MAX)
			return err_set(e, ERR_INPUT,
				       "'%s' is an index of indexes of indexes: name one image in it by its digest",
				       s->name);
		if (index_choose(text->data, text->len, s->name, &platform,
				 &entry, e) < 0 ||
		    read_manifest(s, &entry, text, d, e) < 0)
			return -1;
	}
	return 0;
}

/* The blobs of an image: configuration first, then layers, each once, and not
 * those that the store has. */
struct wanted {
	struct descriptor *d;
	char		 **what;
	size_t		   n;
};

static void wanted_release(struct wanted *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->what[i]);
	free(w->what);
	free(w->d);
}

static void want(struct source *s, struct wanted *w, const struct store *store,
		 const struct descriptor *d, const char *kind)
{
	AUTO_FREE char *what = xasprintf("%s %.*s", kind, WHAT_DIGITS, d->hex);

	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->d[i].hex, d->hex) == 0 &&
		    w->d[i].size == d->size)
			return;
	if (store_has(store, d)) {
		AUTO_FREE char *note = xasprintf("%s: already here", what);

		progress_note(s->options->progress, note);
		return;
	}
	w->d[w->n] = *d;
	w->what[w->n++] = steal_ptr(&what);
}

/* Nothing is longer than it was announced, so the announcement tells. */
static int check_size(const struct source *s, const struct manifest_doc *doc,
		      struct err *e)
{
	uint64_t left = s->options->max_size;

	for (size_t i = 0; i < doc->n_layers; i++) {
		if (doc->layers[i].size > left)
			return err_set(e, ERR_INPUT,
				       "the layers of '%s' have more than %ju bytes, and enc-pull takes no more without a larger --max-size",
				       s->name,
				       (uintmax_t)s->options->max_size);
		left -= doc->layers[i].size;
	}
	return 0;
}

static int fetch_blobs(struct source *s, struct store *store,
		       const struct manifest_doc *doc, struct err *e)
{
	AUTO(wanted_release) struct wanted w = {
		.d = xcalloc(doc->n_layers + 1, sizeof(*w.d)),
		.what = xcalloc(doc->n_layers + 1, sizeof(*w.what)),
	};

	want(s, &w, store, &doc->config, "config");
	for (size_t i = 0; i < doc->n_layers; i++)
		want(s, &w, store, &doc->layers[i], "layer");
	if (w.n == 0)
		return 0;
	return s->ops->blobs(s, store, w.d, w.what, w.n, e);
}

int source_check_platform(const struct source *s, const char *os,
			  const char *arch, struct err *e)
{
	AUTO_FREE char *note = NULL;
	struct platform p;

	if (!os || !arch)
		return 0;
	if (s->options->platform &&
	    platform_parse(s->options->platform, &p, e) < 0)
		return -1;
	if (!s->options->platform)
		platform_default(&p);
	if (strcmp(os, p.os) == 0 && strcmp(arch, p.arch) == 0)
		return 0;
	if (s->options->platform)
		return err_set(e, ERR_INPUT,
			       "'%s' has no image for %s/%s: it is for %.40s/%.40s alone",
			       s->name, p.os, p.arch, os, arch);
	note = xasprintf("'%s' is for %.40s/%.40s, not for this machine's %s/%s",
			 s->name, os, arch, p.os, p.arch);
	progress_note(s->options->progress, note);
	return 0;
}

static int check_config(const struct source *s, struct store *store,
			const struct manifest_doc *doc, struct err *e)
{
	AUTO_BUF struct buf text = BUF_INIT(CONFIG_MAX);
	AUTO_JSON json_t *config = NULL;
	size_t n;

	if (store_read_blob(store, &doc->config, &text, e) < 0)
		return -1;
	config = json_parse_object(text.data, text.len, "configuration", e);
	if (!config || oci_check_config(config, "configuration", e) < 0)
		return err_wrap(e, "image '%s'", s->name);
	n = json_array_size(json_object_get(json_object_get(config, "rootfs"),
					    "diff_ids"));
	if (n != doc->n_layers)
		return err_set(e, ERR_INPUT,
			       "image '%s': its configuration has %zu rootfs.diff_ids for %zu layers",
			       s->name, n, doc->n_layers);
	return source_check_platform(s, json_str(config, "os"),
				     json_str(config, "architecture"), e);
}

/* The text of Docker's manifest with OCI's media types in it: the same image
 * to those who know OCI alone. */
static char *twin_text(const struct manifest_doc *doc)
{
	static const char docker[] = DOCKER_LAYER;
	AUTO_JSON json_t *twin = json_deep_copy(doc->json);
	json_t *layer;
	size_t i;

	json_put_str(twin, "mediaType", OCI_MANIFEST);
	json_put_str(json_object_get(twin, "config"), "mediaType", OCI_CONFIG);
	json_array_foreach(json_object_get(twin, "layers"), i, layer) {
		const char *type = json_str(layer, "mediaType");
		AUTO_FREE char *oci = NULL;

		/* What follows is "", ".gzip" or ".zstd". */
		if (strncmp(type, docker, strlen(docker)) != 0)
			continue;
		type += strlen(docker);
		oci = xasprintf(OCI_LAYER "%s%s", *type == '.' ? "+" : "",
				*type == '.' ? type + 1 : type);
		json_put_str(layer, "mediaType", oci);
	}
	return json_text(twin);
}

/* The manifest is stored as it came, so that it has the registry's digest.
 * But skopeo and umoci pass over an entry of a layout that is not OCI's: in
 * index.json the name of Docker's manifest leads to a twin. */
static int file_image(struct source *s, struct store *store,
		      const struct buf *text, const struct manifest_doc *doc,
		      const struct descriptor *d, struct err *e)
{
	struct descriptor stored, entry = *d;
	AUTO_FREE char *twin = NULL;

	if (store_put_blob(store, text->data, text->len, &stored, e) < 0)
		return -1;
	if (strcmp(d->media_type, DOCKER_MANIFEST) == 0) {
		twin = twin_text(doc);
		snprintf(entry.media_type, sizeof(entry.media_type), "%s",
			 OCI_MANIFEST);
		if (store_put_blob(store, twin, strlen(twin), &entry, e) < 0)
			return -1;
	}
	return store_tag_as(store, s->name, d->hex, &entry,
			    !*s->pinned && !s->fleeting, e);
}

char *source_pull(struct source *s, struct store *store, struct err *e)
{
	AUTO_BUF struct buf text = BUF_INIT(MANIFEST_MAX);
	AUTO_MANIFEST_DOC struct manifest_doc doc = { 0 };
	struct descriptor d;

	s->store = store;
	if (find_manifest(s, &text, &d, e) < 0 ||
	    manifest_doc_parse(text.data, text.len, s->name, &doc, e) < 0 ||
	    check_size(s, &doc, e) < 0 ||
	    fetch_blobs(s, store, &doc, e) < 0 ||
	    check_config(s, store, &doc, e) < 0 ||
	    file_image(s, store, &text, &doc, &d, e) < 0)
		return NULL;
	return image_path_format(store->dir, s->name, d.hex);
}
