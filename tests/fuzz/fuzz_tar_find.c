/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_tar_find.c - a tar in which the EIF is looked for, and what an enclave's
 * status port says: the tar, or a line when the first byte is odd
 */
#include <sys/mman.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "enc-run/verdict.h"
#include "fuzz.h"
#include "image/tar_find.h"

static void find(const uint8_t *data, size_t len)
{
	AUTO_CLOSE int fd = memfd_create("tar", MFD_CLOEXEC);
	uint64_t at, size;
	struct err e;
	int found;

	fuzz_must(fd >= 0 && io_write(fd, data, len) == 0);
	found = tar_find(fd, "enclave/application.eif", "fuzz", &at, &size, &e);
	if (found == 1)
		fuzz_must(at <= len && size <= len - at);
	else if (found < 0)
		fuzz_must(e.class == ERR_INPUT);
}

static void read_verdict(const uint8_t *data, size_t len)
{
	struct verdict v;
	struct err e;

	if (verdict_parse((const char *)data, len, &v, &e) == 0)
		fuzz_must(v.number >= 0 && v.number <= 255 &&
			  memchr(v.error, '\0', sizeof(v.error)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len == 0)
		return 0;
	if (data[0] & 1)
		read_verdict(data + 1, len - 1);
	else
		find(data + 1, len - 1);
	return 0;
}
