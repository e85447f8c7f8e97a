/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ps.h - the enclaves of this host that enc-run started
 */
#ifndef RUN_PS_H
#define RUN_PS_H

#include <stdbool.h>

#include "base/err.h"

/* Prints them, of this user: a table, or JSON. */
int ps(bool json, struct err *e) MUST_CHECK;

#endif
