/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_process.c - process.json, then passwd and group, with a NUL between
 */
#include "enclave/process.h"
#include "fuzz.h"

static void check_text(const struct process *p)
{
	AUTO_PROCESS struct process again = { .argv = NULL };
	AUTO_FREE char *text = process_text(p), *twice = NULL;
	struct err e;

	/* odyn must be able to read what enc-eif writes. */
	fuzz_must(process_parse(text, strlen(text), &again, &e) == 0);
	twice = process_text(&again);
	fuzz_must(strcmp(text, twice) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_PROCESS struct process p = { .argv = NULL };
	AUTO_FREE char *json = fuzz_piece(&data, &len, '\0');
	AUTO_FREE char *passwd = fuzz_piece(&data, &len, '\0');
	AUTO_FREE char *group = fuzz_piece(&data, &len, '\0');
	struct err e;

	if (process_parse(json, strlen(json), &p, &e) < 0)
		return 0;
	check_text(&p);
	if (p.user && process_resolve_user(&p, passwd, group, &e) == 0) {
		fuzz_must(!p.user);
		check_text(&p);
	}
	return 0;
}
