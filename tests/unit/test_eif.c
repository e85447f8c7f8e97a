/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_eif.c - writing an EIF: bytes, measurements, limits
 *
 * The measurements are computed a second time, from the definition; the whole
 * of a small file is compared with one that AWS's own builder made
 * (tests/golden/README).
 */
#include <fcntl.h>

#include <zlib.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/xalloc.h"
#include "eif/eif.h"
#include "eif/measure.h"
#include "eif/wire.h"

#include "tap.h"

#define BIG (3 * MEASURE_CHUNK * MEASURE_CHUNKS + 12345)

static int temp_file(void)
{
	return open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

static void expect_pcr(const struct pcrs *pcrs, int n, const char *what,
		       const struct iovec *parts, size_t n_parts)
{
	AUTO_DIGEST struct digest *d = digest_new(DIGEST_SHA384);
	uint8_t inner[48], zero[48] = { 0 }, want[48];

	for (size_t i = 0; i < n_parts; i++)
		digest_update(d, parts[i].iov_base, parts[i].iov_len);
	digest_final(d, inner);
	digest_update(d, zero, sizeof(zero));
	digest_update(d, inner, sizeof(inner));
	digest_final(d, want);
	ok(memcmp(pcrs->pcr[n], want, 48) == 0, what);
}

static char *big_bytes(void)
{
	char *data = xmalloc(BIG);
	uint32_t x = 1;

	for (size_t i = 0; i < BIG; i++) {
		x = x * 1664525u + 1013904223u;
		data[i] = (char)(x >> 24);
	}
	return data;
}

/* In pieces of many sizes, and the last one from a file. */
static int write_pieces(struct eif_writer *w, const char *data, size_t len,
			struct err *e)
{
	size_t done = 0, piece = 1;
	AUTO_CLOSE int fd = temp_file();

	while (done < len / 2) {
		if (eif_write(w, data + done, piece, e) < 0)
			return -1;
		done += piece;
		piece = piece * 3 + 1;
		if (piece > len / 2 - done)
			piece = len / 2 - done;
	}
	if (fd < 0 || io_write(fd, data, len) < 0)
		return -1;
	return eif_write_fd(w, fd, done, len - done, "piece", e);
}

static void test_big(void)
{
	AUTO_EIF_WRITER struct eif_writer *w = NULL;
	AUTO_FREE char *data = big_bytes();
	AUTO_FREE uint8_t *whole = NULL;
	AUTO_CLOSE int fd = temp_file();
	struct iovec parts[] = {
		{ data, 5000000 }, { data, 7 }, { data, 999 }, { data, BIG },
		{ data, 1 },
	};
	struct iovec two[] = { parts[3], parts[4] };
	struct err e = { 0 };
	struct pcrs pcrs;
	uint64_t size = 0;
	uint32_t crc;

	w = eif_writer_new(fd, "out", EIF_AARCH64);
	ok(eif_begin(w, EIF_KERNEL, 5000000, &e) == 0 &&
	   write_pieces(w, data, 5000000, &e) == 0, "kernel");
	ok(eif_begin(w, EIF_CMDLINE, 7, &e) == 0 &&
	   eif_write(w, data, 7, &e) == 0, "cmdline");
	ok(eif_begin(w, EIF_METADATA, 3, &e) == 0 &&
	   eif_write(w, "{ }", 3, &e) == 0, "metadata");
	ok(eif_begin(w, EIF_RAMDISK, 999, &e) == 0 &&
	   eif_write(w, data, 999, &e) == 0, "ramdisk 0");
	ok(eif_begin(w, EIF_RAMDISK, BIG, &e) == 0 &&
	   write_pieces(w, data, BIG, &e) == 0, "ramdisk 1, larger than the ring");
	ok(eif_begin(w, EIF_RAMDISK, 1, &e) == 0 &&
	   eif_write(w, data, 1, &e) == 0, "ramdisk 2");
	ok(eif_finish(w, NULL, &pcrs, &size, &e) == 0, "finish");
	ok(size == 548 + 6 * 12 + 5000000 + 7 + 3 + 999 + BIG + 1, "size");
	ok(!pcrs.has_pcr8, "no PCR8");
	expect_pcr(&pcrs, 0, "PCR0: kernel, cmdline, all ramdisks", parts, 5);
	expect_pcr(&pcrs, 1, "PCR1: kernel, cmdline, ramdisk 0", parts, 3);
	expect_pcr(&pcrs, 2, "PCR2: the other ramdisks", two, 2);

	whole = xmalloc(size);
	ok(io_pread(fd, whole, size, 0) == (ssize_t)size, "read back");
	crc = (uint32_t)crc32_z(crc32_z(0, whole, 544), whole + 548, size - 548);
	ok(wire_get32(whole + 544) == crc, "CRC of all but itself");
	ok(wire_get16(whole + 6) == 1, "flags: aarch64");
	ok(wire_get16(whole + 26) == 6, "sections");
	ok(wire_get64(whole + 28) == 548, "offset of section 0");
	ok(wire_get64(whole + 28 + 8) == 548 + 12 + 5000000, "of section 1");
	ok(wire_get64(whole + 284 + 8 * 4) == BIG, "size of section 4");
	ok(memcmp(whole + 548 + 12, data, 5000000) == 0, "kernel's bytes");
}

static int small(int fd, struct pcrs *pcrs, uint64_t *size, struct err *e)
{
	AUTO_EIF_WRITER struct eif_writer *w = eif_writer_new(fd, "out", EIF_X86_64);
	static const struct { enum eif_type type; const char *text; } parts[] = {
		{ EIF_KERNEL, "kernel" },
		{ EIF_CMDLINE, "console=ttyS0" },
		{ EIF_METADATA,
		  "{\"ImageName\":\"small\",\"ImageVersion\":\"1.0\","
		  "\"BuildMetadata\":{\"BuildTime\":\"2020-01-01T00:00:00Z\","
		  "\"BuildTool\":\"t\",\"BuildToolVersion\":\"1\","
		  "\"OperatingSystem\":\"Linux\",\"KernelVersion\":\"6.12\"},"
		  "\"DockerInfo\":{},\"CustomMetadata\":null}" },
		{ EIF_RAMDISK, "first" },
		{ EIF_RAMDISK, "second" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (eif_begin(w, parts[i].type, strlen(parts[i].text), e) < 0 ||
		    eif_write(w, parts[i].text, strlen(parts[i].text), e) < 0)
			return -1;
	return eif_finish(w, NULL, pcrs, size, e);
}

static void test_golden(void)
{
	const char *top = getenv("abs_top_srcdir");
	AUTO_FREE char *path = xasprintf("%s/tests/golden/small.eif",
					 top ? top : ".");
	AUTO_BUF struct buf want = BUF_INIT(65536);
	AUTO_BUF struct buf got = BUF_INIT(65536);
	AUTO_CLOSE int fd = temp_file();
	struct err e = { 0 };
	struct pcrs pcrs;
	uint64_t size;

	ok(small(fd, &pcrs, &size, &e) == 0, "small file");
	ok(buf_read_file(&want, AT_FDCWD, path, &e) == 0, "golden file");
	ok(lseek(fd, 0, SEEK_SET) == 0 &&
	   buf_read_fd(&got, fd, "small", &e) == 0, "read back");
	ok(got.len == size, "size");
	ok(got.len == want.len && memcmp(got.data, want.data, got.len) == 0,
	   "the same bytes as AWS's builder");
}

static void test_limits(void)
{
	AUTO_EIF_WRITER struct eif_writer *w = NULL;
	AUTO_CLOSE int fd = temp_file();
	AUTO_CLOSE int short_fd = temp_file();
	struct err e = { 0 };
	int ramdisks = 0;

	w = eif_writer_new(fd, "out", EIF_X86_64);
	ok(eif_begin(w, EIF_KERNEL, EIF_SIZE_MAX + 1, &e) == -1 &&
	   e.class == ERR_INPUT, "a kernel of more than EIF_SIZE_MAX");
	ok(eif_begin(w, EIF_KERNEL, 0, &e) == 0, "an empty section");
	ok(eif_begin(w, EIF_CMDLINE, EIF_CMDLINE_MAX + 1, &e) == -1,
	   "a long cmdline");
	same_str(e.msg, "cmdline: 4097 bytes, at most 4096 fit into an EIF",
		 "message");
	ok(eif_begin(w, EIF_CMDLINE, 0, &e) == 0 &&
	   eif_begin(w, EIF_METADATA, 0, &e) == 0, "empty sections");
	while (eif_begin(w, EIF_RAMDISK, 0, &e) == 0)
		ramdisks++;
	ok(ramdisks == 28, "28 ramdisks leave room for a signature");
	same_str(e.msg, "too many ramdisks: an EIF holds at most 28", "message");
	eif_writer_free(w);

	w = eif_writer_new(fd, "out", EIF_X86_64);
	ok(io_write(short_fd, "abc", 3) == 0, "a file of three bytes");
	ok(eif_begin(w, EIF_KERNEL, 4, &e) == 0, "announced as four");
	ok(eif_write_fd(w, short_fd, 0, 4, "k", &e) == -1 &&
	   e.class == ERR_INPUT, "is an error");
	same_str(e.msg, "'k' became shorter while it was read", "message");
}

static void test_full_disk(void)
{
	AUTO_EIF_WRITER struct eif_writer *w = NULL;
	AUTO_CLOSE int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct err e = { 0 };

	w = eif_writer_new(fd, "out", EIF_X86_64);
	ok(eif_begin(w, EIF_KERNEL, 4, &e) == -1 && e.class == ERR_SYS,
	   "a full disk is ERR_SYS");
}

static void test_kernel(void)
{
	uint8_t head[1024] = { 0 };
	struct err e = { 0 };
	enum eif_arch arch;

	memcpy(head + 0x202, "HdrS", 4);
	ok(eif_kernel_arch(head, sizeof(head), "k", &arch, &e) == 0 &&
	   arch == EIF_X86_64, "bzImage");
	ok(eif_kernel_arch(head, 0x205, "k", &arch, &e) == -1, "cut short");
	memset(head, 0, sizeof(head));
	memcpy(head + 56, "ARM\x64", 4);
	ok(eif_kernel_arch(head, sizeof(head), "k", &arch, &e) == 0 &&
	   arch == EIF_AARCH64, "Image");
	memset(head, 0, sizeof(head));
	memcpy(head, "\x1f\x8b", 2);
	ok(eif_kernel_arch(head, sizeof(head), "k", &arch, &e) == -1 &&
	   e.class == ERR_INPUT, "Image.gz");
	same_str(e.msg,
		 "'k' is compressed by gzip (Image.gz?): give a bzImage (x86_64) or an uncompressed Image (aarch64)",
		 "message");
	ok(eif_kernel_arch(NULL, 0, "k", &arch, &e) == -1, "nothing");
}

int main(void)
{
	test_big();
	test_golden();
	test_limits();
	test_full_disk();
	test_kernel();
	return tap_done();
}
