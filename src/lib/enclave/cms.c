/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cms.c - opens CMS EnvelopedData, by OpenSSL
 *
 * Trust: the bytes come from KMS over TLS, or from whom passes for it.  An
 * error does not tell a wrong key from wrong padding or wrong content, so
 * nobody learns from errors what is in a message.
 */
#include "enclave/keypair.h"

#include <string.h>

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "base/xalloc.h"
#include "enclave/keypair_parts.h"

static void free_cms(CMS_ContentInfo **cms)
{
	CMS_ContentInfo_free(*cms);
}

static int refuse(const char *why, struct err *e)
{
	ERR_clear_error();
	return err_set(e, ERR_REMOTE, "CiphertextForRecipient %s", why);
}

static bool is_sha256(const X509_ALGOR *alg)
{
	const ASN1_OBJECT *oid;

	if (!alg)
		return false;	/* absent: SHA-1, RFC 4055 section 4.1 */
	X509_ALGOR_get0(&oid, NULL, NULL, alg);
	return OBJ_obj2nid(oid) == NID_sha256;
}

/* MGF1 with SHA-256. */
static bool is_mask(const X509_ALGOR *mask)
{
	const ASN1_OBJECT *oid;
	X509_ALGOR *hash;
	const void *param;
	bool good;
	int type;

	if (!mask)
		return false;
	X509_ALGOR_get0(&oid, &type, &param, mask);
	if (OBJ_obj2nid(oid) != NID_mgf1 || type != V_ASN1_SEQUENCE)
		return false;
	hash = ASN1_item_unpack(param, ASN1_ITEM_rptr(X509_ALGOR));
	good = is_sha256(hash);
	X509_ALGOR_free(hash);
	return good;
}

static bool is_oaep_sha256(const X509_ALGOR *alg)
{
	const ASN1_OBJECT *oid;
	RSA_OAEP_PARAMS *params;
	const void *param;
	bool good;
	int type;

	X509_ALGOR_get0(&oid, &type, &param, alg);
	if (OBJ_obj2nid(oid) != NID_rsaesOaep || type != V_ASN1_SEQUENCE)
		return false;
	params = ASN1_item_unpack(param, ASN1_ITEM_rptr(RSA_OAEP_PARAMS));
	good = params && is_sha256(params->hashFunc) &&
	       is_mask(params->maskGenFunc) && !params->pSourceFunc;
	RSA_OAEP_PARAMS_free(params);
	return good;
}

/* The one recipient, by an algorithm that is expected; or NULL. */
static CMS_RecipientInfo *find_recipient(CMS_ContentInfo *cms)
{
	STACK_OF(CMS_RecipientInfo) *all;
	CMS_RecipientInfo *one;
	X509_ALGOR *alg;

	if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_enveloped)
		return NULL;
	all = CMS_get0_RecipientInfos(cms);
	if (!all || sk_CMS_RecipientInfo_num(all) != 1)
		return NULL;
	one = sk_CMS_RecipientInfo_value(all, 0);
	if (CMS_RecipientInfo_type(one) != CMS_RECIPINFO_TRANS ||
	    CMS_RecipientInfo_ktri_get0_algs(one, NULL, NULL, &alg) != 1)
		return NULL;
	return is_oaep_sha256(alg) ? one : NULL;
}

/* The content's key.  Not by CMS_decrypt(), which goes on with a random one
 * when it is wrong. */
static int open_key(CMS_ContentInfo *cms, CMS_RecipientInfo *one,
		    EVP_PKEY *pkey)
{
	if (EVP_PKEY_up_ref(pkey) != 1)
		return -1;
	if (CMS_RecipientInfo_set0_pkey(one, pkey) != 1) {
		EVP_PKEY_free(pkey);
		return -1;
	}
	return CMS_RecipientInfo_decrypt(cms, one) == 1 ? 0 : -1;
}

static int read_content(BIO *bio, uint8_t *out, size_t *len, struct err *e)
{
	uint8_t more;
	size_t n = 0;
	int got;

	while (n < CMS_CONTENT_MAX &&
	       (got = BIO_read(bio, out + n, (int)(CMS_CONTENT_MAX - n))) > 0)
		n += (size_t)got;
	if (n == CMS_CONTENT_MAX && BIO_read(bio, &more, 1) > 0)
		return refuse("is too large", e);
	if (BIO_get_cipher_status(bio) != 1)
		return refuse("cannot be decrypted", e);
	*len = n;
	return 0;
}

static int open_content(CMS_ContentInfo *cms, uint8_t *out, size_t *len,
			struct err *e)
{
	BIO *bio = CMS_dataInit(cms, NULL);
	EVP_CIPHER_CTX *ctx = NULL;
	int ret;

	if (!bio)
		return refuse("cannot be decrypted", e);
	if (BIO_get_cipher_ctx(bio, &ctx) != 1 || !ctx ||
	    EVP_CIPHER_CTX_get_nid(ctx) != NID_aes_256_cbc)
		ret = refuse("is not encrypted by AES-256-CBC", e);
	else
		ret = read_content(bio, out, len, e);
	BIO_free_all(bio);
	return ret;
}

int keypair_open_cms(const struct keypair *k, const void *data, size_t cms_len,
		     uint8_t out[CMS_CONTENT_MAX], size_t *len, struct err *e)
{
	AUTO(free_cms) CMS_ContentInfo *cms = NULL;
	const unsigned char *at = data;
	CMS_RecipientInfo *one;

	if (cms_len > CMS_MAX)
		return refuse("is too large", e);
	cms = d2i_CMS_ContentInfo(NULL, &at, (long)cms_len);
	if (!cms || at != (const unsigned char *)data + cms_len)
		return refuse("is not CMS (RFC 5652)", e);
	one = find_recipient(cms);
	if (!one)
		return refuse("is not EnvelopedData for one recipient by RSAES-OAEP with SHA-256",
			      e);
	if (open_key(cms, one, k->pkey) < 0)
		return refuse("cannot be decrypted", e);
	if (open_content(cms, out, len, e) < 0) {
		explicit_bzero(out, CMS_CONTENT_MAX);
		return -1;
	}
	ERR_clear_error();
	return 0;
}
