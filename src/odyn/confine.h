/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confine.h - odyn gives up what it needs no more, once the application runs
 *
 * Whoever takes odyn over, from the parent's side or from the application's,
 * finds no file, no program, no other process and no socket but those that odyn
 * itself calls with.  The application is started before, and is not confined.
 */
#ifndef ODYN_CONFINE_H
#define ODYN_CONFINE_H

#include "enclave/manifest.h"
#include "odyn/calls.h"

/* For good.  path is the hybrid vsock's, or NULL.  What the kernel cannot do is
 * said on the console, a line for each.  $ENC_SANDBOX "off" goes without. */
void confine(const struct manifest *m, const char *path,
	     const struct calls *c);

#endif
