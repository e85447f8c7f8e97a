/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eif_read.h - the enclave image format, version 4: reading
 *
 * eif(5).  A file is hostile: every offset and size is checked against the
 * file and the other sections, nothing may be left over, and nothing is
 * allocated by a size that the file gives without a named maximum.  Readers
 * that go by the offsets of the header and readers that go from section to
 * section see the same thing in a file that passes.
 */
#ifndef ENC_EIF_READ_H
#define ENC_EIF_READ_H

#include "base/cleanup.h"
#include "eif/eif.h"
#include "eif/sign.h"

struct eif_section {
	enum eif_type type;
	uint64_t      offset;	/* in the file, of its bytes, after the
				 * section's header */
	uint64_t      size;
};

struct eif_info {
	/* by eif_read() */
	enum eif_arch arch;
	uint64_t base;			/* where in the file the EIF begins */
	uint64_t size;			/* of the EIF */
	uint64_t default_mem, default_cpus;
	uint32_t crc;			/* as the header says */
	unsigned int n_sections;
	struct eif_section sections[EIF_SECTIONS_MAX];
	char  *cmdline, *metadata;	/* any bytes, and a NUL after them */
	size_t cmdline_len, metadata_len;
	char  *signature_data;		/* NULL: not signed */
	size_t signature_len;

	/* by eif_measure() */
	uint32_t crc_computed;
	bool	 crc_ok;
	struct pcrs pcrs;
	struct signature signature;	/* when signed */
};

#define EIF_INFO_INIT { .n_sections = 0 }
#define AUTO_EIF_INFO AUTO(eif_info_release)

/* Do the first bytes say that fd is an EIF?  1 or 0, which is also what a
 * folder or a pipe is; -1 when it cannot be read.  name stands in messages. */
int eif_is_one(int fd, const char *name, struct err *e) MUST_CHECK;

/* Reads the header and the small sections of a regular file.  name stands in
 * messages.  ERR_INPUT when it is not a sound EIF: exactly one kernel, command
 * line and metadata, one ramdisk at least, one signature at most. */
int eif_read(int fd, const char *name, struct eif_info *info, struct err *e)
	MUST_CHECK;

/* The same for an EIF of size bytes that begins at base: a member of a tar that
 * is read where it lies. */
int eif_read_at(int fd, uint64_t base, uint64_t size, const char *name,
		struct eif_info *info, struct err *e) MUST_CHECK;

/* Reads all of it once: CRC, measurements, and whether the signature is one of
 * this PCR0.  A wrong CRC and a wrong signature are no errors here: they are in
 * info (eif_judge()).  ERR_INPUT when the signature section is malformed. */
int eif_measure(int fd, const char *name, struct eif_info *info,
		struct err *e) MUST_CHECK;

/* ERR_VERIFY when the CRC or the signature is wrong, or when the certificate
 * is not valid at that time (seconds since 1970). */
int eif_judge(const struct eif_info *info, const char *name, int64_t now,
	      struct err *e) MUST_CHECK;

void eif_info_release(struct eif_info *info);

#endif
