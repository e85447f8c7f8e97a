/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layout.h - what an OCI layout in a folder and one in an archive share
 *
 * OCI image spec 1.1, image-layout.md.
 */
#ifndef ENC_LAYOUT_H
#define ENC_LAYOUT_H

#include "base/err.h"
#include "image/oci.h"
#include "image/source.h"

#define LAYOUT_INDEX_MAX (64u << 20)	/* as of the store's own */

/* What follows "oci:" or "oci-archive:": PATH[:REF].  REF may be
 * "NAME@sha256:HEX".  Fills in s's name (REF's NAME, or the base name of PATH)
 * and pinned.  *ref (may be NULL) is new. */
int layout_split(const char *rest, struct source *s, char **path, char **ref,
		 struct err *e) MUST_CHECK;

/* The entry of an index.json that ref names, or with NULL the only image. */
int layout_choose(const char *text, size_t len, const char *path,
		  const char *ref, struct descriptor *d, struct err *e)
	MUST_CHECK;

/* The image with that digest in an archive that is a layout, in fd, which
 * becomes the source's; name stands in messages.  Never NULL. */
struct source *oci_archive_open_fd(int fd, const char *name, const char *hex,
				   const struct pull_options *o);

#endif
