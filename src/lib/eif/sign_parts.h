/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign_parts.h - what sign.c and verify.c share, and nobody else needs
 */
#ifndef ENC_EIF_SIGN_PARTS_H
#define ENC_EIF_SIGN_PARTS_H

#include "base/cert.h"
#include "eif/sign.h"

#define SIGN_STRUCTURE_MAX 4096

/* Fills algorithm, cert and pcr8.  -1 when the certificate is damaged or its
 * key is on none of our curves. */
int sign_describe(X509 *cert, struct signature *sig) MUST_CHECK;

/* The COSE_Sign1 payload for PCR0. */
void sign_payload(const uint8_t pcr0[SHA384_LEN], struct buf *out);

#endif
