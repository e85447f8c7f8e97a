/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eif_read.c - the enclave image format, version 4: reading
 *
 * Hostile input: see eif_read.h.
 */
#include "eif/eif_read.h"

#include <string.h>
#include <sys/stat.h>

#include <zlib.h>

#include "base/io.h"
#include "base/isal.h"
#include "base/xalloc.h"
#include "eif/measure.h"
#include "eif/wire.h"

struct reader {
	int		 fd;
	const char	*name;
	struct eif_info *info;
};

void eif_info_release(struct eif_info *info)
{
	free(info->cmdline);
	free(info->metadata);
	free(info->signature_data);
	*info = (struct eif_info)EIF_INFO_INIT;
}

static int is_one_at(int fd, uint64_t base, const char *name, struct err *e)
{
	char magic[4];
	ssize_t n = io_pread(fd, magic, sizeof(magic), base);

	if (n < 0 && errno != EISDIR && errno != ESPIPE)
		return err_sys(e, "cannot read '%s'", name);
	return n == sizeof(magic) &&
	       memcmp(magic, EIF_MAGIC, sizeof(magic)) == 0;
}

int eif_is_one(int fd, const char *name, struct err *e)
{
	return is_one_at(fd, 0, name, e);
}

static int get(const struct reader *r, void *data, size_t len,
	       uint64_t offset, struct err *e)
{
	return io_read_at(r->fd, data, len, offset, r->name, e);
}

static int bad(const struct reader *r, const char *what, uint64_t value,
	       struct err *e)
{
	return err_set(e, ERR_INPUT, "'%s' is not a sound EIF: %s %llu",
		       r->name, what, (unsigned long long)value);
}

static int read_header(const struct reader *r, uint8_t h[EIF_HEADER_SIZE],
		       struct err *e)
{
	struct eif_info *info = r->info;

	if (info->size < EIF_HEADER_SIZE)
		return bad(r, "a header takes 548 bytes, the file has",
			   info->size, e);
	if (get(r, h, EIF_HEADER_SIZE, info->base, e) < 0)
		return -1;
	if (wire_get16(h + EIF_AT_VERSION) != EIF_VERSION)
		return bad(r, "only version 4 is known, this is",
			   wire_get16(h + EIF_AT_VERSION), e);
	if (wire_get16(h + EIF_AT_FLAGS) & ~1)
		return bad(r, "only bit 0 of the flags is known, they are",
			   wire_get16(h + EIF_AT_FLAGS), e);
	if (wire_get16(h + EIF_AT_RESERVED) != 0)
		return bad(r, "the reserved field must be 0, it is",
			   wire_get16(h + EIF_AT_RESERVED), e);
	if (wire_get32(h + EIF_AT_UNUSED) != 0)
		return bad(r, "the unused field must be 0, it is",
			   wire_get32(h + EIF_AT_UNUSED), e);
	info->arch = wire_get16(h + EIF_AT_FLAGS) & 1 ? EIF_AARCH64 :
							EIF_X86_64;
	info->default_mem = wire_get64(h + EIF_AT_MEM);
	info->default_cpus = wire_get64(h + EIF_AT_CPUS);
	info->crc = wire_get32(h + EIF_AT_CRC);
	info->n_sections = wire_get16(h + EIF_AT_SECTIONS);
	if (info->n_sections > EIF_SECTIONS_MAX)
		return bad(r, "at most 32 sections are allowed, it has",
			   info->n_sections, e);
	for (size_t i = info->n_sections; i < EIF_SECTIONS_MAX; i++)
		if (wire_get64(h + EIF_AT_OFFSETS + 8 * i) != 0 ||
		    wire_get64(h + EIF_AT_SIZES + 8 * i) != 0)
			return bad(r, "offset and size must be 0 in the unused entry",
				   i, e);
	return 0;
}

/* The section's own header, which must say what the file's header says. */
static int read_section(const struct reader *r, struct eif_section *s,
			uint64_t offset, uint64_t size, struct err *e)
{
	uint8_t h[EIF_SECTION_HEADER];
	uint16_t type;

	if (get(r, h, sizeof(h), r->info->base + offset, e) < 0)
		return -1;
	type = wire_get16(h);
	if (type < EIF_KERNEL || type > EIF_METADATA)
		return bad(r, "no section has the type", type, e);
	if (wire_get16(h + 2) != 0)
		return bad(r, "the flags of a section must be 0, they are",
			   wire_get16(h + 2), e);
	if (wire_get64(h + 4) != size)
		return bad(r, "a section's size differs from that in the header, it is",
			   wire_get64(h + 4), e);
	s->type = type;
	s->offset = r->info->base + offset + EIF_SECTION_HEADER;
	s->size = size;
	return 0;
}

/* Sections follow each other without gaps, from the header to the end. */
static int read_table(const struct reader *r, const uint8_t *header,
		      struct err *e)
{
	uint64_t at = EIF_HEADER_SIZE, left;

	for (size_t i = 0; i < r->info->n_sections; i++) {
		uint64_t offset = wire_get64(header + EIF_AT_OFFSETS + 8 * i);
		uint64_t size = wire_get64(header + EIF_AT_SIZES + 8 * i);

		if (offset != at)
			return bad(r, "sections leave a gap or overlap at byte",
				   offset, e);
		left = r->info->size - at;
		if (left < EIF_SECTION_HEADER ||
		    size > left - EIF_SECTION_HEADER)
			return bad(r, "a section ends behind the end of the file, its size is",
				   size, e);
		if (read_section(r, &r->info->sections[i], offset, size, e) < 0)
			return -1;
		at += EIF_SECTION_HEADER + size;
	}
	if (at != r->info->size)
		return bad(r, "bytes after the last section:",
			   r->info->size - at, e);
	return 0;
}

static int check_counts(const struct reader *r, struct err *e)
{
	unsigned int count[EIF_METADATA + 1] = { 0 };

	for (size_t i = 0; i < r->info->n_sections; i++) {
		enum eif_type type = r->info->sections[i].type;

		if (type == EIF_RAMDISK && count[EIF_KERNEL] == 0)
			return bad(r, "a ramdisk comes before the kernel, as section",
				   i, e);
		count[type]++;
	}
	if (count[EIF_KERNEL] != 1)
		return bad(r, "one kernel section is needed, it has",
			   count[EIF_KERNEL], e);
	if (count[EIF_CMDLINE] != 1)
		return bad(r, "one cmdline section is needed, it has",
			   count[EIF_CMDLINE], e);
	if (count[EIF_METADATA] != 1)
		return bad(r, "one metadata section is needed, it has",
			   count[EIF_METADATA], e);
	if (count[EIF_SIGNATURE] > 1)
		return bad(r, "one signature section is enough, it has",
			   count[EIF_SIGNATURE], e);
	if (count[EIF_RAMDISK] == 0)
		return bad(r, "a ramdisk is needed, the number is", 0, e);
	return 0;
}

/* New bytes and a NUL. */
static int read_small(const struct reader *r, const struct eif_section *s,
		      size_t max, char **data, size_t *len, struct err *e)
{
	if (s->size > max)
		return err_set(e, ERR_INPUT,
			       "'%s' is not a sound EIF: a %s section has at most %zu bytes, this one %llu",
			       r->name, eif_type_name(s->type), max,
			       (unsigned long long)s->size);
	*len = (size_t)s->size;
	*data = xcalloc(*len + 1, 1);
	return get(r, *data, *len, s->offset, e);
}

static int read_texts(const struct reader *r, struct err *e)
{
	struct eif_info *info = r->info;

	for (size_t i = 0; i < info->n_sections; i++) {
		const struct eif_section *s = &info->sections[i];
		int result = 0;

		if (s->type == EIF_CMDLINE)
			result = read_small(r, s, EIF_CMDLINE_MAX,
					    &info->cmdline,
					    &info->cmdline_len, e);
		else if (s->type == EIF_METADATA)
			result = read_small(r, s, EIF_METADATA_MAX,
					    &info->metadata,
					    &info->metadata_len, e);
		else if (s->type == EIF_SIGNATURE)
			result = read_small(r, s, EIF_SIGNATURE_MAX,
					    &info->signature_data,
					    &info->signature_len, e);
		if (result < 0)
			return -1;
	}
	return 0;
}

int eif_read(int fd, const char *name, struct eif_info *info, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "cannot read '%s'", name);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INPUT, "'%s' is not a regular file",
			       name);
	return eif_read_at(fd, 0, (uint64_t)st.st_size, name, info, e);
}

int eif_read_at(int fd, uint64_t base, uint64_t size, const char *name,
		struct eif_info *info, struct err *e)
{
	struct reader r = { .fd = fd, .name = name, .info = info };
	uint8_t header[EIF_HEADER_SIZE];
	int is_one = is_one_at(fd, base, name, e);

	if (is_one < 0)
		return -1;
	if (!is_one)
		return err_set(e, ERR_INPUT,
			       "'%s' is not an EIF: it does not begin with '.eif'",
			       name);
	info->base = base;
	info->size = size;
	if (read_header(&r, header, e) < 0 || read_table(&r, header, e) < 0 ||
	    check_counts(&r, e) < 0)
		return -1;
	return read_texts(&r, e);
}

static void add_crc(struct eif_info *info, const void *data, size_t len)
{
	info->crc_computed = crc32_more(info->crc_computed, data, len);
}

static int pass_section(const struct reader *r, const struct eif_section *s,
			struct measure *m, unsigned int regs, struct err *e)
{
	uint8_t head[EIF_SECTION_HEADER];
	uint64_t at = s->offset, end = s->offset + s->size;

	if (get(r, head, sizeof(head), s->offset - sizeof(head), e) < 0)
		return -1;
	add_crc(r->info, head, sizeof(head));
	while (at < end) {
		size_t n = end - at < MEASURE_CHUNK ? (size_t)(end - at) :
						      MEASURE_CHUNK;
		uint8_t *chunk = measure_chunk(m);

		if (get(r, chunk, n, at, e) < 0)
			return -1;
		measure_put(m, n, regs);
		add_crc(r->info, chunk, n);
		at += n;
	}
	return 0;
}

int eif_measure(int fd, const char *name, struct eif_info *info,
		struct err *e)
{
	AUTO_MEASURE struct measure *m = measure_new();
	struct reader r = { .fd = fd, .name = name, .info = info };
	uint8_t header[EIF_AT_CRC];
	unsigned int ramdisks = 0;

	if (get(&r, header, sizeof(header), info->base, e) < 0)
		return -1;
	info->crc_computed = 0;
	add_crc(info, header, sizeof(header));
	for (size_t i = 0; i < info->n_sections; i++) {
		const struct eif_section *s = &info->sections[i];

		if (pass_section(&r, s, m, measure_regs(s->type, ramdisks),
				 e) < 0)
			return -1;
		ramdisks += s->type == EIF_RAMDISK;
	}
	measure_finish(m, &info->pcrs);
	info->crc_ok = info->crc == info->crc_computed;
	info->pcrs.has_pcr8 = info->signature_data != NULL;
	if (!info->signature_data)
		return 0;
	if (signature_read(info->signature_data, info->signature_len,
			   info->pcrs.pcr[0], &info->signature, e) < 0)
		return err_wrap(e, "'%s'", name);
	memcpy(info->pcrs.pcr8, info->signature.pcr8, SHA384_LEN);
	return 0;
}

int eif_judge(const struct eif_info *info, const char *name, int64_t now,
	      struct err *e)
{
	if (!info->crc_ok)
		return err_set(e, ERR_VERIFY,
			       "'%s' is damaged: its CRC is %08x, the header says %08x; build or copy it again",
			       name, info->crc_computed, info->crc);
	if (!info->signature_data)
		return 0;
	if (!info->signature.valid)
		return err_set(e, ERR_VERIFY,
			       "the signature of '%s' is wrong: %s", name,
			       info->signature.fault);
	return signature_in_date(&info->signature, now,
				 info->signature.cert.subject, e);
}
