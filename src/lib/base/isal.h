/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isal.h - Intel's ISA-L, when it is installed
 *
 * Three times zlib's inflate and many times its CRC-32.  Opened at run time
 * and never linked, so that nothing depends on it: without it, zlib does the
 * same work.  The kept interface is that of libisal.so.2 (igzip_lib.h).
 */
#ifndef ENC_ISAL_H
#define ENC_ISAL_H

#include <stddef.h>
#include <stdint.h>

#ifdef HAVE_ISAL
#include <isa-l/igzip_lib.h>
#endif

struct inflate_state;
struct isal_gzip_header;

struct isal {
	void (*inflate_init)(struct inflate_state *state);
	void (*inflate_reset)(struct inflate_state *state);
	int (*inflate)(struct inflate_state *state);
	void (*header_init)(struct isal_gzip_header *header);
	int (*header)(struct inflate_state *state,
		      struct isal_gzip_header *header);
	uint32_t (*crc32)(uint32_t crc, const unsigned char *data, uint64_t len);
};

/* The library's functions, or NULL when it is not there, was not known when
 * this was built, or ENC_NO_ISAL is in the environment (for tests and for
 * comparing).  Any thread may call this. */
const struct isal *isal(void);

/* The CRC-32 of gzip and zlib over more data, beginning with 0. */
uint32_t crc32_more(uint32_t crc, const void *data, size_t len);

#endif
