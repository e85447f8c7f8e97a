/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_eif_read.c - reading an EIF: AWS's small one, and every way to spoil it
 *
 * tests/hostile/eif.bats has the messages.
 */
#include <fcntl.h>

#include <zlib.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/xalloc.h"
#include "eif/eif_read.h"
#include "eif/wire.h"

#include "tap.h"

static int temp_file(const void *data, size_t len)
{
	int fd = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0 || io_write(fd, data, len) < 0)
		exit(1);
	return fd;
}

/* 0 when it is sound and its CRC and signature are right. */
static int look(const void *data, size_t len, struct eif_info *info,
		struct err *e)
{
	AUTO_CLOSE int fd = temp_file(data, len);

	if (eif_read(fd, "x", info, e) < 0 ||
	    eif_measure(fd, "x", info, e) < 0)
		return -1;
	return eif_judge(info, "x", 0, e);
}

static void fix_crc(struct buf *b)
{
	uint8_t *data = (uint8_t *)b->data;
	uLong crc = crc32_z(0, data, EIF_AT_CRC);

	crc = crc32_z(crc, data + EIF_HEADER_SIZE, b->len - EIF_HEADER_SIZE);
	wire_put32(data + EIF_AT_CRC, (uint32_t)crc);
}

static void test_small(const struct buf *b)
{
	AUTO_EIF_INFO struct eif_info info = EIF_INFO_INIT;
	struct err e = { 0 };
	char hex[SHA384_HEX];

	ok(look(b->data, b->len, &info, &e) == 0, "AWS's file is sound");
	ok(info.arch == EIF_X86_64 && info.n_sections == 5 &&
	   info.size == b->len, "header");
	ok(info.default_mem == EIF_DEFAULT_MEM &&
	   info.default_cpus == EIF_DEFAULT_CPUS, "defaults");
	ok(info.crc_ok && info.crc == info.crc_computed, "CRC");
	same_str(info.cmdline, "console=ttyS0", "cmdline");
	ok(info.metadata_len == strlen(info.metadata) &&
	   info.metadata[0] == '{', "metadata");
	ok(info.sections[3].type == EIF_RAMDISK && info.sections[3].size == 5,
	   "first ramdisk");
	ok(!info.signature_data && !info.pcrs.has_pcr8, "not signed");
	hex_encode(info.pcrs.pcr[0], SHA384_LEN, hex);	/* by tests/oracle */
	same_str(hex, "7109ab5a0db8a0a329e878e4d0aa6d12984276ec798095a8"
		      "ae46a4c7fe4008e7c429553daf1dbafed4f493a70e75aa65",
		 "PCR0");
	hex_encode(info.pcrs.pcr[1], SHA384_LEN, hex);
	same_str(hex, "a1f0133a52d1e26e59918504dd5f32ee1a1145954a8c9d09"
		      "1e73da1e15b7649af2a53cf10d600c4daf8c5ddf104e55ab",
		 "PCR1");
	hex_encode(info.pcrs.pcr[2], SHA384_LEN, hex);
	same_str(hex, "f4d3d355b1d7a674b58aa7c27ccd27cc40665ed50aa116bf"
		      "cecf510ba2fa4cd908be95397be478017896eeb46f3c092d",
		 "PCR2");
}

/* Nothing changes without being noticed. */
static void test_flips(struct buf *b)
{
	size_t missed = 0;
	struct err e;

	for (size_t bit = 0; bit < 8 * b->len; bit++) {
		AUTO_EIF_INFO struct eif_info info = EIF_INFO_INIT;

		b->data[bit / 8] ^= (char)(1 << bit % 8);
		missed += look(b->data, b->len, &info, &e) == 0;
		b->data[bit / 8] ^= (char)(1 << bit % 8);
	}
	ok(missed == 0, "every changed bit is noticed");
	missed = 0;
	for (size_t len = 0; len < b->len; len++) {
		AUTO_EIF_INFO struct eif_info info = EIF_INFO_INIT;

		missed += look(b->data, len, &info, &e) == 0;
	}
	ok(missed == 0, "every cut is noticed");
}

/* With a CRC that was put right, what is left is checked by hand: no change of
 * the layout passes, a change of contents shows in the measurements. */
static void test_forged(const struct buf *b)
{
	static const size_t layout_end = EIF_AT_UNUSED + 4;
	size_t missed = 0;
	struct err e;

	for (size_t bit = 0; bit < 8 * layout_end; bit++) {
		AUTO_BUF struct buf copy = BUF_INIT(b->len);
		AUTO_EIF_INFO struct eif_info info = EIF_INFO_INIT;
		size_t at = bit / 8;

		/* architecture, memory and CPUs may be anything */
		if ((at >= EIF_AT_MEM && at < EIF_AT_RESERVED) ||
		    bit == 8 * (EIF_AT_FLAGS + 1))
			continue;
		buf_add(&copy, b->data, b->len);
		copy.data[at] ^= (char)(1 << bit % 8);
		fix_crc(&copy);
		if (look(copy.data, copy.len, &info, &e) == 0 ||
		    e.class != ERR_INPUT)
			missed++;
	}
	ok(missed == 0, "no other layout passes with a right CRC");
}

static void test_not_a_file(void)
{
	AUTO_EIF_INFO struct eif_info info = EIF_INFO_INIT;
	AUTO_CLOSE int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	AUTO_CLOSE int folder = open(".", O_RDONLY | O_CLOEXEC);
	struct err e = { 0 };

	ok(eif_is_one(fd, "x", &e) == 0 && eif_is_one(folder, "x", &e) == 0,
	   "no EIF");
	ok(eif_is_one(-1, "x", &e) == -1 && e.class == ERR_SYS,
	   "what cannot be read is no answer");
	same_str(e.msg, "cannot read 'x': Bad file descriptor", "message");
	ok(eif_read(fd, "x", &info, &e) == -1 && e.class == ERR_INPUT,
	   "a device");
	same_str(e.msg, "'x' is not a regular file", "message");
}

int main(void)
{
	const char *top = getenv("abs_top_srcdir");
	AUTO_FREE char *path = xasprintf("%s/tests/golden/small.eif",
					 top ? top : ".");
	AUTO_BUF struct buf b = BUF_INIT(65536);
	struct err e = { 0 };

	ok(buf_read_file(&b, AT_FDCWD, path, &e) == 0, "golden file");
	test_small(&b);
	test_flips(&b);
	test_forged(&b);
	test_not_a_file();
	return tap_done();
}
