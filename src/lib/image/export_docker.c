/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_docker.c - an image of a layout as "docker load" reads it
 *
 * manifest.json, the configuration, and each layer as a plain tar named by its
 * diff_id.  A tar wants the size before the data, so a compressed layer is
 * inflated twice, once to count: time is cheaper than a second copy on disk.
 */
#include <string.h>

#include "base/xalloc.h"
#include "image/archive_raw.h"
#include "image/export_parts.h"

/* Inflates the layer; with w its bytes go into the tar.  *size gets their
 * number, hex their digest. */
static int inflate(const struct image *img, const struct descriptor *d,
		   struct tar_writer *w, uint64_t *size, char hex[SHA256_HEX],
		   struct err *e)
{
	AUTO_DIGEST struct digest *digest = digest_new(DIGEST_SHA256);
	AUTO_FREE char *chunk = xmalloc(EXPORT_CHUNK);
	AUTO_FREE char *name = xasprintf("layer 'sha256:%s'", d->hex);
	AUTO_CLOSE int fd = store_open_blob(&img->store, d, e);
	AUTO_RAW struct raw *raw = NULL;
	ssize_t n;

	if (fd < 0)
		return -1;
	raw = raw_open_fd(fd, name, e);
	if (!raw)
		return -1;
	*size = 0;
	while ((n = raw_read(raw, chunk, EXPORT_CHUNK, e)) > 0) {
		*size += (uint64_t)n;
		if (!w) {
			digest_update(digest, chunk, (size_t)n);
			continue;
		}
		/* A blob that grew since it was counted. */
		if ((uint64_t)n > w->left)
			return err_set(e, ERR_VERIFY, "%s changes while it is read",
				       name);
		if (tar_data(w, chunk, (size_t)n, e) < 0)
			return -1;
		digest_update(digest, chunk, (size_t)n);
	}
	if (n < 0)
		return -1;
	digest_final_hex(digest, hex);
	return 0;
}

static int check_diff_id(const struct descriptor *d, const char *hex,
			 const char *diff_id, struct err *e)
{
	if (strcmp(hex, diff_id) != 0)
		return err_set(e, ERR_VERIFY,
			       "layer 'sha256:%s' holds 'sha256:%s', and the configuration says 'sha256:%s'",
			       d->hex, hex, diff_id);
	return 0;
}

static int put_layer(struct tar_writer *w, const struct image *img,
		     const struct descriptor *d, const char *diff_id,
		     const char *path, struct err *e)
{
	char hex[SHA256_HEX];
	uint64_t size, again;

	if (strcmp(d->hex, diff_id) == 0)	/* not compressed */
		return export_blob(w, &img->store, d, path, e);
	if (inflate(img, d, NULL, &size, hex, e) < 0 ||
	    check_diff_id(d, hex, diff_id, e) < 0 ||
	    tar_file(w, path, 0644, size, 1, e) < 0 ||
	    inflate(img, d, w, &again, hex, e) < 0)
		return -1;
	return check_diff_id(d, hex, diff_id, e);
}

/* The diff_id of layer i without "sha256:", or NULL with *e filled in. */
static const char *diff_id_of(const struct image *img, size_t i, struct err *e)
{
	const json_t *ids = json_object_get(json_object_get(img->config,
							    "rootfs"),
					    "diff_ids");
	const char *id = json_string_value(json_array_get(ids, i));
	const char *hex;

	if (id && digest_is_sha256(id, &hex))
		return hex;
	err_set(e, ERR_INPUT,
		"the image's configuration has no diff_id for layer %zu", i);
	return NULL;
}

/* Lists the layers and writes each once. */
static int put_layers(struct tar_writer *w, const struct image *img,
		      json_t *list, struct err *e)
{
	for (size_t i = 0; i < img->doc.n_layers; i++) {
		const char *id = diff_id_of(img, i, e);
		AUTO_FREE char *path = NULL;
		bool seen = false;

		if (!id)
			return -1;
		path = xasprintf("%s.tar", id);
		for (size_t j = 0; j < i && !seen; j++)
			seen = strcmp(json_string_value(json_array_get(list, j)),
				      path) == 0;
		json_add(list, json_string(path));
		if (!seen && put_layer(w, img, &img->doc.layers[i], id, path,
				       e) < 0)
			return -1;
	}
	return 0;
}

int export_docker(struct tar_writer *w, const struct image *img,
		  const char *name, struct err *e)
{
	AUTO_FREE char *config = xasprintf("%s.json", img->doc.config.hex);
	AUTO_JSON json_t *all = json_array();
	AUTO_FREE char *text = NULL;
	json_t *one = json_object();
	json_t *tags = json_array();
	json_t *layers = json_array();

	json_add(all, one);
	json_add(tags, json_string(name));
	json_put_str(one, "Config", config);
	json_put(one, "RepoTags", tags);
	json_put(one, "Layers", layers);
	if (export_blob(w, &img->store, &img->doc.config, config, e) < 0 ||
	    put_layers(w, img, layers, e) < 0)
		return -1;
	text = json_text(all);
	return tar_put(w, "manifest.json", 0644, text, strlen(text), e);
}
