/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestation.h - an attestation document: taken apart, and verified
 *
 * COSE_Sign1 (RFC 9052 section 4.2), untagged, whose payload is a map: AWS,
 * "Verifying the root of trust".
 */
#ifndef ENC_ATTESTATION_H
#define ENC_ATTESTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cose.h"
#include "base/err.h"
#include "enclave/nsm.h"

#define ATTESTATION_MAX	      16384u	/* bytes of a document */
#define ATTESTATION_CHAIN_MAX 16u	/* certificates of cabundle */

/* SHA-256 of AWS's root certificate (CN=aws.nitro-enclaves, until 2049) in
 * DER: the fingerprint that "Verifying the root of trust" publishes. */
#define ATTESTATION_ROOT_AWS \
	"641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b"

/* All of it is borrowed from the document. */
struct attestation {
	struct cose	 cose;
	/* Its payload.  A PCR that is not listed, and what is null or absent
	 * of the last three, has data NULL. */
	struct nsm_bytes module_id;		/* a text */
	uint64_t	 timestamp_ms;		/* since 1970 */
	struct nsm_bytes pcrs[NSM_PCRS];
	struct nsm_bytes certificate;		/* DER */
	struct nsm_bytes cabundle[ATTESTATION_CHAIN_MAX];	/* root first */
	size_t		 n_cabundle;
	struct nsm_bytes public_key, user_data, nonce;
};

/* Takes it apart, and verifies nothing: for what is asked of one's own NSM, and
 * the first step of a verifier.  ERR_INPUT when it is malformed, when module_id, digest ("SHA384"),
 * timestamp, pcrs, certificate or cabundle is missing, when a member is there
 * twice or is not within AWS's limits (PCR values: 32, 48 or 64 bytes;
 * certificates: 1 to 1024; public_key: not empty; the last three: NSM_*_MAX).
 * Maps and arrays may have definite or indefinite lengths; members that are
 * not known are passed over. */
int attestation_parse(const void *document, size_t len, struct attestation *a,
		      struct err *e) MUST_CHECK;

/* Is it what AWS's module has signed?  The chain must begin with the root
 * whose certificate has that SHA-256 (lower-case hex) and lead to the module's
 * certificate, all of them valid at when (seconds since 1970), of key usages
 * that fit, and not weaker than P-256 and SHA-256; the module's is no CA, and
 * its key must have made the signature.  ERR_VERIFY when not.  Whether it is
 * fresh only a nonce tells. */
int attestation_verify(const struct attestation *a, const char *root,
		       int64_t when, struct err *e) MUST_CHECK;

/* An enclave in debug mode, whose console its host reads: PCR0 is zero. */
bool attestation_is_debug(const struct attestation *a);

#endif
