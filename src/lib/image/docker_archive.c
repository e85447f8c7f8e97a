/* SPDX-License-Identifier: Apache-2.0 */
/*
 * docker_archive.c - images from what docker save writes
 *
 * Docker image spec 1.2, "Combined Image JSON + Filesystem Changeset Format":
 * manifest.json names the configuration and the layers of each image by their
 * paths.  Layers are plain tars, known by the configuration's diff_ids; newer
 * versions may hold compressed ones, at blobs/sha256/DIGEST.  Equal layers may
 * be symbolic links to one another.  There is no manifest: we compose one.
 */
#include "image/docker_archive.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/xalloc.h"
#include "image/bundle.h"
#include "image/docker_list.h"
#include "image/layout.h"

#define LIST_MAX   (16u << 20)	/* of manifest.json: all images of the archive */
#define WALKS_MAX  3		/* a link to a link */

struct saved_layer {
	char		 *path;
	bool		  known;
	struct descriptor d;	/* a plain tar's digest comes later */
};

struct saved {
	struct source	    source;
	struct bundle	    bundle;
	char		   *wanted;	/* its name in there, or NULL */
	char		   *config_path;
	struct buf	    config;
	struct saved_layer *layers;
	size_t		    n_layers;
};

static void saved_free(struct source *s)
{
	struct saved *a = (struct saved *)s;

	for (size_t i = 0; i < a->n_layers; i++)
		free(a->layers[i].path);
	free(a->layers);
	free(a->config_path);
	free(a->wanted);
	bundle_release(&a->bundle);
	buf_release(&a->config);
	free(a);
}

/* The digest in "HEX.json" or "blobs/sha256/HEX", or NULL. */
static const char *hex_in(const char *path, char hex[SHA256_HEX])
{
	static const char folder[] = "blobs/sha256/";
	char digest[7 + SHA256_HEX];
	const char *end = strrchr(path, '.');
	bool blob = strncmp(path, folder, strlen(folder)) == 0;

	if (blob)
		path += strlen(folder);
	else if (!end || strcmp(end, ".json") != 0)
		return NULL;
	snprintf(digest, sizeof(digest), "sha256:%.64s", path);
	if (!digest_is_sha256(digest, NULL) ||
	    (path[64] != '\0' && path + 64 != end))
		return NULL;
	snprintf(hex, SHA256_HEX, "%.64s", path);
	return hex;
}

/* NAME: what was asked for, else the first tag, both in full; else what
 * layout_split() made of the file's name. */
static void settle_name(struct saved *a, const json_t *entry, const char *name)
{
	const char *text = name ? name : json_string_value(json_array_get(
				json_object_get(entry, "RepoTags"), 0));
	struct err ignored;
	struct ref ref;

	if (!text || ref_parse_name(text, &ref, &ignored) < 0)
		return;
	free(a->source.name);
	a->source.name = ref_name(&ref);
}

static int take_entry(struct saved *a, const json_t *entry, struct err *e)
{
	const char *config = json_str(entry, "Config");
	const json_t *layers = json_object_get(entry, "Layers"), *layer;
	size_t i;

	if (!config || !json_is_array(layers))
		return err_set(e, ERR_INPUT,
			       "manifest.json in archive '%s' names no configuration or no layers",
			       a->bundle.name);
	if (json_array_size(layers) > LAYERS_MAX)
		return err_set(e, ERR_INPUT, "'%s': more than %d layers",
			       a->bundle.name, LAYERS_MAX);
	a->config_path = docker_tidy_path(config);
	a->layers = xcalloc(json_array_size(layers) + 1, sizeof(*a->layers));
	json_array_foreach(layers, i, layer) {
		if (!json_is_string(layer))
			return err_set(e, ERR_INPUT,
				       "manifest.json in archive '%s': a layer is not a path",
				       a->bundle.name);
		a->layers[a->n_layers++].path =
			docker_tidy_path(json_string_value(layer));
	}
	return 0;
}

/* What one look at a layer's beginning tells; a compressed one is hashed. */
struct look {
	struct digest *digest;
	size_t	       seen;
	const char    *media_type;
};

static int on_look(void *ctx, const void *data, size_t len,
		   struct err *e UNUSED)
{
	struct look *l = ctx;

	if (l->seen == 0) {
		if (len >= 2 && memcmp(data, "\x1f\x8b", 2) == 0)
			l->media_type = OCI_LAYER_GZIP;
		else if (len >= 4 && memcmp(data, "\x28\xb5\x2f\xfd", 4) == 0)
			l->media_type = OCI_LAYER_ZSTD;
		else
			return 1;
	}
	l->seen += len;
	digest_update(l->digest, data, len);
	return 0;
}

static int look_at_layer(struct saved *a, struct untar *t,
			 const struct untar_member *m, const char *path,
			 struct descriptor *d, struct err *e)
{
	AUTO_DIGEST struct digest *digest = digest_new(DIGEST_SHA256);
	struct look l = { digest, 0, OCI_LAYER };
	char hex[SHA256_HEX];

	memset(d, 0, sizeof(*d));
	if (bundle_copy(t, m, on_look, &l, e) < 0)
		return -1;
	snprintf(d->media_type, sizeof(d->media_type), "%s", l.media_type);
	d->size = m->size;
	if (strcmp(l.media_type, OCI_LAYER) == 0)
		return 0;
	digest_final_hex(digest, d->hex);
	if (hex_in(path, hex) && strcmp(hex, d->hex) != 0)
		return err_set(e, ERR_VERIFY,
			       "'%s' in archive '%s' does not have the digest that is its name",
			       path, a->bundle.name);
	return 0;
}

static int on_config(void *ctx, const void *data, size_t len, struct err *e)
{
	struct saved *a = ctx;

	if (buf_append(&a->config, data, len) < 0)
		return err_set(e, ERR_INPUT,
			       "'%s' in archive '%s' is larger than %u bytes",
			       a->config_path, a->bundle.name, CONFIG_MAX);
	return 0;
}

/* Layers that are links get the path of what they point at. */
static void follow_link(struct saved *a, const struct untar_member *m,
			const char *path)
{
	for (size_t i = 0; i < a->n_layers; i++) {
		struct saved_layer *l = &a->layers[i];

		if (l->known || strcmp(l->path, path) != 0)
			continue;
		free(l->path);
		l->path = m->hardlink ? docker_tidy_path(m->hardlink) :
					docker_link_target(path, m->symlink);
	}
}

static int on_member(void *ctx, struct untar *t, const struct untar_member *m,
		     const char *path, struct err *e)
{
	struct saved *a = ctx;
	struct descriptor d;
	bool looked = false;

	if (m->hardlink || m->symlink) {
		follow_link(a, m, path);
		return 0;
	}
	if (!S_ISREG(m->mode))
		return 0;
	if (strcmp(path, a->config_path) == 0 && a->config.len == 0)
		return bundle_copy(t, m, on_config, a, e);
	for (size_t i = 0; i < a->n_layers; i++) {
		struct saved_layer *l = &a->layers[i];

		if (l->known || strcmp(l->path, path) != 0)
			continue;
		if (!looked && look_at_layer(a, t, m, path, &d, e) < 0)
			return -1;
		looked = true;
		l->d = d;
		l->known = true;
	}
	return 0;
}

static bool all_known(const struct saved *a)
{
	for (size_t i = 0; i < a->n_layers; i++)
		if (!a->layers[i].known)
			return false;
	return a->config.len > 0;
}

static int read_list(struct saved *a, struct err *e)
{
	AUTO_BUF struct buf text = BUF_INIT(LIST_MAX);
	AUTO_JSON json_t *list = NULL;
	const json_t *entry;
	int found = bundle_read(&a->bundle, "manifest.json", &text, e);

	if (found < 0)
		return -1;
	if (!found)
		return err_set(e, ERR_INPUT,
			       "archive '%s' has no manifest.json: docker save did not write it (is it an oci-archive:?)",
			       a->bundle.name);
	list = json_parse(text.data ? text.data : "", text.len,
			  "manifest.json", e);
	if (!list)
		return err_wrap(e, "archive '%s'", a->bundle.name);
	entry = docker_list_choose(list, a->bundle.name, a->wanted, e);
	if (!entry || take_entry(a, entry, e) < 0)
		return -1;
	settle_name(a, entry, a->wanted);
	return 0;
}

static int read_members(struct saved *a, struct err *e)
{
	char hex[SHA256_HEX], got[SHA256_HEX];

	for (int i = 0; i < WALKS_MAX && !all_known(a); i++)
		if (bundle_walk(&a->bundle, on_member, a, e) < 0)
			return -1;
	if (a->config.len == 0)
		return err_set(e, ERR_INPUT, "archive '%s' lacks '%s'", a->bundle.name,
			       a->config_path);
	for (size_t i = 0; i < a->n_layers; i++)
		if (!a->layers[i].known)
			return err_set(e, ERR_INPUT,
				       "archive '%s' lacks layer '%s'", a->bundle.name,
				       a->layers[i].path);
	sha256_hex(a->config.data, a->config.len, got);
	if (hex_in(a->config_path, hex) && strcmp(hex, got) != 0)
		return err_set(e, ERR_VERIFY,
			       "'%s' in archive '%s' does not have the digest that is its name",
			       a->config_path, a->bundle.name);
	return 0;
}

/* A plain tar's digest is its diff_id. */
static int settle_digests(struct saved *a, struct err *e)
{
	AUTO_JSON json_t *config = json_parse_object(
		a->config.data, a->config.len, a->config_path, e);
	const json_t *ids = json_object_get(json_object_get(config, "rootfs"),
					    "diff_ids");

	if (!config)
		return -1;
	if (json_array_size(ids) != a->n_layers)
		return err_set(e, ERR_INPUT,
			       "archive '%s': its configuration has %zu rootfs.diff_ids for %zu layers",
			       a->bundle.name, json_array_size(ids), a->n_layers);
	for (size_t i = 0; i < a->n_layers; i++) {
		struct descriptor *d = &a->layers[i].d;
		const char *id = json_string_value(json_array_get(ids, i)), *hex;

		if (!id || !digest_is_sha256(id, &hex))
			return err_set(e, ERR_INPUT,
				       "archive '%s': diff_id %zu is not a sha256 digest",
				       a->bundle.name, i + 1);
		if (!*d->hex)
			snprintf(d->hex, sizeof(d->hex), "%s", hex);
	}
	return 0;
}

char *docker_manifest_text(const struct buf *config_text,
			   const struct descriptor *layers, size_t n)
{
	AUTO_JSON json_t *manifest = json_object();
	struct descriptor config = { .media_type = OCI_CONFIG };
	json_t *list = json_array();

	sha256_hex(config_text->data, config_text->len, config.hex);
	config.size = config_text->len;
	for (size_t i = 0; i < n; i++)
		json_add(list, descriptor_json(&layers[i]));
	json_put(manifest, "schemaVersion", json_integer(2));
	json_put_str(manifest, "mediaType", OCI_MANIFEST);
	json_put(manifest, "config", descriptor_json(&config));
	json_put(manifest, "layers", list);
	return json_text(manifest);
}

static int manifest(struct source *s, const struct descriptor *want UNUSED,
		    struct buf *text, char type[MEDIA_TYPE_MAX], struct err *e)
{
	struct saved *a = (struct saved *)s;
	AUTO_FREE struct descriptor *layers = NULL;
	AUTO_FREE char *composed = NULL;

	if (read_list(a, e) < 0 || read_members(a, e) < 0 ||
	    settle_digests(a, e) < 0)
		return -1;
	layers = xcalloc(a->n_layers + 1, sizeof(*layers));
	for (size_t i = 0; i < a->n_layers; i++)
		layers[i] = a->layers[i].d;
	composed = docker_manifest_text(&a->config, layers, a->n_layers);
	buf_adds(text, composed);
	snprintf(type, MEDIA_TYPE_MAX, "%s", OCI_MANIFEST);
	return 0;
}

struct saved_blobs {
	struct saved		*saved;
	struct store		*store;
	const struct descriptor *d;
	char *const		*what;
	size_t			 n;
	bool			*done;
};

static int on_layer(void *ctx, struct untar *t, const struct untar_member *m,
		    const char *path, struct err *e)
{
	struct saved_blobs *b = ctx;
	struct saved *a = b->saved;
	const struct descriptor *d = NULL;

	if (!S_ISREG(m->mode) || m->hardlink)
		return 0;
	for (size_t i = 0; i < a->n_layers && !d; i++)
		if (strcmp(a->layers[i].path, path) == 0)
			d = &a->layers[i].d;
	for (size_t i = 0; d && i < b->n; i++) {
		if (b->done[i] || strcmp(b->d[i].hex, d->hex) != 0)
			continue;
		if (bundle_blob(t, m, b->store, d, b->what[i],
				a->source.options->progress, e) < 0)
			return -1;
		b->done[i] = true;
		break;		/* the data is read: no other wants it */
	}
	return 0;
}

/* The configuration is in memory already. */
static int put_config(struct saved_blobs *b, struct err *e)
{
	struct descriptor d;
	char hex[SHA256_HEX];

	sha256_hex(b->saved->config.data, b->saved->config.len, hex);
	for (size_t i = 0; i < b->n; i++) {
		if (strcmp(b->d[i].hex, hex) != 0)
			continue;
		b->done[i] = true;
		if (store_put_blob(b->store, b->saved->config.data,
				   b->saved->config.len, &d, e) < 0)
			return -1;
	}
	return 0;
}

static int blobs(struct source *s, struct store *store,
		 const struct descriptor *d, char *const *what, size_t n,
		 struct err *e)
{
	AUTO_FREE bool *done = xcalloc(n, sizeof(*done));
	struct saved_blobs b = { (struct saved *)s, store, d, what, n, done };

	if (put_config(&b, e) < 0 ||
	    bundle_walk(&b.saved->bundle, on_layer, &b, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (!done[i])
			return err_set(e, ERR_INPUT, "archive '%s' lacks %s",
				       b.saved->bundle.name, what[i]);
	return 0;
}

static const struct source_ops saved_ops = { manifest, blobs, saved_free,
					     NULL };

static struct saved *saved_new(const struct pull_options *o)
{
	struct saved *a = xcalloc(1, sizeof(*a));

	a->source.ops = &saved_ops;
	a->source.options = o;
	a->bundle = (struct bundle)BUNDLE_INIT;
	a->config.max = CONFIG_MAX;
	return a;
}

struct source *docker_archive_open(const char *rest,
				   const struct pull_options *o, struct err *e)
{
	struct saved *a = saved_new(o);
	AUTO_FREE char *path = NULL;

	if (layout_split(rest, &a->source, &path, &a->wanted, e) == 0 &&
	    bundle_open(&a->bundle, path, e) == 0)
		return &a->source;
	source_free(&a->source);
	return NULL;
}

struct source *docker_archive_open_fd(int fd, const char *name,
				      const struct pull_options *o)
{
	struct saved *a = saved_new(o);

	a->bundle.fd = fd;
	a->bundle.name = xstrdup(name);
	a->source.name = xstrdup(name);
	return &a->source;
}
