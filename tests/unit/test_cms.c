/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_cms.c - key pairs, public keys, and what is encrypted to them
 */
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/xalloc.h"
#include "make_cms.h"
#include "tap.h"

static uint8_t content[CMS_CONTENT_MAX];

static void opens(const struct keypair *k, const struct buf *b,
		  const void *text, size_t len, const char *what)
{
	struct err e = { .msg = "" };
	size_t got = 0;

	ok(keypair_open_cms(k, b->data, b->len, content, &got, &e) == 0 &&
	   got == len && memcmp(content, text, len) == 0, what);
	same_str(e.msg, "", "no complaint");
}

static void refused(const struct keypair *k, const struct buf *b,
		    const char *why)
{
	struct err e = { .msg = "" };
	size_t got;

	ok(keypair_open_cms(k, b->data, b->len, content, &got, &e) < 0 &&
	   e.class == ERR_REMOTE, "refused");
	same_str(e.msg, why, "and why");
	ok(ERR_peek_error() == 0, "OpenSSL's errors do not stay behind");
}

#define NO_KEY "CiphertextForRecipient cannot be decrypted"
#define NO_CMS "CiphertextForRecipient is not CMS (RFC 5652)"
#define NO_OAEP "CiphertextForRecipient is not EnvelopedData for one " \
	"recipient by RSAES-OAEP with SHA-256"
#define NO_AES "CiphertextForRecipient is not encrypted by AES-256-CBC"
#define TOO_LARGE "CiphertextForRecipient is too large"

static void test_good(const struct keypair *k, struct buf *b)
{
	static uint8_t large[CMS_CONTENT_MAX];

	for (int indefinite = 0; indefinite < 2; indefinite++) {
		struct how how = how_kms_does(indefinite);

		cms_make(k, &how, "secret", 6, b);
		ok(((uint8_t)b->data[1] == 0x80) == indefinite,
		   "a length of that kind");
		opens(k, b, "secret", 6, "a secret");
		cms_make(k, &how, "", 0, b);
		opens(k, b, "", 0, "nothing at all");
		memset(large, 7, sizeof(large));
		cms_make(k, &how, large, sizeof(large), b);
		opens(k, b, large, sizeof(large), "the largest content");
	}
}

static void test_bad(const struct keypair *k, struct buf *b)
{
	static uint8_t large[CMS_MAX];
	AUTO_KEYPAIR struct keypair *other = NULL;
	struct how how = how_kms_does(true);
	size_t whole;
	struct err e;

	other = keypair_new(&e);
	cms_make(k, &how, "secret", 6, b);
	refused(other, b, NO_KEY);
	whole = b->len;
	for (b->len = 0; b->len < whole; b->len += 7)
		refused(k, b, NO_CMS);
	b->len = whole;
	buf_addc(b, '\0');
	refused(k, b, NO_CMS);
	cms_make(k, &how, large, CMS_CONTENT_MAX + 1, b);
	refused(k, b, TOO_LARGE);
	cms_make(k, &how, large, sizeof(large), b);
	refused(k, b, TOO_LARGE);

	how.recipients = 2;
	cms_make(k, &how, "secret", 6, b);
	refused(k, b, NO_OAEP);
	how = how_kms_does(true);
	how.hash = EVP_sha1();
	cms_make(k, &how, "secret", 6, b);
	refused(k, b, NO_OAEP);
	how = how_kms_does(false);
	how.mask = EVP_sha384();
	cms_make(k, &how, "secret", 6, b);
	refused(k, b, NO_OAEP);
	how.hash = NULL;
	cms_make(k, &how, "secret", 6, b);
	refused(k, b, NO_OAEP);
	how = how_kms_does(false);
	how.cipher = EVP_aes_128_cbc();
	cms_make(k, &how, "secret", 6, b);
	refused(k, b, NO_AES);

	/* The end is: the IV's 16 bytes, tag, length, one block of content;
	 * so it is the padding's last byte that changes. */
	how = how_kms_does(false);
	cms_make(k, &how, "secret", 6, b);
	b->data[b->len - 19] ^= 1;
	refused(k, b, NO_KEY);
}

static void test_signed_data(const struct keypair *k, struct buf *b)
{
	BIO *in = BIO_new_mem_buf("x", 1), *bio = BIO_new(BIO_s_mem());
	CMS_ContentInfo *cms = CMS_data_create(in, CMS_BINARY);
	char *data;

	i2d_CMS_bio(bio, cms);
	b->len = 0;
	buf_add(b, (BIO_get_mem_data(bio, &data), data),
		(size_t)BIO_get_mem_data(bio, &data));
	refused(k, b, NO_OAEP);
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	BIO_free(bio);
}

static char *pem_of(const void *der, size_t der_len)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data, *text;
	long len;

	PEM_write_bio(bio, "PUBLIC KEY", "", der, (long)der_len);
	len = BIO_get_mem_data(bio, &data);
	text = xstrndup(data, (size_t)len);
	BIO_free(bio);
	return text;
}

/* Of an algorithm that nobody knows, with a key of that many bytes. */
static char *unknown_pem(int size)
{
	X509_PUBKEY *key = X509_PUBKEY_new();
	unsigned char *der = NULL;
	char *pem;
	int len;

	X509_PUBKEY_set0_param(key, OBJ_txt2obj("1.2.3.4", 1), V_ASN1_UNDEF,
			       NULL, OPENSSL_zalloc((size_t)size), size);
	len = i2d_X509_PUBKEY(key, &der);
	pem = pem_of(der, (size_t)len);
	OPENSSL_free(der);
	X509_PUBKEY_free(key);
	return pem;
}

static void pem_refused(const char *pem, const char *why)
{
	AUTO_BUF struct buf out = BUF_INIT(NSM_PUBLIC_KEY_MAX);
	struct err e = { .msg = "" };

	ok(public_key_from_pem(pem, strlen(pem), &out, &e) < 0 &&
	   e.class == ERR_INPUT && out.len == 0, why);
	same_str(e.msg, why, "the sentence");
}

static void test_pem(const struct keypair *k)
{
	AUTO_BUF struct buf want = BUF_INIT(1024), got = BUF_INIT(1024);
	AUTO_FREE char *pem = NULL, *largest = NULL, *large = NULL;
	AUTO_FREE char *longer = NULL;
	struct err e = { .msg = "" };

	keypair_public(k, &want);
	ok(want.len == 294, "the public half");
	pem = pem_of(want.data, want.len);
	largest = unknown_pem(1024 - 16);
	large = unknown_pem(1025 - 16);
	ok(public_key_from_pem(pem, strlen(pem), &got, &e) == 0 &&
	   got.len == want.len && memcmp(got.data, want.data, got.len) == 0,
	   "the same by its PEM");
	got.len = 0;
	ok(public_key_from_pem(largest, strlen(largest), &got, &e) == 0 &&
	   got.len == 1024, "the largest, of an unknown algorithm");

	pem_refused("", "the public key is not PEM (-----BEGIN PUBLIC "
		    "KEY-----)");
	pem_refused("-----BEGIN PUBLIC KEY-----\nA\n-----END PUBLIC KEY-----\n",
		    "the public key is not PEM (-----BEGIN PUBLIC KEY-----)");
#define NO_SPKI "the public key is not a SubjectPublicKeyInfo (RFC 5280 " \
	"section 4.1.2.7)"
	pem_refused("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"
		    "\n", NO_SPKI);
	pem_refused("-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC "
		    "KEY-----\n", "the PEM holds a 'RSA PUBLIC KEY', not a "
		    "'PUBLIC KEY': convert it with openssl pkey -pubout");
	pem_refused("-----BEGIN PUBLIC KEY-----\nProc-Type: 4,ENCRYPTED\n\n"
		    "AAAA\n-----END PUBLIC KEY-----\n", NO_SPKI);
	pem_refused(large, "the public key has 1025 bytes, and an attestation "
		    "document takes 1024");
	longer = xmalloc(KEYPAIR_PEM_MAX + 2);
	memset(longer, 'a', KEYPAIR_PEM_MAX + 1);
	longer[KEYPAIR_PEM_MAX + 1] = '\0';
	pem_refused(longer, "the public key is longer than 4096 characters of "
		    "PEM");
}

int main(void)
{
	AUTO_BUF struct buf b = BUF_INIT(4 * CMS_MAX);
	AUTO_KEYPAIR struct keypair *k = NULL;
	struct err e = { .msg = "" };

	k = keypair_new(&e);
	ok(k != NULL, "a key pair");
	test_good(k, &b);
	test_bad(k, &b);
	test_signed_data(k, &b);
	test_pem(k);
	return tap_done();
}
