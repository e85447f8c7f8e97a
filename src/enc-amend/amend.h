/* SPDX-License-Identifier: Apache-2.0 */
/*
 * amend.h - an application's image becomes one that runs in an enclave
 */
#ifndef ENC_AMEND_H
#define ENC_AMEND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "enclave/manifest.h"

struct amend {
	const struct manifest *manifest;
	const char *odyn;	/* --odyn, or NULL */
	uint64_t log_buffer;	/* bytes of output that odyn keeps; 0: as it
				 * has it, or up to PROCESS_LOG_BUFFER_MAX */
	bool healthcheck;	/* out: the image has one, which nobody runs */
};

/* Adds one layer (manifest, process description, odyn) to the image that path
 * names and files the new image in the same layout.  Its image path: returns
 * new, caller frees. */
char *amend_image(struct amend *a, const char *path, struct err *e) MUST_CHECK;

#endif
