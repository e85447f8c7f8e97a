/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export.c - an image of a layout as one file: the file, and OCI archives
 */
#include "image/export.h"

#include <string.h>

#include "base/io.h"
#include "base/xalloc.h"
#include "image/export_parts.h"

#define LAYOUT_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}"

int export_parse(const char *text, enum export_kind *kind, const char **file,
		 struct err *e)
{
	switch (transport_of(text, file)) {
	case TRANSPORT_OCI_ARCHIVE:
		*kind = EXPORT_OCI;
		break;
	case TRANSPORT_DOCKER_ARCHIVE:
		*kind = EXPORT_DOCKER;
		break;
	case TRANSPORT_DOCKER_DAEMON:
		*kind = EXPORT_DAEMON;
		return 0;
	default:
		return err_set(e, ERR_USAGE,
			       "output '%s' is neither oci-archive:FILE nor docker-archive:FILE nor docker-daemon:[NAME]",
			       text);
	}
	if (outfile_check(*file, e) < 0)
		return err_wrap(e, "output '%s'", text);
	return 0;
}

int export_blob(struct tar_writer *w, const struct store *s,
		const struct descriptor *d, const char *path, struct err *e)
{
	AUTO_DIGEST struct digest *digest = digest_new(DIGEST_SHA256);
	AUTO_FREE char *chunk = xmalloc(EXPORT_CHUNK);
	AUTO_CLOSE int fd = store_open_blob(s, d, e);
	char hex[SHA256_HEX];

	if (fd < 0 || tar_file(w, path, 0644, d->size, 1, e) < 0)
		return -1;
	for (uint64_t left = d->size; left > 0;) {
		size_t want = left < EXPORT_CHUNK ? (size_t)left : EXPORT_CHUNK;
		ssize_t n = io_read(fd, chunk, want);

		if (n < 0 || (size_t)n < want)
			return err_sys(e, "cannot read blob 'sha256:%s'",
				       d->hex);
		digest_update(digest, chunk, want);
		if (tar_data(w, chunk, want, e) < 0)
			return -1;
		left -= want;
	}
	digest_final_hex(digest, hex);
	if (strcmp(hex, d->hex) != 0)
		return err_set(e, ERR_VERIFY,
			       "blob 'sha256:%s' in '%s' has digest 'sha256:%s': remove it and pull the image again",
			       d->hex, s->dir, hex);
	return 0;
}

static int by_digest(const void *a, const void *b)
{
	return strcmp(((const struct descriptor *)a)->hex,
		      ((const struct descriptor *)b)->hex);
}

/* Manifest, configuration and layers, in the order of their digests; what
 * stands twice in the manifest is one blob. */
static int oci_blobs(struct tar_writer *w, const struct image *img,
		     struct err *e)
{
	size_t n = img->doc.n_layers + 2;
	AUTO_FREE struct descriptor *all = xcalloc(n, sizeof(*all));

	all[0] = img->desc;
	all[1] = img->doc.config;
	for (size_t i = 2; i < n; i++)
		all[i] = img->doc.layers[i - 2];
	qsort(all, n, sizeof(*all), by_digest);
	/* A folder that is not told of, skopeo gives to root: who is not, fails. */
	if (tar_dir(w, "blobs", 0755, e) < 0 ||
	    tar_dir(w, "blobs/sha256", 0755, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		AUTO_FREE char *path = xasprintf("blobs/sha256/%s", all[i].hex);

		if (i > 0 && by_digest(&all[i - 1], &all[i]) == 0)
			continue;
		if (export_blob(w, &img->store, &all[i], path, e) < 0)
			return -1;
	}
	return 0;
}

static int export_oci(struct tar_writer *w, const struct image *img,
		      const char *name, struct err *e)
{
	AUTO_JSON json_t *index = json_object();
	json_t *manifests = json_array();
	json_t *entry = descriptor_json(&img->desc);
	json_t *annotations = json_object();
	AUTO_FREE char *text = NULL;

	json_put_str(annotations, OCI_REF_NAME, name);
	json_put(entry, "annotations", annotations);
	json_add(manifests, entry);
	json_put(index, "schemaVersion", json_integer(2));
	json_put_str(index, "mediaType", OCI_INDEX);
	json_put(index, "manifests", manifests);
	text = json_text(index);
	if (oci_blobs(w, img, e) < 0 ||
	    tar_put(w, "index.json", 0644, text, strlen(text), e) < 0)
		return -1;
	return tar_put(w, "oci-layout", 0644, LAYOUT_TEXT, strlen(LAYOUT_TEXT),
		       e);
}

static int write_fd(void *ctx, const void *data, size_t len, struct err *e)
{
	const struct outfile *out = ctx;

	if (io_write(out->fd, data, len) < 0)
		return err_sys(e, "cannot write '%s'", out->temp);
	return 0;
}

int export_image(const struct image *img, enum export_kind kind,
		 const char *name, const char *file, struct outfile *out,
		 struct err *e)
{
	struct tar_writer w = { .write = write_fd, .ctx = out };
	int ret;

	ret = kind == EXPORT_OCI ? export_oci(&w, img, name, e) :
				   export_docker(&w, img, name, e);
	if (ret < 0 || tar_finish(&w, e) < 0)
		return err_wrap(e, "output '%s'", file);
	return outfile_sync(out, file, 0666, e);
}
