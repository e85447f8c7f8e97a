/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expect.h - the measurements that somebody wrote down, and those that are
 */
#ifndef ENC_EIF_EXPECT_H
#define ENC_EIF_EXPECT_H

#include "base/json.h"

/* The measurements in a file, as "enclaver build", enc-eif --measurements and
 * enc-run describe-eif print them: an object {"PCR0":"HEX",...}, alone or as
 * "Measurements" of another, whose members PCR0 to PCR31 are strings; other
 * members are not looked at.  New reference.  ERR_INPUT for a file that has no
 * PCR, and for one that has another, such as pcr0 or PCR32, or one elsewhere,
 * which would not be looked at. */
json_t *expect_read(const char *file, struct err *e) MUST_CHECK;

/* Each PCR of want must be there in is, an object of that form: ERR_VERIFY
 * with the register and both values.  name: whose is are. */
int expect_check(const json_t *want, const json_t *is, const char *name,
		 struct err *e) MUST_CHECK;

#endif
