/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_manifest.c - enclaver.yaml, and its canonical text
 */
#include "enclave/manifest.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_MANIFEST struct manifest m = { .text = NULL };
	AUTO_MANIFEST struct manifest again = { .text = NULL };
	AUTO_FREE char *canonical = NULL, *twice = NULL;
	struct err e;

	if (manifest_parse((const char *)data, len, "dir/enclaver.yaml", &m,
			   &e) < 0)
		return 0;
	/* What goes into the enclave is a valid manifest, and its own
	 * canonical text: everybody's PCR2 hangs on it. */
	canonical = manifest_canonical(&m);
	fuzz_must(manifest_parse(canonical, strlen(canonical), "canonical",
				 &again, &e) == 0);
	twice = manifest_canonical(&again);
	fuzz_must(strcmp(canonical, twice) == 0);
	return 0;
}
