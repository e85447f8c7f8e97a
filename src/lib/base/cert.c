/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cert.c - X.509 certificates
 *
 * They come from EIFs and attestation documents too, so they are hostile here.
 */
#include "base/cert.h"

#include <fcntl.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/xalloc.h"

/* Without this OpenSSL asks the terminal for a password when a hostile PEM
 * says that it is encrypted. */
static int no_password(char *out UNUSED, int size UNUSED, int writing UNUSED,
		       void *ctx UNUSED)
{
	return -1;
}

X509 *cert_from_pem(const void *pem, size_t len)
{
	/* An empty file has no buffer, which OpenSSL takes for a fault. */
	BIO *bio = BIO_new_mem_buf(pem ? pem : "", (int)len);
	X509 *cert;

	if (!bio)
		oom();
	cert = PEM_read_bio_X509(bio, NULL, no_password, NULL);
	BIO_free(bio);
	ERR_clear_error();
	return cert;
}

X509 *cert_from_der(const void *der, size_t len)
{
	const unsigned char *at = der;
	X509 *cert = d2i_X509(NULL, &at, (long)len);

	if (cert && (size_t)(at - (const unsigned char *)der) != len) {
		X509_free(cert);
		cert = NULL;
	}
	ERR_clear_error();
	return cert;
}

X509 *cert_from_file(const char *path, struct buf *pem, struct err *e)
{
	X509 *cert;

	if (buf_read_file(pem, AT_FDCWD, path, e) < 0)
		return NULL;
	cert = cert_from_pem(pem->data, pem->len);
	if (!cert)
		err_set(e, ERR_INPUT,
			"'%s' is not a certificate in PEM (-----BEGIN CERTIFICATE-----)",
			path);
	return cert;
}

/* Names are cut at the size of out; what is not printable ASCII is escaped. */
static int name_text(const X509_NAME *name, char out[CERT_NAME_MAX])
{
	BIO *bio = BIO_new(BIO_s_mem());
	int n;

	if (!bio)
		oom();
	n = X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253);
	if (n >= 0) {
		n = BIO_read(bio, out, CERT_NAME_MAX - 1);
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

int cert_describe(X509 *cert, struct cert *about)
{
	uint8_t *der = NULL;
	int len;

	if (name_text(X509_get_subject_name(cert), about->subject) < 0 ||
	    name_text(X509_get_issuer_name(cert), about->issuer) < 0 ||
	    seconds(X509_get0_notBefore(cert), &about->not_before) < 0 ||
	    seconds(X509_get0_notAfter(cert), &about->not_after) < 0)
		return -1;
	len = i2d_X509(cert, &der);
	if (len < 0)
		return -1;
	sha256_hex(der, (size_t)len, about->sha256);
	OPENSSL_free(der);
	return 0;
}
