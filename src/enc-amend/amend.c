/* SPDX-License-Identifier: Apache-2.0 */
/*
 * amend.c - an application's image becomes one that runs in an enclave
 *
 * Nothing but the image's manifest and configuration is read: what it takes
 * does not depend on the image's size.
 */
#include "enc-amend/amend.h"

#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "eif/sign.h"
#include "enc-amend/odyn.h"
#include "enc-amend/runconfig.h"
#include "image/annotation.h"
#include "image/image.h"
#include "image/tarwrite.h"

#define CREATED_BY "enc-amend"

static int check_platform(const struct image *img, struct err *e)
{
	const char *os = json_str(img->config, "os");
	const char *arch = json_str(img->config, "architecture");

	if (!os || !arch || strcmp(os, "linux") != 0 ||
	    (strcmp(arch, "amd64") != 0 && strcmp(arch, "arm64") != 0))
		return err_set(e, ERR_INPUT,
			       "the image is for %s/%s; an enclave runs linux/amd64 or linux/arm64",
			       os ? os : "?", arch ? arch : "?");
	return 0;
}

static int check_source(const struct image *img, struct err *e)
{
	if (image_annotation(img, ANNOTATION_AMENDED) || runconfig_is_amended(img))
		return err_set(e, ERR_INPUT,
			       "the image was amended before: give the one that it was made of");
	return check_platform(img, e);
}

/* The parents of sbin/odyn are not in the layer: /sbin may be a symbolic link
 * of the image, and an entry for it would replace that. */
static int write_files(struct tar_writer *w, const struct manifest *m,
		       const struct process *p, const struct odyn *odyn,
		       struct err *e)
{
	AUTO_FREE char *yaml = manifest_canonical(m);
	AUTO_FREE char *json = process_text(p);

	if (tar_dir(w, "etc/enclaver", 0755, e) < 0 ||
	    tar_put(w, "etc/enclaver/enclaver.yaml", 0644, yaml, strlen(yaml),
		    e) < 0 ||
	    tar_put(w, PROCESS_PATH, 0644, json, strlen(json), e) < 0 ||
	    tar_put(w, "sbin/odyn", 0755, odyn->bytes.data, odyn->bytes.len,
		    e) < 0)
		return -1;
	return tar_finish(w, e);
}

static int write_layer(struct store *s, const struct manifest *m,
		       const struct process *p, const struct odyn *odyn,
		       struct image_layer *layer, struct err *e)
{
	AUTO_BLOB_WRITER struct blob_writer blob = BLOB_WRITER_INIT;
	struct tar_writer w = { .write = tar_write_blob, .ctx = &blob };

	layer->desc = (struct descriptor){ .media_type = OCI_LAYER };
	layer->created_by = CREATED_BY;
	if (blob_begin(&blob, s, e) < 0 ||
	    write_files(&w, m, p, odyn, e) < 0 ||
	    blob_commit_any(&blob, &layer->desc, e) < 0)
		return -1;
	/* Not compressed: the blob is the tar. */
	memcpy(layer->diff_id, layer->desc.hex, sizeof(layer->diff_id));
	return 0;
}

static void put_pair(json_t *object, const char *key, const char *head,
		     const char *hex)
{
	AUTO_FREE char *text = xasprintf("%ssha256:%s", head, hex);

	json_put_str(object, key, text);
}

/* New reference, or NULL. */
static json_t *annotations(const struct image *img, const struct manifest *m,
			   const struct odyn *odyn, struct err *e)
{
	AUTO_FREE char *odyn_head = xasprintf("%s@", odyn->name);
	char cert[SHA256_HEX];
	json_t *j;

	if (m->certificate && cert_file_sha256(m->certificate, cert, e) < 0)
		return NULL;
	j = json_object();
	json_put_str(j, ANNOTATION_AMENDED, "1");
	put_pair(j, ANNOTATION_ODYN, odyn_head, odyn->hex);
	if (*img->path.name)
		json_put_str(j, OCI_BASE_NAME, img->path.name);
	put_pair(j, OCI_BASE_DIGEST, "", img->desc.hex);
	if (m->certificate)
		put_pair(j, ANNOTATION_CERTIFICATE, "", cert);
	return j;
}

/* "repo/app:1" becomes "repo/app:1-amended", "repo/app" "repo/app:amended". */
static char *amended_name(const char *name)
{
	const char *slash = strrchr(name, '/');
	bool tag = strchr(slash ? slash : name, ':') != NULL;

	return xasprintf("%s%samended", *name ? name : "image",
			 tag ? "-" : ":");
}

static char *file_image(struct store *s, struct image *img, json_t *config,
			const struct image_layer *layer, json_t *notes,
			struct err *e)
{
	AUTO_FREE char *name = amended_name(img->path.name);
	struct descriptor d;

	if (image_compose(s, img, config, layer, 1, notes, &d, e) < 0 ||
	    store_tag(s, name, &d, false, e) < 0)
		return NULL;
	return image_path_format(s->dir, name, d.hex);
}

static char *amend(struct amend *a, struct image *img, const char *created,
		   struct err *e)
{
	AUTO_PROCESS struct process p = { .argv = NULL };
	AUTO_STORE struct store s = STORE_INIT;
	AUTO_ODYN struct odyn odyn = ODYN_INIT;
	AUTO_JSON json_t *config = NULL, *notes = NULL;
	struct image_layer layer;

	if (check_source(img, e) < 0 || runconfig_process(img, &p, e) < 0)
		return NULL;
	if (odyn_find(&odyn, a->odyn, a->manifest->odyn, img->store.dir,
		      json_str(img->config, "architecture"), e) < 0)
		return NULL;
	notes = annotations(img, a->manifest, &odyn, e);
	/* Opened again: another tool's layout lacks what a writer needs. */
	if (!notes || store_open(&s, img->store.dir, e) < 0 ||
	    write_layer(&s, a->manifest, &p, &odyn, &layer, e) < 0)
		return NULL;
	config = runconfig_amended(img, &p, a->log_buffer, created);
	a->healthcheck = json_object_get(image_run_config(img), "Healthcheck");
	return file_image(&s, img, config, &layer, notes, e);
}

char *amend_image(struct amend *a, const char *path, struct err *e)
{
	AUTO_IMAGE struct image img = IMAGE_INIT;
	char created[CLOCK_TEXT];
	int64_t seconds;
	bool set;
	char *out;

	if (clock_source_date(&seconds, &set, e) < 0 ||
	    image_open(&img, path, e) < 0)
		return NULL;
	if (set)
		clock_format(seconds, created);
	out = amend(a, &img, set ? created : NULL, e);
	if (!out)
		err_wrap(e, "image '%s'", path);
	return out;
}
