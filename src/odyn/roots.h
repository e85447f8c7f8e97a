/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roots.h - the roots that KMS's certificates lead to, in PEM
 */
#ifndef ODYN_ROOTS_H
#define ODYN_ROOTS_H

extern const char roots_pem[];

#endif
