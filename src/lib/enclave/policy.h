/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.h - may the enclave talk to that host?
 *
 * enclaver.yaml(5), "egress".  Allowed is what matches a pattern of allow and
 * none of deny.  Names are matched against the patterns for names alone, and
 * addresses against those for addresses alone; "host" is matched by "host"
 * alone.  The proxy in the enclave asks policy_check(); the proxy on the host
 * asks it again, and policy_check_address() for what the name resolved to.
 */
#ifndef ENC_POLICY_H
#define ENC_POLICY_H

#include "enclave/host.h"
#include "enclave/manifest.h"

struct policy {			/* both borrowed */
	const struct manifest_patterns *allow, *deny;
};

/* 0 when h is allowed.  Otherwise ERR_NO and a sentence for the 403: which
 * pattern denies it, or that none allows it. */
int policy_check(const struct policy *p, const struct host *h, struct err *e)
	MUST_CHECK;

/* The second look, on the host: an address that the allowed name resolved to
 * (host_from_address()), before it is connected to.  Refused (ERR_NO) is what
 * deny's addresses match and, unless allow's addresses match it, what is the
 * machine's own: loopback, link-local (where the instance's credentials are)
 * and unspecified addresses.  Not for HOST_PARENT, which is loopback and is
 * allowed by its own pattern; a literal address passes as policy_check() had
 * it. */
int policy_check_address(const struct policy *p, const struct host *h,
			 struct err *e) MUST_CHECK;

#endif
