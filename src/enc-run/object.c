/* SPDX-License-Identifier: Apache-2.0 */
/*
 * object.c - what is to be run: an EIF, and the manifest that goes with it
 *
 * Trust: a release image's manifest and configuration are verified against
 * their digests, and so is the layer with enclaver.yaml.  The EIF's layer is
 * gigabytes: its measurements are compared with those that the image's manifest
 * has, where it has them, which is as good and one pass less.
 */
#include "enc-run/object.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "cli/cli.h"
#include "image/annotation.h"
#include "image/image.h"
#include "image/tar_find.h"

#define EIF_IN_IMAGE	  "enclave/application.eif"
#define MANIFEST_IN_IMAGE "enclave/enclaver.yaml"
#define MANIFEST_LAYER_MAX (1u << 20)	/* bytes of the layer that it is in */

void object_release(struct object *o)
{
	if (o->eif >= 0)
		close(o->eif);
	free(o->name);
	eif_info_release(&o->info);
	manifest_release(&o->manifest);
	json_decref(o->annotations);
	*o = (struct object)OBJECT_INIT;
}

static bool is_plain(const struct descriptor *layer)
{
	return strcmp(layer->media_type, OCI_LAYER) == 0 ||
	       strcmp(layer->media_type, DOCKER_LAYER) == 0;
}

/* Looks for a file in the layers, from the top: 1 and where it is. */
static int find_in_layers(const struct image *img, const char *path, int *fd,
			  const struct descriptor **layer, uint64_t *offset,
			  uint64_t *size, struct err *e)
{
	for (size_t i = img->doc.n_layers; i-- > 0;) {
		const struct descriptor *d = &img->doc.layers[i];
		AUTO_CLOSE int blob = -1;
		int found;

		/* It could have another one. */
		if (!is_plain(d))
			return err_set(e, ERR_INPUT,
				       "image '%s' is no release image that is run in place: its layer %zu is compressed, above what has '/%s'",
				       img->path.name, i + 1, path);
		blob = store_open_blob(&img->store, d, e);
		if (blob < 0)
			return -1;
		found = tar_find(blob, path, d->hex, offset, size, e);
		if (found < 0)
			return -1;
		if (found) {
			*layer = d;
			*fd = steal_fd(&blob);
			return 1;
		}
	}
	return 0;
}

static int no_release(const struct image *img, const char *path,
		      struct err *e)
{
	return err_set(e, ERR_INPUT,
		       "image '%s' is no release image: no plain layer of it has '/%s'; make one with enc-release",
		       img->path.name, path);
}

static int manifest_from(struct object *o, const struct image *img,
			 struct err *e)
{
	AUTO_BUF struct buf text = BUF_INIT(MANIFEST_LAYER_MAX);
	const struct descriptor *layer;
	AUTO_CLOSE int fd = -1;
	uint64_t at, size;
	int found = find_in_layers(img, MANIFEST_IN_IMAGE, &fd, &layer, &at,
				   &size, e);

	if (found < 0)
		return -1;
	if (!found)
		return no_release(img, MANIFEST_IN_IMAGE, e);
	if (store_read_blob(&img->store, layer, &text, e) < 0)
		return -1;
	if (at > text.len || size > text.len - at)
		return no_release(img, MANIFEST_IN_IMAGE, e);
	return manifest_parse(text.data + at, (size_t)size,
			      "/" MANIFEST_IN_IMAGE, &o->manifest, e);
}

static int eif_from(struct object *o, const struct image *img, struct err *e)
{
	const struct descriptor *layer;
	uint64_t at, size;
	int found = find_in_layers(img, EIF_IN_IMAGE, &o->eif, &layer, &at,
				   &size, e);

	if (found < 0)
		return -1;
	if (!found)
		return no_release(img, EIF_IN_IMAGE, e);
	o->annotations = json_incref(json_object_get(img->doc.json,
						     "annotations"));
	o->layer = *layer;
	return eif_read_at(o->eif, at, size, o->name, &o->info, e);
}

static int open_image(struct object *o, const char *text,
		      const char *manifest_file, struct err *e)
{
	AUTO_IMAGE struct image img = IMAGE_INIT;

	if (image_open(&img, text, e) < 0)
		return -1;
	o->name = xstrdup(*img.path.name ? img.path.name : text);
	if (manifest_file ? manifest_load(manifest_file, &o->manifest, e) < 0
			  : manifest_from(o, &img, e) < 0)
		return -1;
	return eif_from(o, &img, e);
}

/* "FOLDER/enclaver.yaml" of the folder that file is in. */
static char *beside(const char *file)
{
	const char *slash = strrchr(file, '/');

	return xasprintf("%.*s%s", slash ? (int)(slash + 1 - file) : 0, file,
			 "enclaver.yaml");
}

static int open_eif(struct object *o, const char *file,
		    const char *manifest_file, struct err *e)
{
	AUTO_FREE char *usual = beside(file);

	if (o->eif < 0)
		o->eif = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY |
			      O_NONBLOCK);
	if (o->eif < 0)
		return err_sys(e, "cannot open '%s'", file);
	o->name = xstrdup(file);
	if (eif_read(o->eif, file, &o->info, e) < 0)
		return -1;
	if (!manifest_file && access(usual, F_OK) < 0)
		return err_set(e, ERR_USAGE,
			       "no manifest for '%s': give one with --manifest-file, or put it beside it as '%s'",
			       file, usual);
	return manifest_load(manifest_file ? manifest_file : usual,
			     &o->manifest, e);
}

int object_open(struct object *o, const char *text, const char *eif_file,
		const char *manifest_file, struct err *e)
{
	if (eif_file)
		return open_eif(o, eif_file, manifest_file, e);
	if (!text && access(OBJECT_FOLDER, F_OK) < 0)
		return err_set(e, ERR_USAGE,
			       "no release image or EIF: name one, or - for standard input; without one " OBJECT_FOLDER " is run, which is not here");
	if (!text)
		return open_eif(o, OBJECT_FOLDER "/application.eif",
				manifest_file, e);
	if (cli_open_file(text, &o->eif, e) < 0)
		return -1;
	if (o->eif >= 0)
		return open_eif(o, text, manifest_file, e);
	return open_image(o, text, manifest_file, e);
}

/* The measurements that whoever made the release image wrote down: how many of
 * the three there are, or -1. */
static int compare(const struct object *o, struct err *e)
{
	static const char *const keys[] = { ANNOTATION_PCR(0),
					    ANNOTATION_PCR(1),
					    ANNOTATION_PCR(2) };
	int n = 0;

	for (size_t i = 0; o->annotations && i < ARRAY_SIZE(keys); i++) {
		const char *want = json_str(o->annotations, keys[i]);
		char hex[SHA384_HEX];

		hex_encode(o->info.pcrs.pcr[i], SHA384_LEN, hex);
		if (want && strcmp(want, hex) != 0)
			return err_set(e, ERR_VERIFY,
				       "the EIF in '%s' is damaged: its PCR%zu is %s, the image says %s; pull the image again",
				       o->name, i, hex, want);
		n += want != NULL;
	}
	return n;
}

/* An image that does not say what it measures, Enclaver's own for one. */
static int verify_layer(const struct object *o, struct err *e)
{
	AUTO_DIGEST struct digest *d = digest_new(DIGEST_SHA256);
	uint64_t size = (uint64_t)o->read.st_size;
	char hex[SHA256_HEX];

	if (digest_range(d, o->eif, 0, size) < 0)
		return err_sys(e, "cannot read '%s'", o->name);
	digest_final_hex(d, hex);
	if (size == o->layer.size && strcmp(hex, o->layer.hex) == 0)
		return 0;
	return err_set(e, ERR_VERIFY,
		       "the layer of '%s' that has the EIF is damaged: it is sha256:%s, and not sha256:%s; pull the image again",
		       o->name, hex, o->layer.hex);
}

int object_measure(struct object *o, struct err *e)
{
	int told;

	if (fstat(o->eif, &o->read) < 0)
		return err_sys(e, "cannot read '%s'", o->name);
	if (eif_measure(o->eif, o->name, &o->info, e) < 0 ||
	    eif_judge(&o->info, o->name, clock_now(), e) < 0)
		return -1;
	told = compare(o, e);
	if (told < 0)
		return -1;
	return *o->layer.hex && told < 3 ? verify_layer(o, e) : 0;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

int object_unchanged(const struct object *o, struct err *e)
{
	struct stat now;

	if (fstat(o->eif, &now) < 0)
		return err_sys(e, "cannot read '%s'", o->name);
	if (now.st_size == o->read.st_size &&
	    same_time(&now.st_mtim, &o->read.st_mtim) &&
	    same_time(&now.st_ctim, &o->read.st_ctim))
		return 0;
	return err_set(e, ERR_VERIFY,
		       "'%s' was changed while the enclave was started: what was measured is not what runs",
		       o->name);
}
