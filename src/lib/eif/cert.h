/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cert.h - certificates and their curves, for sign.c and verify.c alone
 */
#ifndef ENC_EIF_CERT_H
#define ENC_EIF_CERT_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "eif/sign.h"

/* RFC 9053 section 2.1; AWS pairs each curve with the hash of its strength. */
struct curve {
	const char *group;	/* OpenSSL's name */
	const char *algorithm;
	int	    cose;	/* COSE algorithm */
	size_t	    width;	/* bytes of r and of s */
	const char *hash;
};

static inline void x509_freep(X509 **x)
{
	X509_free(*x);
}
#define AUTO_X509 AUTO(x509_freep)

static inline void pkey_freep(EVP_PKEY **k)
{
	EVP_PKEY_free(*k);
}
#define AUTO_PKEY AUTO(pkey_freep)

static inline void mdctx_freep(EVP_MD_CTX **c)
{
	EVP_MD_CTX_free(*c);
}
#define AUTO_MDCTX AUTO(mdctx_freep)

/* The first certificate of a PEM text: new reference, or NULL. */
X509 *cert_from_pem(const void *pem, size_t len);

/* The key's curve, or NULL when it is none of the three. */
const struct curve *curve_of(const EVP_PKEY *key);

/* Fills subject, issuer, dates, sha256, pcr8 and algorithm.  -1 when the
 * certificate is damaged or its curve is none of ours. */
int cert_describe(X509 *cert, struct signature *sig) MUST_CHECK;

/* The COSE_Sign1 payload for PCR0, and what is signed for a payload
 * (Sig_structure, RFC 9052 section 4.4). */
void sign_payload(const uint8_t pcr0[SHA384_LEN], struct buf *out);
void sign_structure(const void *protect, size_t protect_len,
		    const void *payload, size_t payload_len, struct buf *out);

#define SIGN_STRUCTURE_MAX 4096
#define SIGN_WIDTH_MAX	   66		/* P-521 */

#endif
