/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_ref.c - image references and image paths
 */
#include "fuzz.h"
#include "image/ref.h"

static void try_ref(const char *text)
{
	AUTO_FREE char *name = NULL, *pinned = NULL;
	struct ref ref, again;
	struct err e;

	if (ref_parse(text, &ref, &e) < 0)
		return;
	ref_is_loopback(&ref);
	name = ref_name(&ref);
	pinned = *ref.hex ? xasprintf("%s@sha256:%s", name, ref.hex) :
			    xstrdup(name);
	/* The full name names the same, unless it has become too long. */
	if (strlen(pinned) >= REF_MAX)
		return;
	fuzz_must(ref_parse(pinned, &again, &e) == 0);
	fuzz_must(strcmp(ref.host, again.host) == 0 &&
		  strcmp(ref.path, again.path) == 0 &&
		  strcmp(ref.tag, again.tag) == 0 &&
		  strcmp(ref.hex, again.hex) == 0);
}

static void try_path(const char *text)
{
	AUTO_IMAGE_PATH struct image_path p = { .dir = NULL };
	AUTO_FREE char *again = NULL;
	struct err e;

	if (image_path_parse(text, &p, &e) < 0)
		return;
	again = image_path_format(p.dir, p.name, p.hex);
	fuzz_must(strcmp(text, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_FREE char *text = fuzz_piece(&data, &len, '\0');

	try_ref(text);
	try_path(text);
	return 0;
}
