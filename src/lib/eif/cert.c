/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cert.c - certificates and their curves
 *
 * Certificates come from EIFs too, so they are hostile here.
 */
#include "eif/cert.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/cbor.h"
#include "base/xalloc.h"
#include "eif/measure.h"

static const struct curve curves[] = {
	{ "prime256v1", "ES256", -7, 32, "SHA256" },
	{ "secp384r1", "ES384", -35, 48, "SHA384" },
	{ "secp521r1", "ES512", -36, 66, "SHA512" },
};

/* Without this OpenSSL asks the terminal for a password when a hostile PEM
 * says that it is encrypted. */
static int no_password(char *out UNUSED, int size UNUSED, int writing UNUSED,
		       void *ctx UNUSED)
{
	return -1;
}

X509 *cert_from_pem(const void *pem, size_t len)
{
	BIO *bio = BIO_new_mem_buf(pem, (int)len);
	X509 *cert;

	if (!bio)
		oom();
	cert = PEM_read_bio_X509(bio, NULL, no_password, NULL);
	BIO_free(bio);
	ERR_clear_error();
	return cert;
}

const struct curve *curve_of(const EVP_PKEY *key)
{
	char name[64];

	if (!key || !EVP_PKEY_is_a(key, "EC") ||
	    EVP_PKEY_get_group_name(key, name, sizeof(name), NULL) != 1)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(curves); i++)
		if (strcmp(curves[i].group, name) == 0)
			return &curves[i];
	return NULL;
}

/* Names are cut at the size of out; what is not printable ASCII is escaped. */
static int name_text(const X509_NAME *name, char out[SIGN_NAME_MAX])
{
	BIO *bio = BIO_new(BIO_s_mem());
	int n;

	if (!bio)
		oom();
	n = X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253);
	if (n >= 0) {
		n = BIO_read(bio, out, SIGN_NAME_MAX - 1);
		out[n > 0 ? n : 0] = '\0';
		n = 0;
	}
	BIO_free(bio);
	return n < 0 ? -1 : 0;
}

static int seconds(const ASN1_TIME *time, int64_t *out)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(time, &tm) != 1)
		return -1;
	*out = timegm(&tm);
	return 0;
}

int cert_describe(X509 *cert, struct signature *sig)
{
	const struct curve *curve = curve_of(X509_get0_pubkey(cert));
	uint8_t digest[SHA384_LEN];
	uint8_t *der = NULL;
	int len;

	if (!curve)
		return -1;
	snprintf(sig->algorithm, sizeof(sig->algorithm), "%s",
		 curve->algorithm);
	if (name_text(X509_get_subject_name(cert), sig->subject) < 0 ||
	    name_text(X509_get_issuer_name(cert), sig->issuer) < 0 ||
	    seconds(X509_get0_notBefore(cert), &sig->not_before) < 0 ||
	    seconds(X509_get0_notAfter(cert), &sig->not_after) < 0)
		return -1;
	len = i2d_X509(cert, &der);
	if (len < 0)
		return -1;
	sha256_hex(der, (size_t)len, sig->sha256);
	sha384(der, (size_t)len, digest);
	measure_extend(digest, sig->pcr8);
	OPENSSL_free(der);
	return 0;
}

void sign_payload(const uint8_t pcr0[SHA384_LEN], struct buf *out)
{
	cbor_put_map(out, 2);
	cbor_put_text(out, "register_index");
	cbor_put_int(out, 0);
	cbor_put_text(out, "register_value");
	cbor_put_byte_array(out, pcr0, SHA384_LEN);
}

void sign_structure(const void *protect, size_t protect_len,
		    const void *payload, size_t payload_len, struct buf *out)
{
	cbor_put_array(out, 4);
	cbor_put_text(out, "Signature1");
	cbor_put_bytes(out, protect, protect_len);
	cbor_put_bytes(out, "", 0);
	cbor_put_bytes(out, payload, payload_len);
}
