/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tar_find.h - where in a tar a file lies
 *
 * For layers of a release image, which are plain tar: the EIF in there is read
 * in place.  POSIX.1-2017, pax: "ustar Interchange Format" and "pax Header
 * Block"; GNU's sizes in base 256.  Trust: the bytes may be anybody's; what
 * leaves a doubt is ERR_INPUT.
 */
#ifndef ENC_TAR_FIND_H
#define ENC_TAR_FIND_H

#include <stdint.h>

#include "base/err.h"

#define TAR_FIND_ENTRIES_MAX 65536u	/* looked at */

/* Looks for the regular file path (no leading "/" or "./") in the layer that is
 * all of fd.  1 and *offset, *size of its bytes; 0 when there is none.  name
 * stands in messages.  ERR_INPUT, too, when it is there twice, when it or a
 * folder that it is in is something else, and when the layer takes away what
 * those below it have there: an engine would see another file than we. */
int tar_find(int fd, const char *path, const char *name, uint64_t *offset,
	     uint64_t *size, struct err *e) MUST_CHECK;

#endif
