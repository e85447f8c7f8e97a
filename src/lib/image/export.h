/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export.h - an image of a layout as one file
 *
 * The same image makes the same bytes: entries in one order, without owners,
 * without dates.  Every blob is verified while it is written.
 */
#ifndef ENC_EXPORT_H
#define ENC_EXPORT_H

#include "base/outfile.h"
#include "image/image.h"

enum export_kind { EXPORT_OCI, EXPORT_DOCKER };

/* "oci-archive:FILE" or "docker-archive:FILE"; *file points into text.
 * ERR_USAGE for anything else. */
int export_parse(const char *text, enum export_kind *kind, const char **file,
		 struct err *e) MUST_CHECK;

/* Writes the image to *out, opened here beside file and synced: all but the
 * outfile_commit(out, file) by which it appears.  name is what the image is
 * called in there: org.opencontainers.image.ref.name in an OCI archive
 * (OCI image spec 1.1, image-layout.md), RepoTags in what "docker load" reads
 * (Docker image spec v1.2, "Combined Image JSON + Filesystem Changeset
 * Format"), whose layers are not compressed. */
int export_image(const struct image *img, enum export_kind kind,
		 const char *name, const char *file, struct outfile *out,
		 struct err *e) MUST_CHECK;

#endif
