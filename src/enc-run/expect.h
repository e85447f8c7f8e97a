/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expect.h - the measurements that somebody wrote down, and those of an EIF
 */
#ifndef RUN_EXPECT_H
#define RUN_EXPECT_H

#include "eif/eif.h"

/* file holds measurements as "enclaver build", enc-eif --measurements and
 * enc-run describe-eif print them: {"PCR0":"HEX",...}, alone or as
 * "Measurements" of an object.  PCR0 must be there; each that is must be that
 * of the EIF: ERR_VERIFY with the register and both values.  ERR_INPUT for a
 * file that has none. */
int expect_check(const char *file, const struct pcrs *pcrs, const char *name,
		 struct err *e) MUST_CHECK;

#endif
