/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image.c - an image: configuration, history, layers
 *
 * Manifest and configuration were verified against their digests; what they
 * say is hostile all the same.
 */
#include "image/image.h"

#include <string.h>

#include "base/xalloc.h"
#include "cli/progress.h"
#include "enc-inspect/inspect.h"
#include "image/layer.h"

static json_t *new_answer(const char *type, const struct image *img)
{
	json_t *all = json_object();
	char digest[SHA256_HEX + 8];

	snprintf(digest, sizeof(digest), "sha256:%s", img->desc.hex);
	json_put_str(all, "schema", "enc-inspect/1");
	json_put_str(all, "type", type);
	json_put_str(all, "digest", digest);
	return all;
}

/* "a b c" of an array of strings, or nothing. */
static void row_words(struct buf *out, const char *label, const json_t *words)
{
	size_t i;
	json_t *word;

	if (json_array_size(words) == 0)
		return;
	buf_addf(out, "%-14s", label);
	json_array_foreach(words, i, word) {
		buf_addc(out, ' ');
		text_add(out, json_string_value(word) ?
			 json_string_value(word) : "?",
			 json_string_value(word) ? json_string_length(word) : 1);
	}
	buf_addc(out, '\n');
}

static void row_each(struct buf *out, const char *label, const json_t *words)
{
	size_t i;
	json_t *word;

	json_array_foreach(words, i, word)
		text_row(out, label, json_string_value(word));
}

static void row_keys(struct buf *out, const char *label, const json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value) {
		buf_addf(out, "%-14s ", label);
		text_adds(out, key);
		if (json_is_string(value)) {
			buf_addc(out, '=');
			text_add(out, json_string_value(value),
				 json_string_length(value));
		}
		buf_addc(out, '\n');
	}
}

static uint64_t compressed_size(const struct image *img)
{
	uint64_t all = 0;

	for (size_t i = 0; i < img->doc.n_layers; i++)
		if (add_overflow(all, img->doc.layers[i].size, &all))
			return UINT64_MAX;
	return all;
}

static void add_text(struct buf *out, const struct image *img)
{
	const json_t *run = image_run_config(img);

	text_row(out, "name", img->path.name);
	buf_addf(out, "%-14s sha256:%s\n", "digest", img->desc.hex);
	text_row(out, "os", json_str(img->config, "os"));
	text_row(out, "architecture", json_str(img->config, "architecture"));
	text_row(out, "created", json_str(img->config, "created"));
	buf_addf(out, "%-14s %zu, %llu bytes\n", "layers", img->doc.n_layers,
		 (unsigned long long)compressed_size(img));
	row_words(out, "entrypoint", json_object_get(run, "Entrypoint"));
	row_words(out, "cmd", json_object_get(run, "Cmd"));
	text_row(out, "workdir", json_str(run, "WorkingDir"));
	text_row(out, "user", json_str(run, "User"));
	text_row(out, "stop signal", json_str(run, "StopSignal"));
	row_each(out, "env", json_object_get(run, "Env"));
	row_keys(out, "port", json_object_get(run, "ExposedPorts"));
	row_keys(out, "label", json_object_get(run, "Labels"));
	row_keys(out, "annotation",
		 json_object_get(img->doc.json, "annotations"));
}

static json_t *layers_json(const struct image *img)
{
	const json_t *rootfs = json_object_get(img->config, "rootfs");
	const json_t *ids = json_object_get(rootfs, "diff_ids");
	json_t *all = json_array();

	for (size_t i = 0; i < img->doc.n_layers; i++) {
		json_t *one = descriptor_json(&img->doc.layers[i]);
		const char *id = json_string_value(json_array_get(ids, i));

		if (id)
			json_put_str(one, "diff_id", id);
		json_add(all, one);
	}
	return all;
}

static void put_copy(json_t *all, const char *key, const json_t *value)
{
	json_put(all, key, value ? json_deep_copy(value) : json_null());
}

int image_show(struct request *r, int fd UNUSED, struct buf *out,
	       struct err *e)
{
	AUTO_IMAGE struct image img = IMAGE_INIT;
	AUTO_JSON json_t *all = NULL;

	if (image_open(&img, r->object, e) < 0)
		return -1;
	if (!r->json) {
		add_text(out, &img);
		return 0;
	}
	all = new_answer("image", &img);
	json_put(all, "name", text_json_string(img.path.name,
					       strlen(img.path.name)));
	put_copy(all, "os", json_object_get(img.config, "os"));
	put_copy(all, "architecture",
		 json_object_get(img.config, "architecture"));
	put_copy(all, "created", json_object_get(img.config, "created"));
	put_copy(all, "config", image_run_config(&img));
	put_copy(all, "annotations",
		 json_object_get(img.doc.json, "annotations"));
	json_put(all, "layers", layers_json(&img));
	text_json(out, all);
	return 0;
}

int image_config(struct request *r, int fd UNUSED, struct buf *out,
		 struct err *e)
{
	AUTO_IMAGE struct image img = IMAGE_INIT;
	AUTO_JSON json_t *all = NULL;

	if (image_open(&img, r->object, e) < 0)
		return -1;
	if (!r->json)
		return text_json_pretty(out, img.config, e);
	all = new_answer("config", &img);
	put_copy(all, "config", img.config);
	text_json(out, all);
	return 0;
}

static void add_history(struct buf *out, const json_t *entry)
{
	const char *created = json_str(entry, "created");
	const char *by = json_str(entry, "created_by");
	const char *comment = json_str(entry, "comment");

	text_adds(out, created ? created : "-");
	buf_adds(out, json_is_true(json_object_get(entry, "empty_layer")) ?
		 "  empty  " : "  layer  ");
	text_adds(out, by ? by : "-");
	if (comment && *comment) {
		buf_adds(out, "  # ");
		text_adds(out, comment);
	}
	buf_addc(out, '\n');
}

int image_history(struct request *r, int fd UNUSED, struct buf *out,
		  struct err *e)
{
	AUTO_IMAGE struct image img = IMAGE_INIT;
	AUTO_JSON json_t *all = NULL;
	const json_t *history;
	json_t *entry;
	size_t i;

	if (image_open(&img, r->object, e) < 0)
		return -1;
	history = json_object_get(img.config, "history");
	if (!r->json) {
		json_array_foreach(history, i, entry)
			add_history(out, entry);
		return 0;
	}
	all = new_answer("history", &img);
	put_copy(all, "history", history);
	text_json(out, all);
	return 0;
}

int image_layers(struct request *r, int fd UNUSED, struct buf *out,
		 struct err *e)
{
	AUTO_IMAGE struct image img = IMAGE_INIT;
	AUTO_JSON json_t *all = NULL;

	if (image_open(&img, r->object, e) < 0)
		return -1;
	for (size_t i = 0; !r->json && i < img.doc.n_layers; i++) {
		const struct descriptor *d = &img.doc.layers[i];

		buf_addf(out, "sha256:%s %12llu ", d->hex,
			 (unsigned long long)d->size);
		text_adds(out, d->media_type);
		buf_addc(out, '\n');
	}
	if (r->json) {
		all = new_answer("layers", &img);
		json_put(all, "layers", layers_json(&img));
		text_json(out, all);
	}
	return 0;
}

/* The index has an entry for each image that has a name; one that has none is
 * found by its digest. */
static void add_where(const struct request *r, const struct image *img,
		      struct buf *out)
{
	AUTO_JSON json_t *all = NULL;
	AUTO_FREE char *path = image_path_format(img->store.dir,
				*img->path.name ? img->path.name : "image",
				img->desc.hex);

	if (!r->json) {
		/* Not as text_add() has it: it is for the next program. */
		buf_adds(out, path);
		buf_addc(out, '\n');
		return;
	}
	all = new_answer("path", img);
	json_put_str(all, "path", path);
	text_json(out, all);
}

int image_where(struct request *r, int fd UNUSED, struct buf *out,
		struct err *e)
{
	AUTO_IMAGE struct image img = IMAGE_INIT;

	if (image_open(&img, r->object, e) < 0)
		return -1;
	add_where(r, &img, out);
	return 0;
}

/* Each layer is read to its end, and compared with its digest. */
int image_verify(struct request *r, int fd UNUSED, struct buf *out,
		 struct err *e)
{
	AUTO_IMAGE struct image img = IMAGE_INIT;
	AUTO_TREE struct tree *tree = tree_new();

	if (image_open(&img, r->object, e) < 0 ||
	    layers_merge(&img, NULL, tree, LAYERS_SIZE_MAX, cli_progress(),
			 e) < 0)
		return -1;
	add_where(r, &img, out);
	return 0;
}

/* Docker's and Podman's word for the digest of the configuration. */
int image_id(struct request *r, int fd UNUSED, struct buf *out, struct err *e)
{
	AUTO_IMAGE struct image img = IMAGE_INIT;
	AUTO_JSON json_t *all = NULL;
	AUTO_FREE char *id = NULL;

	if (image_open(&img, r->object, e) < 0)
		return -1;
	id = xasprintf("sha256:%s", img.doc.config.hex);
	if (!r->json) {
		buf_addf(out, "%s\n", id);
		return 0;
	}
	all = new_answer("id", &img);
	json_put_str(all, "id", id);
	text_json(out, all);
	return 0;
}
