/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify.c - the signature of an EIF: checking one
 *
 * The section is hostile: bounded reader, fixed buffers.
 */
#include "eif/sign.h"

#include <string.h>

#include "base/cbor.h"
#include "base/cose.h"
#include "base/xalloc.h"
#include "eif/eif.h"
#include "eif/sign_parts.h"

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

static void judge(EVP_PKEY *key, const struct cose *cose,
		  const uint8_t pcr0[SHA384_LEN], struct signature *sig)
{
	AUTO_BUF struct buf payload = BUF_INIT(256);
	const char *fault = cose_fault(cose, key);

	sign_payload(pcr0, &payload);
	if (!fault && (cose->payload_len != payload.len ||
		       memcmp(cose->payload, payload.data, payload.len) != 0))
		fault = "it signs another PCR0";
	sig->valid = !fault;
	snprintf(sig->fault, sizeof(sig->fault), "%s", fault ? fault : "");
}

int signature_read(const void *data, size_t len,
		   const uint8_t pcr0[SHA384_LEN], struct signature *sig,
		   struct err *e)
{
	AUTO_FREE uint8_t *pem = xmalloc(EIF_SIGNATURE_MAX);
	AUTO_FREE uint8_t *sign1 = xmalloc(EIF_SIGNATURE_MAX);
	AUTO_X509 X509 *cert = NULL;
	struct cbor c = cbor_from(data, len);
	size_t pem_len, sign1_len;
	struct cose cose;

	memset(sig, 0, sizeof(*sig));
	if (len > EIF_SIGNATURE_MAX ||
	    read_section(&c, pem, &pem_len, sign1, &sign1_len) < 0)
		return err_set(e, ERR_INPUT,
			       "signature section: not an array of {signing_certificate, signature} in CBOR");
	if (cose_read(sign1, sign1_len, &cose) < 0)
		return err_set(e, ERR_INPUT,
			       "signature section: not a COSE_Sign1 (RFC 9052 section 4.2)");
	cert = cert_from_pem(pem, pem_len);
	if (!cert)
		return err_set(e, ERR_INPUT,
			       "signature section: no certificate in PEM");
	if (sign_describe(cert, sig) < 0)
		return err_set(e, ERR_INPUT,
			       "signature section: the certificate's key is not on P-256, P-384 or P-521");
	judge(X509_get0_pubkey(cert), &cose, pcr0, sig);
	return 0;
}

int signature_in_date(const struct signature *sig, int64_t now,
		      const char *what, struct err *e)
{
	char when[CLOCK_TEXT];

	if (now > sig->cert.not_after) {
		clock_format(sig->cert.not_after, when);
		return err_set(e, ERR_VERIFY,
			       "certificate '%s' expired on %s: an enclave signed with it does not start; renew it",
			       what, when);
	}
	if (now < sig->cert.not_before) {
		clock_format(sig->cert.not_before, when);
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
