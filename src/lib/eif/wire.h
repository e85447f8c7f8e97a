/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h - where the fields of an EIF header are, and big-endian integers
 *
 * contract.md section 1; shared by the writer and the reader.
 */
#ifndef ENC_EIF_WIRE_H
#define ENC_EIF_WIRE_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

enum {				/* offsets in the header */
	EIF_AT_MAGIC	= 0,
	EIF_AT_VERSION	= 4,	/* u16 */
	EIF_AT_FLAGS	= 6,	/* u16 */
	EIF_AT_MEM	= 8,	/* u64 */
	EIF_AT_CPUS	= 16,	/* u64 */
	EIF_AT_RESERVED = 24,	/* u16 */
	EIF_AT_SECTIONS = 26,	/* u16 */
	EIF_AT_OFFSETS	= 28,	/* u64[32] */
	EIF_AT_SIZES	= 284,	/* u64[32] */
	EIF_AT_UNUSED	= 540,	/* u32 */
	EIF_AT_CRC	= 544,	/* u32 */
};

static inline void wire_put16(uint8_t *p, uint16_t v)
{
	v = htobe16(v);
	memcpy(p, &v, sizeof(v));
}

static inline void wire_put32(uint8_t *p, uint32_t v)
{
	v = htobe32(v);
	memcpy(p, &v, sizeof(v));
}

static inline void wire_put64(uint8_t *p, uint64_t v)
{
	v = htobe64(v);
	memcpy(p, &v, sizeof(v));
}

static inline uint16_t wire_get16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return be16toh(v);
}

static inline uint32_t wire_get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

static inline uint64_t wire_get64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

#endif
