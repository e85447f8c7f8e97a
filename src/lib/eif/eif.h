/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eif.h - the enclave image format, version 4: writing
 *
 * contract.md section 1.  The writer gets the sections in file order and
 * hashes them while they pass: PCR0, PCR1, PCR2 and the CRC are ready when the
 * last byte is written, and memory does not depend on the size.
 */
#ifndef ENC_EIF_H
#define ENC_EIF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/err.h"

#define EIF_MAGIC	   ".eif"
#define EIF_VERSION	   4
#define EIF_HEADER_SIZE	   548
#define EIF_SECTION_HEADER 12
#define EIF_SECTIONS_MAX   32
#define EIF_SIGNATURE_MAX  32768	/* bytes of a signature section */
#define EIF_METADATA_MAX   (1u << 20)
#define EIF_CMDLINE_MAX	   4096
#define EIF_SIZE_MAX	   (UINT64_C(1) << 40)	/* of a whole file; ours */
#define EIF_DEFAULT_MEM	   UINT64_C(1073741824)
#define EIF_DEFAULT_CPUS   UINT64_C(2)

enum eif_arch { EIF_X86_64 = 0, EIF_AARCH64 = 1 };	/* bit 0 of flags */

/* OCI's name of it; arch_machine() has the other. */
static inline const char *eif_arch_oci(enum eif_arch arch)
{
	return arch == EIF_X86_64 ? "amd64" : "arm64";
}

enum eif_type {
	EIF_KERNEL = 1, EIF_CMDLINE = 2, EIF_RAMDISK = 3,
	EIF_SIGNATURE = 4, EIF_METADATA = 5,
};

struct pcrs {
	uint8_t pcr[3][SHA384_LEN];	/* PCR0, 1, 2 */
	uint8_t pcr8[SHA384_LEN];
	bool	has_pcr8;		/* signed */
};

struct signer;			/* sign.h */
struct eif_writer;

/* A writer onto fd (borrowed; an empty file, seekable), which messages call
 * name (borrowed).  Starts the hash workers.  Never NULL. */
struct eif_writer *eif_writer_new(int fd, const char *name,
				  enum eif_arch arch);
void eif_writer_free(struct eif_writer *w);	/* at any time; joins them */

/* Begins a section of exactly size bytes; the one before must be full.  The
 * order is kernel, cmdline, metadata, ramdisk... (one at least); another is a
 * bug of the caller.  ERR_INPUT when it is too large or one too many. */
int eif_begin(struct eif_writer *w, enum eif_type type, uint64_t size,
	      struct err *e) MUST_CHECK;

/* The next bytes of the section: from memory, or len bytes of a file at
 * offset (read straight into the writer's buffers; name stands in messages). */
int eif_write(struct eif_writer *w, const void *data, size_t len,
	      struct err *e) MUST_CHECK;
int eif_write_fd(struct eif_writer *w, int fd, uint64_t offset, uint64_t len,
		 const char *name, struct err *e) MUST_CHECK;

/* Ends the file: signs when signer is not NULL (borrowed), writes the header
 * and its CRC.  pcrs gets the measurements, size the bytes of the file. */
int eif_finish(struct eif_writer *w, struct signer *signer, struct pcrs *pcrs,
	       uint64_t *size, struct err *e) MUST_CHECK;

static inline void eif_writer_freep(struct eif_writer **w)
{
	eif_writer_free(*w);
}
#define AUTO_EIF_WRITER AUTO(eif_writer_freep)

/* "kernel", "cmdline", ... */
const char *eif_type_name(enum eif_type type);

/* The magic of a kernel's first bytes (at least 1024, or all there are):
 * ERR_INPUT that says what it is and what is wanted when it is neither a
 * bzImage nor an arm64 Image. */
int eif_kernel_arch(const uint8_t *head, size_t len, const char *name,
		    enum eif_arch *arch, struct err *e) MUST_CHECK;

#endif
