/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eif.c - the enclave image format, version 4: writing
 *
 * contract.md section 1.  The header is written last, when all sizes are
 * known; its CRC is combined with that of what follows it.
 */
#include "eif/eif.h"

#include <assert.h>
#include <string.h>

#include <zlib.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/isal.h"
#include "base/xalloc.h"
#include "eif/measure.h"
#include "eif/sign.h"
#include "eif/wire.h"

struct eif_writer {
	int		fd;			/* borrowed */
	const char     *name;			/* of what fd will be */
	enum eif_arch	arch;
	struct measure *measure;
	uint8_t	       *chunk;			/* NULL: none begun */
	size_t		fill;			/* bytes in it */
	enum eif_type	type;			/* of the section begun last */
	unsigned int	regs;			/* where its bytes go */
	uint64_t	left;			/* bytes still to come of it */
	uint64_t	pos;			/* end of what is in the file */
	uint32_t	crc;			/* of all after the header */
	unsigned int	ramdisks;
	unsigned int	sections;
	uint64_t	offset[EIF_SECTIONS_MAX];
	uint64_t	size[EIF_SECTIONS_MAX];
};

struct eif_writer *eif_writer_new(int fd, const char *name, enum eif_arch arch)
{
	struct eif_writer *w = xcalloc(1, sizeof(*w));

	w->fd = fd;
	w->name = name;
	w->arch = arch;
	w->measure = measure_new();
	w->pos = EIF_HEADER_SIZE;
	return w;
}

void eif_writer_free(struct eif_writer *w)
{
	if (!w)
		return;
	measure_free(w->measure);
	free(w);
}

/* To the file and into the CRC. */
static int put(struct eif_writer *w, const uint8_t *data, size_t len,
	       struct err *e)
{
	if (io_pwrite(w->fd, data, len, w->pos) < 0)
		return err_sys(e, "cannot write '%s'", w->name);
	w->crc = crc32_more(w->crc, data, len);
	io_write_behind(w->fd, w->pos, w->pos + len);
	w->pos += len;
	return 0;
}

/* The workers hash the chunk while this thread writes it. */
static int flush(struct eif_writer *w, struct err *e)
{
	const uint8_t *chunk = w->chunk;
	size_t len = w->fill;

	if (!chunk)
		return 0;
	w->chunk = NULL;
	w->fill = 0;
	measure_put(w->measure, len, w->regs);
	return put(w, chunk, len, e);
}

/* Where the next bytes of the section go, at most *len of them. */
static uint8_t *room(struct eif_writer *w, size_t *len)
{
	if (!w->chunk)
		w->chunk = measure_chunk(w->measure);
	if (*len > MEASURE_CHUNK - w->fill)
		*len = MEASURE_CHUNK - w->fill;
	return w->chunk + w->fill;
}

static int filled(struct eif_writer *w, size_t len, struct err *e)
{
	w->fill += len;
	w->left -= len;
	return w->fill == MEASURE_CHUNK || w->left == 0 ? flush(w, e) : 0;
}

/* The order of AWS's builder: kernel, cmdline, metadata, ramdisks, signature.
 * Another order is a bug of the caller. */
static void check_order(const struct eif_writer *w, enum eif_type type)
{
	static const enum eif_type order[] = {
		EIF_KERNEL, EIF_CMDLINE, EIF_METADATA, EIF_RAMDISK,
	};

	assert(w->left == 0);
	if (w->sections < ARRAY_SIZE(order))
		assert(type == order[w->sections]);
	else
		assert(type == EIF_RAMDISK || type == EIF_SIGNATURE);
}

static int check_size(enum eif_type type, uint64_t size, struct err *e)
{
	uint64_t max = type == EIF_CMDLINE ? EIF_CMDLINE_MAX :
		       type == EIF_METADATA ? EIF_METADATA_MAX :
		       type == EIF_SIGNATURE ? EIF_SIGNATURE_MAX : EIF_SIZE_MAX;

	if (size <= max)
		return 0;
	return err_set(e, ERR_INPUT,
		       "%s: %llu bytes, at most %llu fit into an EIF",
		       eif_type_name(type), (unsigned long long)size,
		       (unsigned long long)max);
}

int eif_begin(struct eif_writer *w, enum eif_type type, uint64_t size,
	      struct err *e)
{
	uint8_t head[EIF_SECTION_HEADER] = { 0 };

	check_order(w, type);
	/* The last place is kept for the signature. */
	if (w->sections >= EIF_SECTIONS_MAX - (type != EIF_SIGNATURE))
		return err_set(e, ERR_INPUT,
			       "too many ramdisks: an EIF holds at most %d",
			       EIF_SECTIONS_MAX - 4);
	if (check_size(type, size, e) < 0 ||
	    check_size(EIF_KERNEL, w->pos + size, e) < 0)
		return -1;
	w->offset[w->sections] = w->pos;
	w->size[w->sections++] = size;
	w->type = type;
	w->left = size;
	w->regs = measure_regs(type, w->ramdisks);
	w->ramdisks += type == EIF_RAMDISK;
	wire_put16(head, (uint16_t)type);
	wire_put64(head + 4, size);
	return put(w, head, sizeof(head), e);
}

int eif_write(struct eif_writer *w, const void *data, size_t len,
	      struct err *e)
{
	const uint8_t *at = data;

	assert(len <= w->left);
	while (len > 0) {
		size_t n = len;
		uint8_t *to = room(w, &n);

		memcpy(to, at, n);
		if (filled(w, n, e) < 0)
			return -1;
		at += n;
		len -= n;
	}
	return 0;
}

int eif_write_fd(struct eif_writer *w, int fd, uint64_t offset, uint64_t len,
		 const char *name, struct err *e)
{
	assert(len <= w->left);
	while (len > 0) {
		size_t n = len < MEASURE_CHUNK ? (size_t)len : MEASURE_CHUNK;
		uint8_t *to = room(w, &n);

		if (io_read_at(fd, to, n, offset, name, e) < 0 ||
		    filled(w, n, e) < 0)
			return -1;
		offset += n;
		len -= n;
	}
	return 0;
}

static int write_header(struct eif_writer *w, struct err *e)
{
	uint8_t h[EIF_HEADER_SIZE] = { 0 };
	uint32_t crc;

	memcpy(h + EIF_AT_MAGIC, EIF_MAGIC, 4);
	wire_put16(h + EIF_AT_VERSION, EIF_VERSION);
	wire_put16(h + EIF_AT_FLAGS, (uint16_t)w->arch);
	wire_put64(h + EIF_AT_MEM, EIF_DEFAULT_MEM);
	wire_put64(h + EIF_AT_CPUS, EIF_DEFAULT_CPUS);
	wire_put16(h + EIF_AT_SECTIONS, (uint16_t)w->sections);
	for (size_t i = 0; i < w->sections; i++) {
		wire_put64(h + EIF_AT_OFFSETS + 8 * i, w->offset[i]);
		wire_put64(h + EIF_AT_SIZES + 8 * i, w->size[i]);
	}
	crc = crc32_more(0, h, EIF_AT_CRC);
	crc = (uint32_t)crc32_combine(crc, w->crc,
				      (z_off_t)(w->pos - EIF_HEADER_SIZE));
	wire_put32(h + EIF_AT_CRC, crc);
	if (io_pwrite(w->fd, h, sizeof(h), 0) < 0)
		return err_sys(e, "cannot write '%s'", w->name);
	return 0;
}

int eif_finish(struct eif_writer *w, struct signer *signer, struct pcrs *pcrs,
	       uint64_t *size, struct err *e)
{
	AUTO_BUF struct buf section = BUF_INIT(EIF_SIGNATURE_MAX);

	assert(w->left == 0 && w->ramdisks > 0);
	measure_finish(w->measure, pcrs);
	pcrs->has_pcr8 = signer != NULL;
	if (signer) {
		signer_pcr8(signer, pcrs->pcr8);
		if (signer_section(signer, pcrs->pcr[0], &section, e) < 0 ||
		    eif_begin(w, EIF_SIGNATURE, section.len, e) < 0 ||
		    put(w, (uint8_t *)section.data, section.len, e) < 0)
			return -1;
		w->left = 0;
	}
	*size = w->pos;
	return write_header(w, e);
}

const char *eif_type_name(enum eif_type type)
{
	static const char *const names[] = {
		[EIF_KERNEL] = "kernel",
		[EIF_CMDLINE] = "cmdline",
		[EIF_RAMDISK] = "ramdisk",
		[EIF_SIGNATURE] = "signature",
		[EIF_METADATA] = "metadata",
	};

	return names[type];
}

static bool holds(const uint8_t *head, size_t len, size_t at, const char *magic,
		  size_t n)
{
	return len >= at + n && memcmp(head + at, magic, n) == 0;
}

int eif_kernel_arch(const uint8_t *head, size_t len, const char *name,
		    enum eif_arch *arch, struct err *e)
{
	const char *is = "not a kernel";

	/* Linux, Documentation/arch/x86/boot.rst and arch/arm64/booting.rst */
	if (holds(head, len, 0x202, "HdrS", 4)) {
		*arch = EIF_X86_64;
		return 0;
	}
	if (holds(head, len, 56, "ARM\x64", 4)) {
		*arch = EIF_AARCH64;
		return 0;
	}
	if (holds(head, len, 0, "\x7f""ELF", 4))
		is = "an ELF file (vmlinux?)";
	else if (holds(head, len, 0, "\x1f\x8b", 2))
		is = "compressed by gzip (Image.gz?)";
	else if (holds(head, len, 4, "zimg", 4))
		is = "an EFI zboot image (vmlinuz.efi)";
	return err_set(e, ERR_INPUT,
		       "'%s' is %s: give a bzImage (x86_64) or an uncompressed Image (aarch64)",
		       name, is);
}
