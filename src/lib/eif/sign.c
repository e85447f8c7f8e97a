/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign.c - the signature of an EIF: making it
 *
 * Certificate and key are the user's own and trusted, if not to be right.
 */
#include "eif/sign.h"

#include <fcntl.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/cbor.h"
#include "base/cose.h"
#include "base/xalloc.h"
#include "eif/sign_parts.h"

struct signer {
	struct buf	    pem;	/* the certificate file, as it is */
	X509		   *cert;
	EVP_PKEY	   *key;
	const struct curve *curve;
	struct signature    about;	/* the certificate; not a signature */
};

void signer_free(struct signer *s)
{
	if (!s)
		return;
	buf_release(&s->pem);
	X509_free(s->cert);
	EVP_PKEY_free(s->key);
	free(s);
}

/* PEM_read_bio_PrivateKey asks for a password here: there is none to give. */
static int no_password(char *out UNUSED, int size UNUSED, int writing UNUSED,
		       void *asked)
{
	*(bool *)asked = true;
	return -1;
}

static EVP_PKEY *read_key(const char *path, struct err *e)
{
	AUTO_BUF struct buf pem = BUF_INIT(SIGN_KEY_MAX);
	bool asked = false;
	EVP_PKEY *key;
	BIO *bio;

	if (buf_read_file(&pem, AT_FDCWD, path, e) < 0)
		return NULL;
	bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	if (!bio)
		oom();
	key = PEM_read_bio_PrivateKey(bio, NULL, no_password, &asked);
	BIO_free(bio);
	ERR_clear_error();
	if (pem.data)
		explicit_bzero(pem.data, pem.len);
	if (!key && asked)
		err_set(e, ERR_INPUT,
			"key '%s' is encrypted: write it without a password (openssl pkey -in KEY -out PLAIN)",
			path);
	else if (!key)
		err_set(e, ERR_INPUT, "'%s' is not a private key in PEM",
			path);
	return key;
}

/* A deep stack of OpenSSL errors says less than the two sentences here. */
static int check(struct signer *s, const char *cert, const char *key,
		 struct err *e)
{
	s->curve = curve_of(X509_get0_pubkey(s->cert));
	if (!s->curve)
		return err_set(e, ERR_INPUT,
			       "certificate '%s' has a key that cannot sign an EIF: it must be on P-256, P-384 or P-521",
			       cert);
	if (sign_describe(s->cert, &s->about) < 0)
		return err_set(e, ERR_INPUT, "certificate '%s' is damaged",
			       cert);
	if (X509_check_private_key(s->cert, s->key) != 1) {
		ERR_clear_error();
		return err_set(e, ERR_VERIFY,
			       "key '%s' is not the key of certificate '%s'",
			       key, cert);
	}
	return signature_in_date(&s->about, clock_now(), cert, e);
}

struct signer *signer_open(const char *cert, const char *key, struct err *e)
{
	AUTO_SIGNER struct signer *s = xcalloc(1, sizeof(*s));

	s->pem = (struct buf)BUF_INIT(CERT_PEM_MAX);
	s->cert = cert_from_file(cert, &s->pem, e);
	if (!s->cert)
		return NULL;
	s->key = read_key(key, e);
	if (!s->key || check(s, cert, key, e) < 0)
		return NULL;
	return steal_ptr(&s);
}

void signer_pcr8(const struct signer *s, uint8_t pcr8[SHA384_LEN])
{
	memcpy(pcr8, s->about.pcr8, SHA384_LEN);
}

const char *signer_cert_sha256(const struct signer *s)
{
	return s->about.cert.sha256;
}

int cert_file_sha256(const char *path, char hex[SHA256_HEX], struct err *e)
{
	AUTO_BUF struct buf pem = BUF_INIT(CERT_PEM_MAX);
	AUTO_X509 X509 *cert = cert_from_file(path, &pem, e);
	struct signature about;

	if (!cert)
		return -1;
	if (sign_describe(cert, &about) < 0)
		return err_set(e, ERR_INPUT,
			       "certificate '%s' has a key that cannot sign an EIF: it must be on P-256, P-384 or P-521",
			       path);
	memcpy(hex, about.cert.sha256, SHA256_HEX);
	return 0;
}

/* Random nonces where OpenSSL is older than 3.2. */
static int want_fixed_nonce(EVP_PKEY_CTX *ctx)
{
#ifdef OSSL_SIGNATURE_PARAM_NONCE_TYPE
	unsigned int type = 1;		/* RFC 6979 */
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_uint(OSSL_SIGNATURE_PARAM_NONCE_TYPE,
					  &type),
		OSSL_PARAM_construct_end(),
	};

	return EVP_PKEY_CTX_set_params(ctx, params) == 1 ? 0 : -1;
#else
	(void)ctx;
	return 0;
#endif
}

/* OpenSSL makes DER; COSE wants r || s at fixed width (RFC 9053 2.1). */
static int der_to_raw(const uint8_t *der, size_t len, size_t width,
		      uint8_t *raw)
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
	int ok = sig &&
		 BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, (int)width) > 0 &&
		 BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + width,
			      (int)width) > 0;

	ECDSA_SIG_free(sig);
	return ok ? 0 : -1;
}

static int sign(struct signer *s, const void *data, size_t len,
		uint8_t raw[2 * COSE_WIDTH_MAX], struct err *e)
{
	AUTO_MDCTX EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key_ctx;
	uint8_t der[2 * COSE_WIDTH_MAX + 16];
	size_t der_len = sizeof(der);

	if (!ctx)
		oom();
	if (EVP_DigestSignInit_ex(ctx, &key_ctx, s->curve->hash, NULL, NULL,
				  s->key, NULL) != 1 ||
	    want_fixed_nonce(key_ctx) < 0 ||
	    EVP_DigestSign(ctx, der, &der_len, data, len) != 1 ||
	    der_to_raw(der, der_len, s->curve->width, raw) < 0) {
		ERR_clear_error();
		return err_set(e, ERR_SYS, "OpenSSL cannot sign with the key");
	}
	return 0;
}

static int cose_sign1(struct signer *s, const uint8_t pcr0[SHA384_LEN],
		      struct buf *out, struct err *e)
{
	AUTO_BUF struct buf protect = BUF_INIT(16);
	AUTO_BUF struct buf payload = BUF_INIT(256);
	AUTO_BUF struct buf tbs = BUF_INIT(SIGN_STRUCTURE_MAX);
	uint8_t raw[2 * COSE_WIDTH_MAX];

	cbor_put_map(&protect, 1);
	cbor_put_int(&protect, 1);		/* alg, RFC 9052 section 3.1 */
	cbor_put_int(&protect, s->curve->cose);
	sign_payload(pcr0, &payload);
	cose_structure(protect.data, protect.len, payload.data, payload.len,
		       &tbs);
	if (sign(s, tbs.data, tbs.len, raw, e) < 0)
		return -1;
	cbor_put_array(out, 4);
	cbor_put_bytes(out, protect.data, protect.len);
	cbor_put_map(out, 0);
	cbor_put_bytes(out, payload.data, payload.len);
	cbor_put_bytes(out, raw, 2 * s->curve->width);
	return 0;
}

int signer_section(struct signer *s, const uint8_t pcr0[SHA384_LEN],
		   struct buf *out, struct err *e)
{
	AUTO_BUF struct buf cose = BUF_INIT(SIGN_STRUCTURE_MAX);

	if (cose_sign1(s, pcr0, &cose, e) < 0)
		return -1;
	cbor_put_array(out, 1);
	cbor_put_map(out, 2);
	cbor_put_text(out, "signing_certificate");
	cbor_put_byte_array(out, s->pem.data, s->pem.len);
	cbor_put_text(out, "signature");
	cbor_put_byte_array(out, cose.data, cose.len);
	return 0;
}
