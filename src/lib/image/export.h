/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export.h - an image of a layout as one file, or to the docker daemon
 *
 * The same image makes the same bytes: entries in one order, without owners,
 * without dates.  Every blob is verified while it is written.
 */
#ifndef ENC_EXPORT_H
#define ENC_EXPORT_H

#include "base/outfile.h"
#include "base/progress.h"
#include "image/daemon.h"
#include "image/image.h"

enum export_kind { EXPORT_OCI, EXPORT_DOCKER, EXPORT_DAEMON };

/* "oci-archive:FILE", "docker-archive:FILE" or "docker-daemon:[NAME]"; *file
 * points into text.  ERR_USAGE for anything else. */
int export_parse(const char *text, enum export_kind *kind, const char **file,
		 struct err *e) MUST_CHECK;

/* For the two kinds of file: writes the image to *out, opened beside file, and
 * syncs it: all but the outfile_commit(out, file) by which it appears.  name
 * is what the image is called in there: org.opencontainers.image.ref.name in an OCI archive
 * (OCI image spec 1.1, image-layout.md), RepoTags in what "docker load" reads
 * (Docker image spec v1.2, "Combined Image JSON + Filesystem Changeset
 * Format"), whose layers are not compressed. */
int export_image(const struct image *img, enum export_kind kind,
		 const char *name, const char *file, struct outfile *out,
		 struct err *e) MUST_CHECK;

/* The same bytes as EXPORT_DOCKER makes, to the docker daemon (daemon.h): when
 * this returns 0 it has the image, under name.  ERR_REMOTE when it says no. */
int export_to_daemon(struct daemon *d, const struct image *img,
		     const char *name, struct progress *p, struct err *e)
	MUST_CHECK;

/* Has the daemon this image, under this name, already?  1 or 0.  One that keeps
 * its images by containerd makes a manifest of its own of what it is given, and
 * does not know it again. */
int export_is_there(struct daemon *d, const struct image *img,
		    const char *name, struct err *e) MUST_CHECK;

#endif
