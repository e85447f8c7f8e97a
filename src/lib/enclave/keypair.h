/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keypair.h - an RSA key pair of our own, and public keys of others
 *
 * What KMS encrypts to a key in an attestation document only the enclave can
 * read.  KMS wants RSA of 2048 bits or more, and the public key as a
 * SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) in DER.
 */
#ifndef ENC_KEYPAIR_H
#define ENC_KEYPAIR_H

#include <stddef.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "enclave/nsm.h"

#define KEYPAIR_BITS	 2048
#define KEYPAIR_PEM_MAX	 4096u	/* bytes of a public key in PEM */

struct keypair;

/* A new pair: takes a tenth of a second or so, and randomness that must have
 * come from the NSM by then.  ERR_SYS.  Caller frees, which wipes it. */
struct keypair *keypair_new(struct err *e) MUST_CHECK;
void keypair_free(struct keypair *k);

static inline void keypair_freep(struct keypair **k)
{
	keypair_free(*k);
}
#define AUTO_KEYPAIR AUTO(keypair_freep)

/* Appends the public half in DER: 294 bytes. */
void keypair_public(const struct keypair *k, struct buf *out);

/* Opens CMS EnvelopedData (RFC 5652 section 6) that was made for us: one
 * recipient by RSAES-OAEP with SHA-256 (RFC 4055 section 4.1), content by
 * AES-256-CBC, in DER or in BER with lengths of either kind.  *len bytes in
 * out, which the caller wipes.  ERR_REMOTE: larger than CMS_MAX or than
 * CMS_CONTENT_MAX, malformed, another algorithm; or that it cannot be opened,
 * with no word about why. */
#define CMS_MAX		16384u
#define CMS_CONTENT_MAX 8192u
int keypair_open_cms(const struct keypair *k, const void *cms, size_t cms_len,
		     uint8_t out[CMS_CONTENT_MAX], size_t *len, struct err *e)
	MUST_CHECK;

/* Appends to out, in DER, what the PEM text has between BEGIN PUBLIC KEY and
 * END PUBLIC KEY: a SubjectPublicKeyInfo of any algorithm, all of it, at most
 * NSM_PUBLIC_KEY_MAX bytes.  ERR_INPUT with a sentence. */
int public_key_from_pem(const char *pem, size_t len, struct buf *out,
			struct err *e) MUST_CHECK;

#endif
