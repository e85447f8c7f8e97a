/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loopback.h - the one network interface that an enclave has
 */
#ifndef ENC_LOOPBACK_H
#define ENC_LOOPBACK_H

#include "base/err.h"

/* Brings "lo" up, with the addresses that the kernel then gives it; nothing
 * happens when it is.  ERR_SYS. */
int loopback_up(struct err *e) MUST_CHECK;

#endif
