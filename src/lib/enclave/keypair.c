/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keypair.c - an RSA key pair of our own, and public keys of others
 */
#include "enclave/keypair.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/xalloc.h"
#include "enclave/keypair_parts.h"

struct keypair *keypair_new(struct err *e)
{
	EVP_PKEY *pkey = EVP_RSA_gen(KEYPAIR_BITS);
	struct keypair *k;

	if (!pkey) {
		ERR_clear_error();
		err_set(e, ERR_SYS, "OpenSSL cannot make an RSA key pair");
		return NULL;
	}
	k = xcalloc(1, sizeof(*k));
	k->pkey = pkey;
	return k;
}

void keypair_free(struct keypair *k)
{
	if (!k)
		return;
	EVP_PKEY_free(k->pkey);		/* wipes the private numbers */
	free(k);
}

void keypair_public(const struct keypair *k, struct buf *out)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(k->pkey, &der);

	if (len <= 0)
		oom();		/* an RSA key of ours: nothing else can fail */
	buf_add(out, der, (size_t)len);
	OPENSSL_free(der);
}

/* What PEM_read_bio() found. */
struct pem {
	char *label, *header;
	unsigned char *data;
	long len;
};

static void release_pem(struct pem *p)
{
	OPENSSL_free(p->label);
	OPENSSL_free(p->header);
	OPENSSL_free(p->data);
}

static int read_pem(const char *text, size_t len, struct pem *p)
{
	BIO *bio = BIO_new_mem_buf(text, (int)len);
	int ret;

	if (!bio)
		oom();
	ret = PEM_read_bio(bio, &p->label, &p->header, &p->data, &p->len);
	BIO_free(bio);
	ERR_clear_error();
	return ret == 1 ? 0 : -1;
}

/* One SubjectPublicKeyInfo and nothing behind it; its algorithm may be one
 * that OpenSSL has never heard of. */
static bool is_public_key(const unsigned char *der, long len)
{
	const unsigned char *at = der;
	X509_PUBKEY *key = d2i_X509_PUBKEY(NULL, &at, len);
	bool whole = key && at == der + len;

	X509_PUBKEY_free(key);
	ERR_clear_error();
	return whole;
}

int public_key_from_pem(const char *text, size_t len, struct buf *out,
			struct err *e)
{
	AUTO(release_pem) struct pem p = { 0 };

	if (len > KEYPAIR_PEM_MAX)
		return err_set(e, ERR_INPUT,
			       "the public key is longer than %u characters of PEM",
			       KEYPAIR_PEM_MAX);
	if (read_pem(text, len, &p) < 0)
		return err_set(e, ERR_INPUT,
			       "the public key is not PEM (-----BEGIN PUBLIC KEY-----)");
	if (strcmp(p.label, "PUBLIC KEY") != 0)
		return err_set(e, ERR_INPUT,
			       "the PEM holds a '%.40s', not a 'PUBLIC KEY': convert it with openssl pkey -pubout",
			       p.label);
	if (*p.header || !is_public_key(p.data, p.len))
		return err_set(e, ERR_INPUT,
			       "the public key is not a SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7)");
	if ((size_t)p.len > NSM_PUBLIC_KEY_MAX)
		return err_set(e, ERR_INPUT,
			       "the public key has %ld bytes, and an attestation document takes %u",
			       p.len, NSM_PUBLIC_KEY_MAX);
	buf_add(out, p.data, (size_t)p.len);
	return 0;
}
