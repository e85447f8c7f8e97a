/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.c - what "enclaver build" prints: Enclaver's JSON of a build
 */
#include <string.h>

#include "base/xalloc.h"
#include "eif/measurements.h"
#include "enc-release/release.h"
#include "image/annotation.h"
#include "image/near.h"
#include "image/ref.h"

#define BUILTIN "builtin"

/* {"ID","Name"}, the ID being sha256:HEX.  New reference. */
static json_t *part(const char *hex, const char *name)
{
	AUTO_FREE char *id = xasprintf("sha256:%s", hex);
	json_t *j = json_object();

	json_put_str(j, "ID", id);
	json_put_str(j, "Name", name);
	return j;
}

/* The same with "RepoDigest".  An image's ID is the digest of its
 * configuration, as docker has it.  A name that is no reference, which an OCI
 * layout may hold, has no repository. */
static json_t *image_part(const struct image *img, const char *name)
{
	json_t *j = part(img->doc.config.hex, name);
	struct err ignored;
	struct ref ref;

	if (ref_parse(name, &ref, &ignored) == 0) {
		AUTO_FREE char *repo = xasprintf("%s/%s@sha256:%s", ref.host,
						 ref.path, img->desc.hex);

		json_put_str(j, "RepoDigest", repo);
	} else {
		json_put(j, "RepoDigest", json_null());
	}
	return j;
}

/* The image that the amended one was made of: NULL when it is not there. */
static json_t *app_part(const struct image *amended, struct err *e)
{
	const char *name = image_annotation(amended, OCI_BASE_NAME);
	const char *digest = image_annotation(amended, OCI_BASE_DIGEST);
	AUTO_IMAGE struct image app = IMAGE_INIT;
	AUTO_FREE char *path = NULL;

	if (!name)
		name = "image";
	if (!digest) {
		err_set(e, ERR_INPUT,
			"image '%s' does not say what it was made of: it was not made by enc-amend",
			amended->path.name);
		return NULL;
	}
	path = xasprintf("oci:%s:%s@%s", amended->store.dir, name, digest);
	if (image_open(&app, path, e) < 0)
		return NULL;
	return image_part(&app, name);
}

static json_t *odyn_part(const struct image *amended, struct err *e)
{
	const char *text = image_annotation(amended, ANNOTATION_ODYN);
	const char *at = text ? strrchr(text, '@') : NULL;
	AUTO_IMAGE struct image odyn = IMAGE_INIT;
	AUTO_FREE char *name = NULL, *path = NULL;
	const char *hex;

	if (!at || !digest_is_sha256(at + 1, &hex)) {
		err_set(e, ERR_INPUT,
			"image '%s' does not say what odyn it holds: it was not made by enc-amend",
			amended->path.name);
		return NULL;
	}
	name = xstrndup(text, (size_t)(at - text));
	if (strcmp(name, BUILTIN) == 0)
		return part(hex, BUILTIN);
	path = xasprintf("oci:%s:%s", amended->store.dir, text);
	if (image_open(&odyn, path, e) < 0)
		return NULL;
	return image_part(&odyn, name);
}

/* Where the kernel is from cannot be seen in the EIF. */
static json_t *kernel_part(const struct release *r, struct err *e)
{
	AUTO_IMAGE struct image img = IMAGE_INIT;

	if (!r->nitro_cli)
		return part(r->kernel, BUILTIN);
	if (image_open_near(&img, r->nitro_cli, r->into.dir, e) < 0)
		return NULL;
	return image_part(&img, img.path.name);
}

static json_t *sources(const struct release *r, struct err *e)
{
	AUTO_IMAGE struct image amended = IMAGE_INIT;
	AUTO_JSON json_t *j = json_object();
	json_t *kernel;

	if (r->amended) {
		json_t *app, *odyn;

		if (image_open(&amended, r->amended, e) < 0)
			return NULL;
		app = app_part(&amended, e);
		if (!app)
			return NULL;
		json_put(j, "App", app);
		odyn = odyn_part(&amended, e);
		if (!odyn)
			return NULL;
		json_put(j, "Odyn", odyn);
	}
	kernel = kernel_part(r, e);
	if (!kernel)
		return NULL;
	json_put(j, "NitroCLI", kernel);
	json_put(j, "Sleeve", r->builtin ? part(r->runner.hex, BUILTIN) :
			 image_part(&r->base, r->base.path.name));
	return steal_ptr(&j);
}

char *release_json(const struct release *r, struct err *e)
{
	AUTO_IMAGE struct image made = IMAGE_INIT;
	AUTO_JSON json_t *all = json_object();
	json_t *from = sources(r, e);

	if (!from)
		return NULL;
	json_put(all, "Sources", from);
	json_put(all, "Measurements", measurements_json(&r->eif.pcrs));
	if (image_open(&made, r->path, e) < 0)
		return NULL;
	json_put(all, "Image", image_part(&made, r->name));
	return json_text_ordered(all);
}
