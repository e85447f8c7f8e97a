/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_oci.c - image manifest, index and configuration: what registries send
 */
#include "enc-amend/runconfig.h"
#include "fuzz.h"
#include "image/docker_list.h"
#include "image/oci.h"

static void try_manifest(const char *text, size_t len)
{
	AUTO_MANIFEST_DOC struct manifest_doc doc = { .json = NULL };
	struct err e;

	if (manifest_doc_parse(text, len, "manifest", &doc, &e) == 0)
		fuzz_must(doc.n_layers <= LAYERS_MAX &&
			  doc.config.size <= CONFIG_MAX);
}

static void try_index(const char *text, size_t len)
{
	static const char *const platforms[] = {
		"linux/amd64", "linux/arm/v7", "arm64",
	};
	struct descriptor d;
	struct platform p;
	struct err e;

	for (size_t i = 0; i < sizeof(platforms) / sizeof(*platforms); i++) {
		fuzz_must(platform_parse(platforms[i], &p, &e) == 0);
		if (index_choose(text, len, "index", &p, &d, &e) == 0)
			fuzz_must(oci_is_manifest(d.media_type) ||
				  oci_is_index(d.media_type));
	}
}

static void try_config(const char *text, size_t len)
{
	AUTO_IMAGE struct image img = IMAGE_INIT;
	AUTO_PROCESS struct process p = { .argv = NULL };
	AUTO_JSON json_t *amended = NULL;
	struct err e;

	img.config = json_parse_object(text, len, "configuration", &e);
	if (!img.config || runconfig_process(&img, &p, &e) < 0)
		return;
	amended = runconfig_amended(&img, &p, 0, NULL);
	fuzz_must(json_is_object(json_object_get(amended, "config")));
}

/* manifest.json of docker save. */
static void try_list(const char *text, size_t len)
{
	struct err e;
	AUTO_JSON json_t *list = json_parse(text, len, "manifest.json", &e);
	const json_t *entry;

	if (!list)
		return;
	entry = docker_list_choose(list, "archive", "app:1.0", &e);
	if (!entry)
		entry = docker_list_choose(list, "archive", NULL, &e);
	if (entry && json_str(entry, "Config")) {
		AUTO_FREE char *tidy =
			docker_tidy_path(json_str(entry, "Config"));
		AUTO_FREE char *twice = docker_tidy_path(tidy);
		AUTO_FREE char *target = docker_link_target(tidy, "../x");

		fuzz_must(strcmp(tidy, twice) == 0 && *target != '/');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data;

	try_manifest(text, len);
	try_index(text, len);
	try_config(text, len);
	try_list(text, len);
	return 0;
}
