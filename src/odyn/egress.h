/* SPDX-License-Identifier: Apache-2.0 */
/*
 * egress.h - the HTTP proxy for what goes out
 *
 * RFC 9110 section 7.6 and 9.3.6: CONNECT, and requests for http:// URLs, each
 * judged by the manifest's policy and sent on by the host.  Names are resolved
 * there.
 */
#ifndef ODYN_EGRESS_H
#define ODYN_EGRESS_H

#include "enclave/manifest.h"
#include "enclave/relay.h"
#include "odyn/dial.h"

struct egress;

/* Listens on 127.0.0.1 at the manifest's proxy_port.  Connections are counted
 * by g.  Returns new, or NULL (ERR_SYS).  Freed before rs and d. */
struct egress *egress_start(struct loop *l, struct dialer *d,
			    struct relays *rs, struct gate *g,
			    const struct manifest *m, struct err *e)
	MUST_CHECK;
void egress_free(struct egress *eg);

#endif
