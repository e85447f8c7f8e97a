/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_parts.h - what the kinds of exported file share
 */
#ifndef ENC_EXPORT_PARTS_H
#define ENC_EXPORT_PARTS_H

#include "image/image.h"
#include "image/tarwrite.h"

#define EXPORT_CHUNK ((size_t)1 << 20)

/* Writes the blob into the tar under path, and verifies it. */
int export_blob(struct tar_writer *w, const struct store *s,
		const struct descriptor *d, const char *path, struct err *e)
	MUST_CHECK;

/* All entries of one kind of file, without the end. */
int export_docker(struct tar_writer *w, const struct image *img,
		  const char *name, struct err *e) MUST_CHECK;

#endif
