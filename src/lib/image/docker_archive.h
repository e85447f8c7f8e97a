/* SPDX-License-Identifier: Apache-2.0 */
/*
 * docker_archive.h - what a docker daemon's images share with docker save's
 */
#ifndef ENC_DOCKER_ARCHIVE_H
#define ENC_DOCKER_ARCHIVE_H

#include "image/source.h"

/* The only image of an archive in fd, which becomes the source's; name stands
 * in messages.  Nothing is read yet.  Never NULL. */
struct source *docker_archive_open_fd(int fd, const char *name,
				      const struct pull_options *o);

/* docker save knows no manifest: the one that we make, always the same for the
 * same configuration and layers.  Returns new, caller frees. */
char *docker_manifest_text(const struct buf *config_text,
			   const struct descriptor *layers, size_t n);

#endif
