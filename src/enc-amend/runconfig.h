/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runconfig.h - an image's way to run: read, and replaced by odyn's
 *
 * OCI image spec 1.1, config.md, "config".  Trust: the configuration is
 * hostile, though its digest is right.
 */
#ifndef ENC_RUNCONFIG_H
#define ENC_RUNCONFIG_H

#include "enclave/process.h"
#include "image/image.h"

#define ODYN_PATH  "/sbin/odyn"
#define CONFIG_DIR "/etc/enclaver"

/* What the image's configuration says, by Docker's rules, the user as it
 * stands there.  ERR_INPUT names the member that cannot be honoured. */
int runconfig_process(const struct image *img, struct process *p,
		      struct err *e) MUST_CHECK;

/* A new configuration: odyn as the entrypoint, with --log-buffer unless that
 * is 0, and the process's words after it, without CMD, USER and WORKDIR, which
 * are odyn's business; all else as it was.  created (may be NULL) replaces the
 * image's own.  New reference. */
json_t *runconfig_amended(const struct image *img, const struct process *p,
			  uint64_t log_buffer, const char *created);

/* Was this image amended before? */
bool runconfig_is_amended(const struct image *img);

#endif
