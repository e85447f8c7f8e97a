/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ne.h - enclaves by /dev/nitro_enclaves, the device of an instance that may
 * start them
 *
 * <linux/nitro_enclaves.h>; what is checked when: ne_misc_dev.c of the kernel.
 * An enclave gets huge pages and CPUs that the machine has set aside for it:
 * huge pages of the NUMA node where the CPU pool is, whole cores of that pool.
 * The driver's own errors are numbers from 256 on; here each is a sentence that
 * says what to do.  All errors are ERR_SYS unless said otherwise.
 */
#ifndef ENC_NE_H
#define ENC_NE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define NE_DEVICE	  "/dev/nitro_enclaves"
#define NE_MEMORY_MIN_MIB 64u		/* the driver's */
#define NE_MEMORY_MAX_MIB (1u << 24)	/* 16 TiB: more than an instance has */
#define NE_CPUS_MAX	  4096u
#define NE_CID_MIN	  4u		/* below: well known, and the parent */
#define NE_CID_MAX	  UINT32_C(0xfffffffe)

/* What an enclave is to have.  Borrowed while a call lasts. */
struct ne_want {
	int	    eif;		/* a file, read at base, size bytes */
	const char *eif_name;		/* for messages */
	uint64_t    base, size;
	uint64_t    memory_mib;
	unsigned    cpus;		/* one at least */
	uint32_t    cid;		/* 0: any */
	bool	    debug;
};

struct ne_vm;

/* Is the device there, and may we use it? */
int ne_available(struct err *e) MUST_CHECK;

/* Is it there, whoever may use it? */
bool ne_is_there(void);

/* All that can be known before anything is taken: the numbers above, which are
 * ERR_USAGE, the CPU pool and the huge pages that are free. */
int ne_check(const struct ne_want *w, struct err *e) MUST_CHECK;

/* An enclave that has its memory, with the EIF in it, and its CPUs, and is not
 * started.  Reads all of the EIF.  Returns new, or NULL: nothing is taken. */
struct ne_vm *ne_new(const struct ne_want *w, struct err *e) MUST_CHECK;

/* Starts it, once; *cid is the one that it got. */
int ne_start(struct ne_vm *vm, uint32_t *cid, struct err *e) MUST_CHECK;

/* A descriptor, borrowed, on which EPOLLHUP says that the enclave has ended. */
int ne_fd(const struct ne_vm *vm);
/* What it has: not less than was wanted. */
uint64_t ne_memory_mib(const struct ne_vm *vm);

/* Ends the enclave, if it has not ended, and gives everything back.  The end of
 * this process, by SIGKILL too, does the same.  Nothing happens for NULL. */
void ne_free(struct ne_vm *vm);

#endif
