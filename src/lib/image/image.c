/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image.c - one image of a layout: opened, or made of parts
 *
 * OCI image spec 1.1, manifest.md and config.md.  Trust: manifest and
 * configuration are hostile and parsed only after their digests matched.
 */
#include "image/image.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/xalloc.h"

/* An image path has no size in it: the blob itself says. */
static int manifest_size(struct image *img, struct err *e)
{
	AUTO_FREE char *blob = xasprintf("blobs/sha256/%s", img->desc.hex);
	struct stat st;

	if (fstatat(img->store.dirfd, blob, &st, 0) < 0)
		return err_set(e, ERR_INPUT,
			       "no image 'sha256:%s' in '%s': pull it again",
			       img->desc.hex, img->store.dir);
	if (st.st_size < 0 || (uint64_t)st.st_size > MANIFEST_MAX)
		return err_set(e, ERR_INPUT, "manifest '%s' is larger than %u bytes",
			       img->desc.hex, MANIFEST_MAX);
	img->desc.size = (uint64_t)st.st_size;
	return 0;
}

/* oci:DIR[:REF], with the digest found in the layout's index. */
static int find_in_layout(struct image *img, const char *text, struct err *e)
{
	AUTO_FREE char *dir = xstrdup(text + strlen("oci:"));
	char *ref = strchr(dir, ':');

	if (ref)
		*ref++ = '\0';
	if (store_open_existing(&img->store, dir, e) < 0 ||
	    store_find(&img->store, ref, &img->desc, e) < 0)
		return -1;
	img->path.name = xstrdup(ref ? ref : "");
	return 0;
}

static int not_there(const char *name, const char *dir, const char *text,
		     struct err *e)
{
	return err_set(e, ERR_INPUT,
		       "no image '%s' in the store '%s': pull it first, enc-pull %s",
		       name, dir, text);
}

static int find_in_store(struct image *img, const char *text, struct err *e)
{
	AUTO_FREE char *name = NULL, *dir = NULL;
	struct ref ref;

	if (ref_parse(text, &ref, e) < 0)
		return -1;
	name = ref_name(&ref);
	if (ref.hex[0]) {
		char *fixed = xasprintf("%s@sha256:%s", name, ref.hex);

		free(name);
		name = fixed;
	}
	dir = store_default(e);
	if (!dir)
		return -1;
	/* The first pull makes it; who only looks makes nothing. */
	if (access(dir, F_OK) < 0 && errno == ENOENT)
		return not_there(name, dir, text, e);
	if (store_open_folder(&img->store, dir, e) < 0)
		return -1;
	if (store_find(&img->store, name, &img->desc, e) < 0)
		return e->class == ERR_NO ?
			       not_there(name, img->store.dir, text, e) : -1;
	img->path.name = ref_name(&ref);
	return 0;
}

char *image_folder(const char *path)
{
	const char *dir = path + strlen("oci:");
	struct err ignored;

	if (strncmp(path, "oci:", 4) != 0)
		return store_default(&ignored);
	return xstrndup(dir, strcspn(dir, ":"));
}

void image_needs(const char *path, struct sandbox *s)
{
	AUTO_FREE char *folder = path ? image_folder(path) : NULL;

	if (folder)
		store_needs(folder, s);
}

static int locate(struct image *img, const char *text, struct err *e)
{
	struct err ignored;

	/* What is said of it may go through a pipe as one line. */
	if (strchr(text, '\n'))
		return err_set(e, ERR_USAGE, "'%s' has a newline in it", text);
	if (image_path_parse(text, &img->path, &ignored) == 0) {
		if (store_open_existing(&img->store, img->path.dir, e) < 0)
			return -1;
		memcpy(img->desc.hex, img->path.hex, sizeof(img->desc.hex));
		return manifest_size(img, e);
	}
	if (strncmp(text, "oci:", 4) == 0) {
		if (find_in_layout(img, text, e) < 0)
			return -1;
	} else if (find_in_store(img, text, e) < 0) {
		return -1;
	}
	img->path.dir = xstrdup(img->store.dir);
	memcpy(img->path.hex, img->desc.hex, sizeof(img->path.hex));
	return 0;
}

static int read_documents(struct image *img, struct err *e)
{
	AUTO_BUF struct buf text = BUF_INIT(MANIFEST_MAX);
	AUTO_BUF struct buf config = BUF_INIT(CONFIG_MAX);
	const char *type;

	if (store_read_blob(&img->store, &img->desc, &text, e) < 0 ||
	    manifest_doc_parse(text.data, text.len, "manifest", &img->doc, e) < 0)
		return -1;
	type = json_str(img->doc.json, "mediaType");
	if (!oci_is_manifest(img->desc.media_type))
		snprintf(img->desc.media_type, sizeof(img->desc.media_type),
			 "%s", type && oci_is_manifest(type) ? type :
							       OCI_MANIFEST);
	if (store_read_blob(&img->store, &img->doc.config, &config, e) < 0)
		return -1;
	img->config = json_parse_object(config.data, config.len,
					"image configuration", e);
	return img->config ? oci_check_config(img->config, "image configuration",
					      e) : -1;
}

int image_look(struct image *img, const char *path, struct err *e)
{
	AUTO_IMAGE struct image new = IMAGE_INIT;

	if (locate(&new, path, e) < 0)
		return -1;
	if (read_documents(&new, e) < 0)
		return err_wrap(e, "image '%s'", path);
	*img = new;
	new = (struct image)IMAGE_INIT;
	return 0;
}

int image_open(struct image *img, const char *path, struct err *e)
{
	int ret = image_look(img, path, e);

	/* To who asks for an image, "there is none" is no answer. */
	if (ret < 0 && e->class == ERR_NO)
		e->class = ERR_INPUT;
	return ret;
}

void image_release(struct image *img)
{
	store_release(&img->store);
	image_path_release(&img->path);
	manifest_doc_release(&img->doc);
	json_decref(img->config);
	img->config = NULL;
}

const char *image_annotation(const struct image *img, const char *key)
{
	return json_str(json_object_get(img->doc.json, "annotations"), key);
}

const json_t *image_run_config(const struct image *img)
{
	const json_t *config = json_object_get(img->config, "config");

	return json_is_object(config) ? config : NULL;
}

/* Docker's layer types are OCI's under another name. */
static const char *oci_layer_type(const char *type)
{
	if (strcmp(type, DOCKER_LAYER_GZIP) == 0)
		return OCI_LAYER_GZIP;
	if (strcmp(type, DOCKER_LAYER) == 0)
		return OCI_LAYER;
	return type;
}

/* Borrowed member of the given type, made when it is missing. */
static json_t *member(json_t *object, const char *key, json_t *empty)
{
	json_t *has = json_object_get(object, key);

	if (has && json_typeof(has) == json_typeof(empty)) {
		json_decref(empty);
		return has;
	}
	json_put(object, key, empty);
	return empty;
}

json_t *image_config_for(const struct image *img, json_t *entrypoint,
			 const char *created, json_t **run)
{
	json_t *config = json_deep_copy(img->config);
	json_t *inner;

	if (!config)
		oom();
	inner = member(config, "config", json_object());
	json_put(inner, "Entrypoint", entrypoint);
	json_object_del(inner, "Cmd");
	if (created)
		json_put_str(config, "created", created);
	if (run)
		*run = inner;
	return config;
}

/* rootfs.diff_ids and history of the new configuration. */
static int extend_config(json_t *config, const struct image *base,
			 const struct image_layer *layers, size_t n_layers,
			 struct err *e)
{
	json_t *rootfs = member(config, "rootfs", json_object());
	json_t *diff_ids = member(rootfs, "diff_ids", json_array());
	json_t *history = member(config, "history", json_array());
	size_t want = base ? base->doc.n_layers : 0;
	const char *created = json_str(config, "created");

	json_put_str(rootfs, "type", "layers");
	if (json_array_size(diff_ids) != want)
		return err_set(e, ERR_INPUT,
			       "the image has %zu layers and %zu rootfs.diff_ids: it is damaged",
			       want, json_array_size(diff_ids));
	for (size_t i = 0; i < n_layers; i++) {
		AUTO_FREE char *id = xasprintf("sha256:%s", layers[i].diff_id);
		json_t *entry = json_object();

		json_add(diff_ids, json_string(id));
		if (created)
			json_put_str(entry, "created", created);
		json_put_str(entry, "created_by", layers[i].created_by);
		json_add(history, entry);
	}
	return 0;
}

static json_t *compose_manifest(const struct image *base,
				const struct descriptor *config,
				const struct image_layer *layers,
				size_t n_layers, json_t *annotations)
{
	json_t *manifest = json_object();
	json_t *list = json_array();

	for (size_t i = 0; base && i < base->doc.n_layers; i++) {
		struct descriptor d = base->doc.layers[i];
		const char *type = oci_layer_type(d.media_type);

		if (type != d.media_type)
			snprintf(d.media_type, sizeof(d.media_type), "%s", type);
		json_add(list, descriptor_json(&d));
	}
	for (size_t i = 0; i < n_layers; i++)
		json_add(list, descriptor_json(&layers[i].desc));
	json_put(manifest, "schemaVersion", json_integer(2));
	json_put_str(manifest, "mediaType", OCI_MANIFEST);
	json_put(manifest, "config", descriptor_json(config));
	json_put(manifest, "layers", list);
	if (annotations && json_object_size(annotations) > 0)
		json_put(manifest, "annotations", json_incref(annotations));
	return manifest;
}

int image_compose(struct store *s, const struct image *base, json_t *config,
		  const struct image_layer *layers, size_t n_layers,
		  json_t *annotations, struct descriptor *d, struct err *e)
{
	struct descriptor config_desc = { .media_type = OCI_CONFIG };
	struct descriptor new = { .media_type = OCI_MANIFEST };
	AUTO_JSON json_t *manifest = NULL;
	AUTO_FREE char *config_text = NULL;
	AUTO_FREE char *manifest_text = NULL;

	if (extend_config(config, base, layers, n_layers, e) < 0)
		return -1;
	config_text = json_text(config);
	if (store_put_blob(s, config_text, strlen(config_text), &config_desc,
			   e) < 0)
		return -1;
	manifest = compose_manifest(base, &config_desc, layers, n_layers,
				    annotations);
	manifest_text = json_text(manifest);
	if (store_put_blob(s, manifest_text, strlen(manifest_text), &new, e) < 0)
		return -1;
	*d = new;
	return 0;
}
