/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proxies.h - what carries an enclave's connections: in from ports of this
 * host, and out to where the manifest allows
 *
 * Trust: neither whoever connects to a port nor the enclave.
 */
#ifndef RUN_PROXIES_H
#define RUN_PROXIES_H

#include "base/sandbox.h"
#include "enclave/listener.h"
#include "enclave/manifest.h"
#include "enclave/relay.h"
#include "enclave/vsock.h"

/* A port of this host, and the port of the enclave that it leads to. */
struct publish {
	char	*address;	/* to bind: IPv4 or IPv6; NULL: all of them */
	uint16_t host, enclave;
};

/* "[ADDRESS:]HOST:ENCLAVE", ADDRESS of IPv6 in brackets.  *p owns address.
 * ERR_USAGE. */
int publish_parse(const char *text, struct publish *p, struct err *e)
	MUST_CHECK;

/* Ports of this host that listen; nobody is let in yet.  ERR_SYS with the port
 * that is taken, and what to do. */
struct ingress;
struct ingress *ingress_open(struct loop *l, const struct publish *all,
			     size_t n, struct err *e) MUST_CHECK;
/* From now on who connects is joined with the enclave's port.  g counts
 * connections; v, rs and g are borrowed until ingress_free(). */
int ingress_start(struct ingress *in, struct vsock *v, struct relays *rs,
		  struct gate *g, struct err *e) MUST_CHECK;
void ingress_free(struct ingress *in);

/* The host's egress proxy, on the ports of the parent that the enclave calls:
 * the manifest's (17002) and, when cid is not 0, 65536 + cid.  One of them that
 * another enclave has is done without, as long as there is one left.  The
 * manifest's policy is asked for every request, and again for the addresses
 * that its name resolves to; what it refuses is said by cli_note(), so often
 * that a hostile enclave cannot fill a disk with it.  Names are resolved by
 * resolver, "ADDRESS[:PORT]", or as this machine does when it is NULL.  What is
 * handed in is borrowed until egress_free().  For a manifest that allows egress
 * (manifest_allows_egress()). */
struct egress;
struct egress *egress_start(struct vsock *v, struct loop *l,
			    struct relays *rs, struct gate *g,
			    const struct manifest *m, uint32_t cid,
			    const char *resolver, struct err *e) MUST_CHECK;
void egress_free(struct egress *eg);

/* What egress reads once names are asked for. */
void resolver_needs(struct sandbox *s);
/* Would egress_start() have this resolver?  ERR_USAGE. */
int resolver_check(const char *resolver, struct err *e) MUST_CHECK;

#endif
