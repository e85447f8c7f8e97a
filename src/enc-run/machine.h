/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine.h - what an EIF wants of a machine
 */
#ifndef RUN_MACHINE_H
#define RUN_MACHINE_H

#include "eif/eif_read.h"

#define MIB (UINT64_C(1) << 20)

/* ERR_USAGE when the EIF is for another architecture than this machine's: its
 * kernel would start and say nothing. */
int machine_check_arch(const struct eif_info *info, const char *name,
		       struct err *e) MUST_CHECK;

/* AWS's rule, contract.md section 7: the memory is four times the EIF.
 * ERR_USAGE. */
int machine_check_memory(const struct eif_info *info, uint64_t memory_mib,
			 struct err *e) MUST_CHECK;

/* The seconds that an enclave of this size may take until its application
 * runs: nitro-cli's rule, 90 s for each 6 GiB of EIF and for each 100 GiB of
 * memory that are begun. */
unsigned machine_boot_timeout(uint64_t eif_size, uint64_t memory_mib);

#endif
