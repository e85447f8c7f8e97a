/* SPDX-License-Identifier: Apache-2.0 */
/*
 * measure.h - the PCRs of an EIF, computed while its bytes pass
 *
 * contract.md section 1: PCRn = sha384(48 zero bytes || sha384(content)).
 * SHA-384 twice over the big ramdisk is what takes the time, so two threads
 * hash, one PCR0 and one PCR1 and PCR2, from a ring of a few chunks that the
 * caller fills.  Memory: MEASURE_CHUNKS * MEASURE_CHUNK bytes.
 */
#ifndef ENC_EIF_MEASURE_H
#define ENC_EIF_MEASURE_H

#include "base/cleanup.h"
#include "eif/eif.h"

#define MEASURE_CHUNK  ((size_t)1 << 18)
#define MEASURE_CHUNKS 16

struct measure;

/* Starts the workers (where the system grants no thread, the caller's own
 * does their work).  Never NULL. */
struct measure *measure_new(void);
void measure_free(struct measure *m);		/* at any time; joins them */

static inline void measure_freep(struct measure **m)
{
	measure_free(*m);
}
#define AUTO_MEASURE AUTO(measure_freep)

/* The registers that bytes of a section go to, as bits (1 << PCR); ramdisk:
 * how many ramdisks came before this one. */
unsigned int measure_regs(enum eif_type type, unsigned int ramdisk);

/* MEASURE_CHUNK free bytes to fill; waits for the workers when they are
 * behind.  Borrowed. */
uint8_t *measure_chunk(struct measure *m);

/* The first len bytes of the chunk from measure_chunk() go to these registers.
 * They may be read, and must not be changed, until the next measure_chunk(). */
void measure_put(struct measure *m, size_t len, unsigned int regs);

/* PCR0-2 of all that was put; nothing may be put afterwards. */
void measure_finish(struct measure *m, struct pcrs *pcrs);

/* sha384(48 zero bytes || digest): what a register holds that was extended
 * once. */
void measure_extend(const uint8_t digest[SHA384_LEN], uint8_t pcr[SHA384_LEN]);

#endif
