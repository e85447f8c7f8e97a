/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confine.h - a program enters its sandbox, as $ENC_SANDBOX says
 */
#ifndef ENC_CONFINE_H
#define ENC_CONFINE_H

#include "base/sandbox.h"

/* Confines this process to what s holds (sandbox.h).  ENC_SANDBOX=off: not at
 * all.  A kernel that cannot: a note, or with ENC_SANDBOX=require ERR_SYS.  With
 * -v it says when it is done, for those who look for what refuses something.
 * Any other value of it is ERR_USAGE. */
int cli_confine(const struct sandbox *s, struct err *e) MUST_CHECK;

/* ERR_USAGE as above, for a task that is done before there is anything to be
 * confined for. */
int cli_confine_check(struct err *e) MUST_CHECK;

/* cli_libexec()'s, for either architecture: an image's is not known yet. */
void cli_libexec_needs(const char *name, struct sandbox *s);

#endif
