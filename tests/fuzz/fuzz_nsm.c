/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_nsm.c - an attestation document, and the same bytes as the NSM's answer
 */
#include "base/digest.h"
#include "enclave/attestation.h"
#include "fuzz.h"

static const uint8_t *from, *to;

static void inside_bytes(const uint8_t *at, size_t len)
{
	if (at)
		fuzz_must(at >= from && at <= to && len <= (size_t)(to - at));
}

static void inside(const struct nsm_bytes *b)
{
	inside_bytes(b->data, b->len);
}

static void check(const struct attestation *a)
{
	struct err e;

	inside_bytes(a->cose.protect, a->cose.protect_len);
	inside_bytes(a->cose.payload, a->cose.payload_len);
	inside_bytes(a->cose.signature, a->cose.signature_len);
	inside(&a->module_id);
	inside(&a->certificate);
	inside(&a->public_key);
	inside(&a->user_data);
	inside(&a->nonce);
	for (size_t i = 0; i < NSM_PCRS; i++)
		inside(&a->pcrs[i]);
	for (size_t i = 0; i < a->n_cabundle; i++)
		inside(&a->cabundle[i]);
	fuzz_must(a->timestamp_ms > 0 && a->certificate.data);
	/* With the document's own root the chain is looked at, too. */
	if (a->n_cabundle > 0) {
		char root[SHA256_HEX];

		sha256_hex(a->cabundle[0].data, a->cabundle[0].len, root);
		if (attestation_verify(a, root, (int64_t)(a->timestamp_ms / 1000),
				       &e) < 0)
			fuzz_must(e.class == ERR_VERIFY);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct attestation a;
	struct nsm_bytes bytes;
	struct nsm_pcr pcr;
	struct err e;

	from = data;
	to = data + len;
	if (attestation_parse(data, len, &a, &e) == 0)
		check(&a);
	if (nsm_get_random(data, len, &bytes, &e) == 0)
		inside(&bytes);
	if (nsm_get_attestation(data, len, &bytes, &e) == 0)
		inside(&bytes);
	if (nsm_get_describe_pcr(data, len, &pcr, &e) == 0)
		fuzz_must(pcr.len > 0 && pcr.len <= NSM_PCR_MAX);
	if (nsm_get_lock_pcr(data, len, &e) == 0)
		fuzz_must(len > 7);
	return 0;
}
