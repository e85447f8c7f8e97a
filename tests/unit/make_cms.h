/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_cms.h - CMS EnvelopedData as KMS makes it, and otherwise
 */
#ifndef ENC_MAKE_CMS_H
#define ENC_MAKE_CMS_H

#include <openssl/cms.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "enclave/keypair.h"

/* How a message is made. */
struct how {
	const EVP_CIPHER *cipher;
	const EVP_MD *hash, *mask;	/* NULL: PKCS#1 v1.5 */
	bool indefinite;
	int recipients;
};

UNUSED static struct how how_kms_does(bool indefinite)
{
	return (struct how){ EVP_aes_256_cbc(), EVP_sha256(), EVP_sha256(),
			     indefinite, 1 };
}

static EVP_PKEY *public_of(const struct keypair *k)
{
	AUTO_BUF struct buf der = BUF_INIT(1024);
	const unsigned char *at;

	keypair_public(k, &der);
	at = (unsigned char *)der.data;
	return d2i_PUBKEY(NULL, &at, (long)der.len);
}

/* CMS wants a certificate to name a recipient by, signed or not; what KMS
 * writes there is of no interest to who has the key. */
static X509 *certificate_for(EVP_PKEY *pub)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);

	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				   (const unsigned char *)"x", -1, -1, 0);
	X509_set_issuer_name(x, name);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 1000);
	X509_set_pubkey(x, pub);
	return x;
}

static void add_recipient(CMS_ContentInfo *cms, X509 *cert,
			  const struct how *how)
{
	CMS_RecipientInfo *ri = CMS_add1_recipient_cert(cms, cert,
							CMS_KEY_PARAM);
	EVP_PKEY_CTX *ctx = CMS_RecipientInfo_get0_pkey_ctx(ri);

	if (!how->hash)
		return;
	EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING);
	EVP_PKEY_CTX_set_rsa_oaep_md(ctx, how->hash);
	EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, how->mask);
}

UNUSED static void cms_make(const struct keypair *k, const struct how *how,
		     const void *text, size_t len, struct buf *out)
{
	unsigned flags = CMS_PARTIAL | CMS_BINARY |
			 (how->indefinite ? CMS_STREAM : 0);
	BIO *in = BIO_new_mem_buf(text, (int)len), *bio = BIO_new(BIO_s_mem());
	EVP_PKEY *pub = public_of(k);
	X509 *cert = certificate_for(pub);
	CMS_ContentInfo *cms = CMS_encrypt(NULL, in, how->cipher, flags);
	char *data;

	for (int i = 0; i < how->recipients; i++)
		add_recipient(cms, cert, how);
	if (how->indefinite) {
		i2d_CMS_bio_stream(bio, cms, in, (int)flags);
	} else {
		CMS_final(cms, in, NULL, flags);
		i2d_CMS_bio(bio, cms);
	}
	out->len = 0;
	buf_add(out, "", 0);
	buf_add(out, (BIO_get_mem_data(bio, &data), data),
		(size_t)BIO_get_mem_data(bio, &data));
	CMS_ContentInfo_free(cms);
	X509_free(cert);
	EVP_PKEY_free(pub);
	BIO_free(in);
	BIO_free(bio);
}

#endif
