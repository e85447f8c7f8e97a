/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sign.c - signatures: made, verified, refused
 *
 * Keys and certificates are made here, because they are valid for a time.
 * That the signatures are what AWS's tools expect is shown by tests/oracle.
 */
#include <fcntl.h>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/xalloc.h"
#include "eif/eif.h"
#include "eif/sign.h"

#include "tap.h"

#define DAY 86400L

struct pem {			/* a nameless file */
	int  fd;
	char path[64];
};

static void pem_open(struct pem *p, BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);

	p->fd = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (p->fd < 0 || io_write(p->fd, data, (size_t)len) < 0)
		exit(1);
	snprintf(p->path, sizeof(p->path), "/proc/self/fd/%d", p->fd);
	BIO_free(bio);
}

static EVP_PKEY *make_key(const char *group)
{
	return group ? EVP_EC_gen(group) : EVP_RSA_gen(2048);
}

static void write_key(struct pem *p, EVP_PKEY *key, const char *password)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PrivateKey(bio, key,
				 password ? EVP_aes_128_cbc() : NULL,
				 (const unsigned char *)password,
				 password ? (int)strlen(password) : 0, NULL,
				 NULL);
	pem_open(p, bio);
}

/* Valid from now + from to now + until, seconds. */
static X509 *make_cert(EVP_PKEY *key, long from, long until)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 7);
	X509_gmtime_adj(X509_getm_notBefore(x), from);
	X509_gmtime_adj(X509_getm_notAfter(x), until);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				   (const unsigned char *)"a\033b", -1, -1, 0);
	X509_set_issuer_name(x, name);
	X509_set_pubkey(x, key);
	X509_sign(x, key, EVP_sha256());
	return x;
}

static void write_cert(struct pem *p, X509 *cert)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(bio, cert);
	pem_open(p, bio);
}

static void make_pair(const char *group, long from, long until,
		      struct pem *cert, struct pem *key)
{
	EVP_PKEY *k = make_key(group);
	X509 *x = make_cert(k, from, until);

	write_key(key, k, NULL);
	write_cert(cert, x);
	X509_free(x);
	EVP_PKEY_free(k);
}

static void test_curve(const char *group, const char *algorithm)
{
	AUTO_SIGNER struct signer *s = NULL;
	AUTO_BUF struct buf b = BUF_INIT(EIF_SIGNATURE_MAX);
	uint8_t pcr0[SHA384_LEN] = { 1, 2, 200 }, pcr8[SHA384_LEN];
	char hex[SHA256_HEX];
	struct pem cert, key;
	struct signature sig;
	struct err e = { 0 };

	make_pair(group, -DAY, DAY, &cert, &key);
	s = signer_open(cert.path, key.path, &e);
	ok(s != NULL, group);
	ok(signer_section(s, pcr0, &b, &e) == 0, "signs");
	ok(signature_read(b.data, b.len, pcr0, &sig, &e) == 0 && sig.valid,
	   "and it verifies");
	same_str(sig.fault, "", "without a fault");
	same_str(sig.algorithm, algorithm, "algorithm");
	same_str(sig.cert.subject, "CN=a\\1Bb", "subject, with its control escaped");
	signer_pcr8(s, pcr8);
	ok(memcmp(pcr8, sig.pcr8, SHA384_LEN) == 0, "PCR8");
	same_str(sig.cert.sha256, signer_cert_sha256(s), "digest of the certificate");
	ok(cert_file_sha256(cert.path, hex, &e) == 0, "of the file");
	same_str(hex, sig.cert.sha256, "the same");
	ok(signature_in_date(&sig, clock_now(), "c", &e) == 0, "in date");
	ok(signature_in_date(&sig, clock_now() + 2 * DAY, "c", &e) == -1 &&
	   e.class == ERR_VERIFY, "but not for ever");
	pcr0[0] = 9;
	ok(signature_read(b.data, b.len, pcr0, &sig, &e) == 0 && !sig.valid,
	   "another PCR0");
	same_str(sig.fault, "it signs another PCR0", "says so");
	close(cert.fd);
	close(key.fd);
}

static void refused(const char *cert, const char *key, enum err_class class,
		    const char *part, const char *what)
{
	struct err e = { 0 };
	struct signer *s = signer_open(cert, key, &e);

	ok(s == NULL && e.class == class && strstr(e.msg, part) != NULL, what);
	if (!s && !strstr(e.msg, part))
		printf("# got %s\n", e.msg);
	signer_free(s);
}

static void test_refused(void)
{
	struct pem cert, key, other_cert, other_key, locked, rsa_cert, rsa_key;
	struct pem p224_cert, p224_key;
	EVP_PKEY *k = make_key("secp384r1");

	make_pair("secp384r1", -DAY, DAY, &cert, &key);
	make_pair("secp384r1", -DAY, DAY, &other_cert, &other_key);
	refused(cert.path, other_key.path, ERR_VERIFY, "is not the key of",
		"another key");
	refused(key.path, key.path, ERR_INPUT, "is not a certificate in PEM",
		"a key in place of the certificate");
	refused(cert.path, cert.path, ERR_INPUT, "is not a private key in PEM",
		"a certificate in place of the key");
	refused("./none.pem", key.path, ERR_SYS, "none.pem", "no such file");
	write_key(&locked, k, "secret");
	refused(cert.path, locked.path, ERR_INPUT, "is encrypted",
		"a key with a password");
	make_pair(NULL, -DAY, DAY, &rsa_cert, &rsa_key);
	refused(rsa_cert.path, rsa_key.path, ERR_INPUT,
		"must be on P-256, P-384 or P-521", "an RSA key");
	make_pair("secp224r1", -DAY, DAY, &p224_cert, &p224_key);
	refused(p224_cert.path, p224_key.path, ERR_INPUT,
		"must be on P-256, P-384 or P-521", "another curve");
	make_pair("secp384r1", -2 * DAY, -DAY, &cert, &key);
	refused(cert.path, key.path, ERR_VERIFY, "expired on", "expired");
	make_pair("secp384r1", DAY, 2 * DAY, &cert, &key);
	refused(cert.path, key.path, ERR_VERIFY, "is not valid before",
		"not valid yet");
	EVP_PKEY_free(k);
}

/* A changed bit in each byte of the COSE object is noticed; a change of the
 * certificate may not be (it can be another certificate of the same key), but
 * must not do harm. */
static void test_flips(void)
{
	AUTO_SIGNER struct signer *s = NULL;
	AUTO_BUF struct buf b = BUF_INIT(EIF_SIGNATURE_MAX);
	uint8_t pcr0[SHA384_LEN] = { 0 };
	struct pem cert, key;
	struct signature sig;
	struct err e = { 0 };
	size_t cose, missed = 0, cuts = 0;
	char *at;

	make_pair("prime256v1", -DAY, DAY, &cert, &key);
	s = signer_open(cert.path, key.path, &e);
	ok(s && signer_section(s, pcr0, &b, &e) == 0, "a section");
	at = memmem(b.data, b.len, "isignature", 10);
	ok(at != NULL, "with a signature");
	cose = at ? (size_t)(at - b.data) : 0;
	for (size_t i = 0; i < b.len; i++) {
		b.data[i] ^= (char)(1 << i % 8);
		if (signature_read(b.data, b.len, pcr0, &sig, &e) == 0 &&
		    sig.valid && i >= cose)
			missed++;
		b.data[i] ^= (char)(1 << i % 8);
	}
	ok(missed == 0, "every changed byte of the COSE object is noticed");
	for (size_t len = 0; len < b.len; len++)
		cuts += signature_read(b.data, len, pcr0, &sig, &e) == -1;
	ok(cuts == b.len, "every cut is an error");
	ok(signature_read(b.data, b.len, pcr0, &sig, &e) == 0 && sig.valid,
	   "the whole is right");
}

static void test_demanded(void)
{
	static const char want[] =
		"sha256:0123456789abcdef0123456789abcdef"
		"0123456789abcdef0123456789abcdef";
	struct err e = { 0 };

	ok(signature_demanded(NULL, NULL, &e) == 0, "nothing demanded");
	ok(signature_demanded(NULL, want + 7, &e) == 0, "signed all the same");
	ok(signature_demanded(want, want + 7, &e) == 0, "as demanded");
	ok(signature_demanded(want, NULL, &e) == -1 && e.class == ERR_VERIFY,
	   "not signed");
	ok(signature_demanded(want, "00", &e) == -1 && e.class == ERR_VERIFY,
	   "by another certificate");
	ok(signature_demanded("md5:00", NULL, &e) == -1 &&
	   e.class == ERR_INPUT, "no digest");
}

int main(void)
{
	test_curve("prime256v1", "ES256");
	test_curve("secp384r1", "ES384");
	test_curve("secp521r1", "ES512");
	test_refused();
	test_flips();
	test_demanded();
	return tap_done();
}
