/* SPDX-License-Identifier: Apache-2.0 */
/*
 * variables.h - what the application's environment says of odyn's services
 */
#ifndef ODYN_VARIABLES_H
#define ODYN_VARIABLES_H

#include "enclave/manifest.h"
#include "enclave/process.h"

/* Adds to p->env, where the manifest has them: the HTTP proxy, in lower and
 * upper case, with what shall not go through it, and the KMS proxy.  What the
 * image sets itself, in either case, is left as it is. */
void variables_add(struct process *p, const struct manifest *m);

#endif
