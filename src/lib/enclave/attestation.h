/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestation.h - an attestation document, taken apart
 *
 * COSE_Sign1 (RFC 9052 section 4.2), untagged, whose payload is a map: AWS,
 * "Verifying the root of trust", section 3.  Nothing is verified here: this is
 * for what is asked of one's own NSM, and the first step of a verifier.
 */
#ifndef ENC_ATTESTATION_H
#define ENC_ATTESTATION_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "enclave/nsm.h"

#define ATTESTATION_MAX	      16384u	/* bytes of a document */
#define ATTESTATION_CHAIN_MAX 16u	/* certificates of cabundle */

/* All of it is borrowed from the document. */
struct attestation {
	/* The four parts of the COSE_Sign1 but its unprotected header. */
	struct nsm_bytes protect, payload, signature;
	/* The payload.  A PCR that is not listed, and what is null or absent
	 * of the last three, has data NULL. */
	struct nsm_bytes module_id;		/* a text */
	uint64_t	 timestamp_ms;		/* since 1970 */
	struct nsm_bytes pcrs[NSM_PCRS];
	struct nsm_bytes certificate;		/* DER */
	struct nsm_bytes cabundle[ATTESTATION_CHAIN_MAX];	/* root first */
	size_t		 n_cabundle;
	struct nsm_bytes public_key, user_data, nonce;
};

/* ERR_INPUT when it is malformed, when module_id, digest ("SHA384"),
 * timestamp, pcrs, certificate or cabundle is missing, when a member is there
 * twice or is larger than AWS's limits have it (PCR values: 32, 48 or 64
 * bytes; certificates: 1 to 1024; the last three: NSM_*_MAX).  Maps and arrays
 * may have definite or indefinite lengths; members that are not known are
 * passed over. */
int attestation_parse(const void *document, size_t len, struct attestation *a,
		      struct err *e) MUST_CHECK;

#endif
