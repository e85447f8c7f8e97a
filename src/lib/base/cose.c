/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cose.c - COSE_Sign1: reading one, and checking its signature
 *
 * The bytes are hostile: bounded reader, nothing allocated by their sizes.
 */
#include "base/cose.h"

#include <string.h>

#include <openssl/ecdsa.h>
#include <openssl/err.h>

#include "base/cbor.h"
#include "base/cert.h"
#include "base/xalloc.h"

#define STRUCTURE_HEADS 64	/* what is around header and payload */

static const struct curve curves[] = {
	{ "prime256v1", "ES256", -7, 32, "SHA256" },
	{ "secp384r1", "ES384", -35, 48, "SHA384" },
	{ "secp521r1", "ES512", -36, COSE_WIDTH_MAX, "SHA512" },
};

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

static int read_header(const struct cose *parts, int64_t *algorithm)
{
	struct cbor c = cbor_from(parts->protect, parts->protect_len);
	size_t pairs;
	int64_t label;

	return cbor_get_map(&c, &pairs) == 0 && pairs == 1 &&
	       cbor_get_int(&c, &label) == 0 && label == 1 &&
	       cbor_get_int(&c, algorithm) == 0 && cbor_at_end(&c) ? 0 : -1;
}

int cose_read(const void *data, size_t len, struct cose *parts)
{
	struct cbor c = cbor_from(data, len);
	size_t items, pairs;

	if (cbor_get_array(&c, &items) < 0 || items != 4 ||
	    cbor_get_bytes(&c, &parts->protect, &parts->protect_len) < 0 ||
	    cbor_get_map(&c, &pairs) < 0 || pairs != 0 ||
	    cbor_get_bytes(&c, &parts->payload, &parts->payload_len) < 0 ||
	    cbor_get_bytes(&c, &parts->signature, &parts->signature_len) < 0 ||
	    !cbor_at_end(&c))
		return -1;
	return read_header(parts, &parts->algorithm);
}

void cose_structure(const void *protect, size_t protect_len,
		    const void *payload, size_t payload_len, struct buf *out)
{
	cbor_put_array(out, 4);
	cbor_put_text(out, "Signature1");
	cbor_put_bytes(out, protect, protect_len);
	cbor_put_bytes(out, "", 0);
	cbor_put_bytes(out, payload, payload_len);
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

static bool verifies(const struct cose *c, EVP_PKEY *key,
		     const struct curve *curve)
{
	AUTO_BUF struct buf tbs = BUF_INIT(c->protect_len + c->payload_len +
					   STRUCTURE_HEADS);
	AUTO_MDCTX EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t *der;
	int len;
	bool good;

	if (!ctx)
		oom();
	cose_structure(c->protect, c->protect_len, c->payload, c->payload_len,
		       &tbs);
	der = raw_to_der(c->signature, curve->width, &len);
	good = len > 0 &&
	       EVP_DigestVerifyInit_ex(ctx, NULL, curve->hash, NULL, NULL, key,
				       NULL) == 1 &&
	       EVP_DigestVerify(ctx, der, (size_t)len, (uint8_t *)tbs.data,
				tbs.len) == 1;
	OPENSSL_free(der);
	ERR_clear_error();
	return good;
}

const char *cose_fault(const struct cose *c, EVP_PKEY *key)
{
	const struct curve *curve = curve_of(key);

	if (!curve || c->algorithm != curve->cose)
		return "its algorithm is not that of the certificate's curve";
	if (c->signature_len != 2 * curve->width || !verifies(c, key, curve))
		return "it was not made by the key of its certificate";
	return NULL;
}
