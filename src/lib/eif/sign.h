/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign.h - the signature of an EIF: making it, and checking one
 *
 * contract.md section 1: a CBOR array of maps that hold the certificate's PEM
 * and a COSE_Sign1 (RFC 9052 section 4.2) over PCR0.  PCR8 is the measurement
 * of the certificate.  Keys on P-256, P-384 and P-521.
 */
#ifndef ENC_EIF_SIGN_H
#define ENC_EIF_SIGN_H

#include "base/buf.h"
#include "base/cert.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/err.h"

#define SIGN_KEY_MAX  65536

struct signer;

/* Certificate and key from PEM files.  All that can be wrong with them is
 * found here, before anything is written: not PEM, a key that needs a
 * password, another curve (ERR_INPUT); not valid now, or a key that is not
 * the certificate's (ERR_VERIFY).  Caller frees with signer_free(). */
struct signer *signer_open(const char *cert, const char *key, struct err *e)
	MUST_CHECK;
void signer_free(struct signer *s);

static inline void signer_freep(struct signer **s)
{
	signer_free(*s);
}
#define AUTO_SIGNER AUTO(signer_freep)

/* Appends the signature section's bytes to out.  The same bytes each time
 * where OpenSSL has deterministic nonces (RFC 6979; 3.2 and later). */
int signer_section(struct signer *s, const uint8_t pcr0[SHA384_LEN],
		   struct buf *out, struct err *e) MUST_CHECK;
void signer_pcr8(const struct signer *s, uint8_t pcr8[SHA384_LEN]);

/* SHA-256 of the certificate in DER, lower-case hex: what the annotation
 * io.enclaver.signature.certificate has after "sha256:". */
const char *signer_cert_sha256(const struct signer *s);
/* The same of a certificate file, without its key; dates are not looked at. */
int cert_file_sha256(const char *cert, char hex[SHA256_HEX], struct err *e)
	MUST_CHECK;

struct signature {
	char	algorithm[8];			/* "ES384" */
	struct cert cert;
	uint8_t pcr8[SHA384_LEN];
	bool	valid;
	char	fault[128];			/* why not, when not valid */
};

/* Reads the bytes of a signature section and verifies it against PCR0.
 * Whether it is valid is in sig; that does not depend on the clock, see
 * signature_in_date().  ERR_INPUT when it cannot be read as one. */
int signature_read(const void *data, size_t len,
		   const uint8_t pcr0[SHA384_LEN], struct signature *sig,
		   struct err *e) MUST_CHECK;

/* ERR_VERIFY when the certificate is not valid at that time; what names it. */
int signature_in_date(const struct signature *sig, int64_t now,
		      const char *what, struct err *e) MUST_CHECK;

/* Does an EIF signed by the certificate with that SHA-256 (NULL: not signed)
 * meet what an image's annotation io.enclaver.signature.certificate demands?
 * NULL demands nothing.  ERR_VERIFY with what to do when it does not. */
int signature_demanded(const char *annotation, const char *sha256,
		       struct err *e) MUST_CHECK;

#endif
