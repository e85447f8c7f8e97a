/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_nsm.c - an attestation document, and the same bytes as the NSM's answer
 */
#include "enclave/attestation.h"
#include "fuzz.h"

static const uint8_t *from, *to;

static void inside(const struct nsm_bytes *b)
{
	const uint8_t *at = b->data;

	if (at)
		fuzz_must(at >= from && at <= to &&
			  b->len <= (size_t)(to - at));
}

static void check(const struct attestation *a)
{
	inside(&a->protect);
	inside(&a->payload);
	inside(&a->signature);
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
