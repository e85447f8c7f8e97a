/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cert.h - X.509 certificates (RFC 5280): reading them, and what they say
 */
#ifndef ENC_CERT_H
#define ENC_CERT_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/err.h"

#define CERT_NAME_MAX 512	/* bytes of a name's text */
#define CERT_PEM_MAX  12288	/* two bytes each in a signature section */

struct cert {
	char	subject[CERT_NAME_MAX];		/* RFC 2253 text, printable */
	char	issuer[CERT_NAME_MAX];
	int64_t not_before, not_after;		/* seconds since 1970 */
	char	sha256[SHA256_HEX];		/* of the DER */
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

/* The first certificate of a PEM text, or the one that the DER is and no more:
 * new reference, or NULL.  Both may be hostile. */
X509 *cert_from_pem(const void *pem, size_t len);
X509 *cert_from_der(const void *der, size_t len);

/* The first certificate of a PEM file, whose text is appended to pem, which
 * has room for CERT_PEM_MAX: new reference. */
X509 *cert_from_file(const char *path, struct buf *pem, struct err *e)
	MUST_CHECK;

/* What it says.  -1 when it is damaged. */
int cert_describe(X509 *cert, struct cert *about) MUST_CHECK;

#endif
