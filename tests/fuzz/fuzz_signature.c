/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_signature.c - an EIF's signature section: CBOR, COSE_Sign1, X.509
 */
#include "base/cbor.h"
#include "eif/sign.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t pcr0[SHA384_LEN];
	struct cbor c = cbor_from(data, len);
	struct signature sig;
	struct err e;

	while (!cbor_at_end(&c) && cbor_skip(&c) == 0)
		fuzz_must(c.at > data && c.at <= data + len);
	if (signature_read(data, len, pcr0, &sig, &e) == 0)
		fuzz_must(sig.valid == (sig.fault[0] == '\0'));
	return 0;
}
