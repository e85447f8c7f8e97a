/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ingress.h - what comes in from outside: vsock ports, each to the port of the
 * same number on 127.0.0.1
 */
#ifndef ODYN_INGRESS_H
#define ODYN_INGRESS_H

#include "enclave/manifest.h"
#include "enclave/relay.h"
#include "enclave/vsock.h"

struct ingress;

/* Listens on the port of every entry of the manifest.  Keys and certificates
 * are DIR/tls/server/PORT/key.pem and cert.pem; one that has expired is said
 * on the console, and served.  Connections are counted by g.  Returns new, or
 * NULL: ERR_SYS, ERR_INPUT for a key or certificate.  Freed before relays. */
struct ingress *ingress_start(struct loop *l, struct vsock *v,
			      struct relays *rs, struct gate *g,
			      const struct manifest *m, const char *dir,
			      struct err *e) MUST_CHECK;
void ingress_free(struct ingress *in);

#endif
