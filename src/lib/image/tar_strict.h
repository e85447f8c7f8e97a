/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tar_strict.h - archives that two readers could read as two
 *
 * Engines and scanners read layers by Go's archive/tar, we by libarchive.
 * Where a header means one size to the one and another to the other, data of
 * a file for the one are members for the other, and what is in the enclave is
 * not what was looked at.  This stage stands before libarchive, follows the
 * headers on its own, passes the bytes on as they are, and ends the reading
 * where a header leaves any doubt.
 *
 * POSIX.1-2017, pax ("ustar Interchange Format", "pax Header Block"); GNU tar's
 * manual, "Basic Tar Format".
 */
#ifndef ENC_TAR_STRICT_H
#define ENC_TAR_STRICT_H

#include "image/archive.h"

#define TAR_TEXT_MAX (1u << 20)	/* bytes of one pax header: libarchive's limit */

struct tar_strict;

/* Takes its bytes, a tar that is not compressed, from read(ctx).  Never
 * NULL. */
struct tar_strict *tar_strict_new(untar_read_fn *read, void *ctx);
void tar_strict_free(struct tar_strict *t);

static inline void tar_strict_freep(struct tar_strict **t)
{
	tar_strict_free(*t);
}
#define AUTO_TAR_STRICT AUTO(tar_strict_freep)

/* The next bytes, as untar_read_fn has it: ctx is the struct tar_strict.
 * ERR_INPUT for what is said above; what is no tar at all is left to the
 * reader behind it. */
ssize_t tar_strict_read(void *ctx, const void **data, struct err *e);

#endif
