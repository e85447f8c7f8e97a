/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cose.h - COSE_Sign1 (RFC 9052 section 4.2), as Nitro has it
 *
 * The signature of an EIF and an attestation document: an untagged array of
 * the protected header, an empty unprotected one, the payload and an ECDSA
 * signature (RFC 9053 section 2.1).
 */
#ifndef ENC_COSE_H
#define ENC_COSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#include "base/buf.h"
#include "base/compiler.h"

#define COSE_WIDTH_MAX 66	/* P-521 */

/* AWS pairs each curve with the hash of its strength. */
struct curve {
	const char *group;	/* OpenSSL's name */
	const char *algorithm;	/* "ES384" */
	int	    cose;	/* COSE algorithm */
	size_t	    width;	/* bytes of r and of s */
	const char *hash;
};

/* The key's curve, or NULL when it is not P-256, P-384 or P-521. */
const struct curve *curve_of(const EVP_PKEY *key);

struct cose {			/* borrowed from the bytes that were read */
	const uint8_t *protect, *payload, *signature;
	size_t	       protect_len, payload_len, signature_len;
	int64_t	       algorithm;
};

/* Takes hostile bytes apart: 0, or -1 when they are no COSE_Sign1, when the
 * unprotected header is not empty (nothing unsigned is let in), when the
 * protected one holds more than the algorithm, or when something follows. */
int cose_read(const void *data, size_t len, struct cose *c) MUST_CHECK;

/* Appends what is signed (Sig_structure, RFC 9052 section 4.4). */
void cose_structure(const void *protect, size_t protect_len,
		    const void *payload, size_t payload_len, struct buf *out);

/* NULL when the key has made the signature with the algorithm of its curve;
 * otherwise a clause that says why not, for after "the signature is wrong: ". */
const char *cose_fault(const struct cose *c, EVP_PKEY *key);

#endif
