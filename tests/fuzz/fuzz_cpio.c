/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_cpio.c - a ramdisk: archives, one after the other
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/io.h"
#include "eif/cpio_read.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_CLOSE int fd = memfd_create("ramdisk", MFD_CLOEXEC);
	AUTO_CPIO_READER struct cpio_reader *r = NULL;
	struct cpio_item item;
	uint64_t last = 0;
	struct err e;

	fuzz_must(fd >= 0 && io_pwrite(fd, data, len, 0) == 0);
	r = cpio_reader_new(fd, 0, len, "input");
	while (cpio_next(r, &item, &e) > 0) {
		size_t name = strlen(item.entry.name);

		fuzz_must(name > 0 && name <= CPIO_NAME_MAX);
		fuzz_must(item.body <= len &&
			  item.entry.size <= len - item.body);
		fuzz_must(item.body > last);
		fuzz_must(item.entry.size == 0 || S_ISREG(item.entry.mode) ||
			  S_ISLNK(item.entry.mode));
		fuzz_must(!item.link || (item.entry.nlink >= 2 && *item.link &&
					 strlen(item.link) <= CPIO_NAME_MAX));
		last = item.body;
	}
	return 0;
}
