/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image.h - one image of a layout, manifest and configuration read
 *
 * Both are verified against their digests before they are parsed; layers are
 * not touched.
 */
#ifndef ENC_IMAGE_H
#define ENC_IMAGE_H

#include "image/ref.h"
#include "image/store.h"

struct image {
	struct store	    store;
	struct image_path   path;	/* what was asked for */
	struct descriptor   desc;	/* of the manifest */
	struct manifest_doc doc;
	json_t		   *config;	/* an object */
};

#define AUTO_IMAGE AUTO(image_release)
#define IMAGE_INIT { .store = STORE_INIT, .config = NULL }

/* Opens what an image path, oci:DIR[:REF] or the name of an image in the store
 * names.  ERR_INPUT when it is not there, with what to do or what is. */
int image_open(struct image *img, const char *path, struct err *e) MUST_CHECK;
/* The same for a caller that will look elsewhere: ERR_NO when the layout of
 * oci:DIR[:REF] has no such image. */
int image_look(struct image *img, const char *path, struct err *e) MUST_CHECK;
void image_release(struct image *img);

/* The folder of the layout that image_open() will read; the image is not
 * looked at yet.  New, caller frees; NULL when image_open() will fail. */
char *image_folder(const char *path);
/* The same for a sandbox; path may be NULL. */
void image_needs(const char *path, struct sandbox *s);

/* Borrowed: a string of the manifest's annotations, or NULL. */
const char *image_annotation(const struct image *img, const char *key);
/* Borrowed: the configuration's "config" object, or NULL. */
const json_t *image_run_config(const struct image *img);

/* A copy of the image's configuration that runs entrypoint (an array, taken)
 * and no inherited Cmd, with another date of creation unless that is NULL.  New
 * reference, never NULL; *run (may be NULL) gets its borrowed "config". */
json_t *image_config_for(const struct image *img, json_t *entrypoint,
			 const char *created, json_t **run);

/* A new image made of parts: the base's layers (base may be NULL) with more on
 * top.  The OCI manifest that it makes names the base's layers by their OCI
 * media types. */
struct image_layer {
	struct descriptor desc;			/* in the store already */
	char		  diff_id[SHA256_HEX];	/* of the uncompressed tar */
	const char	 *created_by;		/* history entry */
};

/* config: new configuration (borrowed, extended: rootfs.diff_ids and history
 * get the layers).  annotations: an object (borrowed) or NULL.  Writes config
 * and manifest blobs into s; *d gets the manifest's descriptor. */
int image_compose(struct store *s, const struct image *base, json_t *config,
		  const struct image_layer *layers, size_t n_layers,
		  json_t *annotations, struct descriptor *d, struct err *e)
	MUST_CHECK;

#endif
