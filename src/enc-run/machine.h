/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine.h - what this machine is, against what an EIF is for
 */
#ifndef RUN_MACHINE_H
#define RUN_MACHINE_H

#include "eif/eif_read.h"

/* ERR_USAGE when the EIF is for another architecture than this machine's: its
 * kernel would start and say nothing. */
int machine_check_arch(const struct eif_info *info, const char *name,
		       struct err *e) MUST_CHECK;

#endif
