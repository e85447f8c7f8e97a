/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_cpio.c - newc entries as the kernel's document describes them
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/xalloc.h"
#include "eif/cpio.h"

#include "tap.h"

static struct err e;

/* What cpio writes, without the EIF around it. */
static void test_bytes(void)
{
	static const char want[] =
		"070701" "00000007" "000081A4" "000003E8" "00000032" "00000001"
		"6553F100" "00000005" "00000000" "00000000" "00000001" "00000002"
		"00000004" "00000000" "a/b\0" "\0\0" "hello\0\0";
	const struct cpio_entry c = {
		.name = "a/b", .ino = 7, .mode = S_IFREG | 0644, .uid = 1000,
		.gid = 50, .nlink = 1, .mtime = 1700000000, .size = 5,
		.major = 1, .minor = 2,
	};
	int fd = memfd_create("eif", MFD_CLOEXEC);
	struct eif_writer *w = eif_writer_new(fd, "out", EIF_X86_64);
	uint64_t size = cpio_entry_size(&c) + CPIO_TRAILER_SIZE, total = 0;
	char got[512];
	struct pcrs pcrs;
	uint64_t at = EIF_HEADER_SIZE;

	ok(cpio_entry_size(&c) == sizeof(want), "size");
	ok(eif_begin(w, EIF_KERNEL, 1, &e) == 0 && eif_write(w, "k", 1, &e) == 0 &&
	   eif_begin(w, EIF_CMDLINE, 1, &e) == 0 && eif_write(w, "c", 1, &e) == 0 &&
	   eif_begin(w, EIF_METADATA, 2, &e) == 0 && eif_write(w, "{}", 2, &e) == 0 &&
	   eif_begin(w, EIF_RAMDISK, size, &e) == 0 &&
	   cpio_put(w, &c, "hello", &e) == 0 && cpio_put_trailer(w, &e) == 0 &&
	   eif_finish(w, NULL, &pcrs, &total, &e) == 0, "written");
	at += 4 * EIF_SECTION_HEADER + 1 + 1 + 2;
	ok(total == at + size, "all of it is there");
	ok(io_pread(fd, got, size, at) == (ssize_t)size &&
	   memcmp(got, want, sizeof(want)) == 0, "entry");
	ok(memcmp(got + sizeof(want) + 110, "TRAILER!!!", 11) == 0, "trailer");
	eif_writer_free(w);
	close(fd);
}

static void test_limits(void)
{
	AUTO_FREE char *name = xmalloc(CPIO_NAME_MAX + 2);
	struct cpio_entry c = { .name = name, .mode = S_IFREG };
	int fd = memfd_create("eif", MFD_CLOEXEC);
	struct eif_writer *w = eif_writer_new(fd, "out", EIF_X86_64);

	memset(name, 'n', CPIO_NAME_MAX + 1);
	name[CPIO_NAME_MAX + 1] = '\0';
	ok(cpio_put_entry(w, &c, &e) == -1 && e.class == ERR_INPUT,
	   "a name that Linux would drop");
	c.name = "big";
	c.size = UINT64_C(1) << 32;
	ok(cpio_put_entry(w, &c, &e) == -1 && e.class == ERR_INPUT,
	   "a file of 4 GiB");
	c.size--;
	ok(cpio_entry_size(&c) == 116 + (UINT64_C(1) << 32), "one byte less");
	eif_writer_free(w);
	close(fd);
}

int main(void)
{
	test_bytes();
	test_limits();
	return tap_done();
}
