/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify.c - the signature of an EIF: checking one
 *
 * The section is hostile: bounded reader, fixed buffers.
 */
#include "eif/sign.h"

#include <string.h>

#include <openssl/ecdsa.h>
#include <openssl/err.h>

#include "base/cbor.h"
#include "base/xalloc.h"
#include "eif/cert.h"
#include "eif/eif.h"

struct parts {			/* of a COSE_Sign1 */
	const uint8_t *protect, *payload, *raw;
	size_t	       protect_len, payload_len, raw_len;
	int64_t	       algorithm;
};

static bool is_text(const char *text, size_t len, const char *want)
{
	return len == strlen(want) && memcmp(text, want, len) == 0;
}

/* The first element of the array: the only one that AWS looks at. */
static int read_section(struct cbor *c, uint8_t *pem, size_t *pem_len,
			uint8_t *cose, size_t *cose_len)
{
	size_t signatures, pairs, len;
	bool has_pem = false, has_cose = false;
	const char *key;

	if (cbor_get_array(c, &signatures) < 0 || signatures < 1 ||
	    cbor_get_map(c, &pairs) < 0)
		return -1;
	for (size_t i = 0; i < pairs; i++) {
		if (cbor_get_text(c, &key, &len) < 0)
			return -1;
		if (is_text(key, len, "signing_certificate") && !has_pem) {
			has_pem = true;
			if (cbor_get_byte_array(c, pem, EIF_SIGNATURE_MAX,
						pem_len) < 0)
				return -1;
		} else if (is_text(key, len, "signature") && !has_cose) {
			has_cose = true;
			if (cbor_get_byte_array(c, cose, EIF_SIGNATURE_MAX,
						cose_len) < 0)
				return -1;
		} else {
			return -1;
		}
	}
	for (size_t i = 1; i < signatures; i++)
		if (cbor_skip(c) < 0)
			return -1;
	return has_pem && has_cose && cbor_at_end(c) ? 0 : -1;
}

/* RFC 9052 sections 3 and 4.2; a tag is not expected. */
static int read_cose(const uint8_t *cose, size_t len, struct parts *p)
{
	struct cbor c = cbor_from(cose, len), header;
	size_t items, pairs;
	int64_t label;

	/* The unprotected header is empty: nothing unsigned is let in. */
	if (cbor_get_array(&c, &items) < 0 || items != 4 ||
	    cbor_get_bytes(&c, &p->protect, &p->protect_len) < 0 ||
	    cbor_get_map(&c, &pairs) < 0 || pairs != 0 ||
	    cbor_get_bytes(&c, &p->payload, &p->payload_len) < 0 ||
	    cbor_get_bytes(&c, &p->raw, &p->raw_len) < 0 || !cbor_at_end(&c))
		return -1;
	header = cbor_from(p->protect, p->protect_len);
	if (cbor_get_map(&header, &pairs) < 0 || pairs != 1 ||
	    cbor_get_int(&header, &label) < 0 || label != 1 ||
	    cbor_get_int(&header, &p->algorithm) < 0 || !cbor_at_end(&header))
		return -1;
	return 0;
}

/* r || s back to the DER that OpenSSL verifies: new, OPENSSL_free() it. */
static uint8_t *raw_to_der(const uint8_t *raw, size_t width, int *len)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw, (int)width, NULL);
	BIGNUM *s = BN_bin2bn(raw + width, (int)width, NULL);
	uint8_t *der = NULL;

	if (!sig || !r || !s || ECDSA_SIG_set0(sig, r, s) != 1)
		oom();
	*len = i2d_ECDSA_SIG(sig, &der);
	ECDSA_SIG_free(sig);
	return der;
}

static bool verifies(EVP_PKEY *key, const struct curve *curve,
		     const struct parts *p)
{
	AUTO_BUF struct buf tbs = BUF_INIT(2 * EIF_SIGNATURE_MAX);
	AUTO_MDCTX EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t *der;
	int len;
	bool good;

	if (!ctx)
		oom();
	sign_structure(p->protect, p->protect_len, p->payload, p->payload_len,
		       &tbs);
	der = raw_to_der(p->raw, curve->width, &len);
	good = len > 0 &&
	       EVP_DigestVerifyInit_ex(ctx, NULL, curve->hash, NULL, NULL, key,
				       NULL) == 1 &&
	       EVP_DigestVerify(ctx, der, (size_t)len, (uint8_t *)tbs.data,
				tbs.len) == 1;
	OPENSSL_free(der);
	ERR_clear_error();
	return good;
}

static void judge(EVP_PKEY *key, const struct parts *p,
		  const uint8_t pcr0[SHA384_LEN], struct signature *sig)
{
	AUTO_BUF struct buf payload = BUF_INIT(256);
	const struct curve *curve = curve_of(key);
	const char *fault = "";

	sign_payload(pcr0, &payload);
	if (!curve || p->algorithm != curve->cose)
		fault = "its algorithm is not that of the certificate's curve";
	else if (p->raw_len != 2 * curve->width || !verifies(key, curve, p))
		fault = "it was not made by the key of its certificate";
	else if (p->payload_len != payload.len ||
		 memcmp(p->payload, payload.data, payload.len) != 0)
		fault = "it signs another PCR0";
	sig->valid = *fault == '\0';
	snprintf(sig->fault, sizeof(sig->fault), "%s", fault);
}

int signature_read(const void *data, size_t len,
		   const uint8_t pcr0[SHA384_LEN], struct signature *sig,
		   struct err *e)
{
	AUTO_FREE uint8_t *pem = xmalloc(EIF_SIGNATURE_MAX);
	AUTO_FREE uint8_t *cose = xmalloc(EIF_SIGNATURE_MAX);
	AUTO_X509 X509 *cert = NULL;
	struct cbor c = cbor_from(data, len);
	size_t pem_len, cose_len;
	struct parts parts;

	memset(sig, 0, sizeof(*sig));
	if (len > EIF_SIGNATURE_MAX ||
	    read_section(&c, pem, &pem_len, cose, &cose_len) < 0)
		return err_set(e, ERR_INPUT,
			       "signature section: not an array of {signing_certificate, signature} in CBOR");
	if (read_cose(cose, cose_len, &parts) < 0)
		return err_set(e, ERR_INPUT,
			       "signature section: not a COSE_Sign1 (RFC 9052 section 4.2)");
	cert = cert_from_pem(pem, pem_len);
	if (!cert)
		return err_set(e, ERR_INPUT,
			       "signature section: no certificate in PEM");
	if (cert_describe(cert, sig) < 0)
		return err_set(e, ERR_INPUT,
			       "signature section: the certificate's key is not on P-256, P-384 or P-521");
	judge(X509_get0_pubkey(cert), &parts, pcr0, sig);
	return 0;
}

int signature_in_date(const struct signature *sig, int64_t now,
		      const char *what, struct err *e)
{
	char when[CLOCK_TEXT];

	if (now > sig->not_after) {
		clock_format(sig->not_after, when);
		return err_set(e, ERR_VERIFY,
			       "certificate '%s' expired on %s: an enclave signed with it does not start; renew it",
			       what, when);
	}
	if (now < sig->not_before) {
		clock_format(sig->not_before, when);
		return err_set(e, ERR_VERIFY,
			       "certificate '%s' is not valid before %s",
			       what, when);
	}
	return 0;
}

int signature_demanded(const char *annotation, const char *sha256,
		       struct err *e)
{
	const char *want;

	if (!annotation)
		return 0;
	if (!digest_is_sha256(annotation, &want))
		return err_set(e, ERR_INPUT,
			       "annotation io.enclaver.signature.certificate '%s' is not sha256:HEX",
			       annotation);
	if (!sha256)
		return err_set(e, ERR_VERIFY,
			       "the image asks for a signature: give enc-eif the manifest with -f, or --sign-cert and --sign-key");
	if (strcmp(want, sha256) != 0)
		return err_set(e, ERR_VERIFY,
			       "the image asks for a signature by certificate sha256:%s, not by sha256:%s",
			       want, sha256);
	return 0;
}
