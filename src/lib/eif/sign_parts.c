/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign_parts.c - what is signed, and what a certificate is measured to
 */
#include "eif/sign_parts.h"

#include "base/cbor.h"
#include "base/cose.h"
#include "eif/measure.h"

int sign_describe(X509 *cert, struct signature *sig)
{
	const struct curve *curve = curve_of(X509_get0_pubkey(cert));
	uint8_t digest[SHA384_LEN];
	uint8_t *der = NULL;
	int len;

	if (!curve || cert_describe(cert, &sig->cert) < 0)
		return -1;
	len = i2d_X509(cert, &der);
	if (len < 0)
		return -1;
	snprintf(sig->algorithm, sizeof(sig->algorithm), "%s",
		 curve->algorithm);
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
