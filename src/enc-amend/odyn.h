/* SPDX-License-Identifier: Apache-2.0 */
/*
 * odyn.h - the supervisor that goes into the image, wherever it comes from
 */
#ifndef ENC_AMEND_ODYN_H
#define ENC_AMEND_ODYN_H

#include "base/buf.h"
#include "base/digest.h"
#include "base/sandbox.h"

#define ODYN_MAX ((size_t)256 << 20)	/* bytes; upstream's has 30 MB */

struct odyn {
	struct buf bytes;
	char *name;		/* the image it came out of, or "builtin" */
	char hex[SHA256_HEX];	/* of the image's manifest or of the file */
};

#define ODYN_INIT { .bytes = BUF_INIT(ODYN_MAX), .name = NULL }
#define AUTO_ODYN AUTO(odyn_release)

/* From the file or image that option names; else from the image that the
 * manifest names; else (both NULL) the one that was built with this program.
 * dir is the layout in which an image's name is looked up; arch is the OCI
 * name of the architecture that the binary must be for. */
int odyn_find(struct odyn *o, const char *option, const char *manifest,
	      const char *dir, const char *arch, struct err *e) MUST_CHECK;
/* The same words for a sandbox: what odyn_find() will read beside dir. */
void odyn_needs(const char *option, const char *manifest, struct sandbox *s);

void odyn_release(struct odyn *o);

#endif
