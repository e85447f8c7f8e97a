/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolve.h - the addresses of a name, as this machine finds them
 *
 * By c-ares (dns.h), for glibc's resolver blocks and does not work in a static program:
 * /etc/resolv.conf (read anew for each name, it changes), /etc/hosts,
 * /etc/nsswitch.conf, RES_OPTIONS and LOCALDOMAIN have the say that they
 * usually have.
 *
 * Trust: neither who asks nor who answers.  Each name is asked for from a port
 * of its own, or an enclave could have an answer forged for a name that it may
 * call; and its end has no bearing on that of others.
 */
#ifndef RUN_RESOLVE_H
#define RUN_RESOLVE_H

#include "enc-run/address.h"
#include "enclave/loop.h"

struct resolver;
struct lookup;

/* server: "ADDRESS[:PORT]" to ask in place of the system's, or NULL.  patience: the milliseconds
 * that a name may take.  Returns new, or NULL (ERR_USAGE); freed when no lookup
 * is left. */
struct resolver *resolver_new(struct loop *l, const char *server,
			      uint64_t patience, struct err *e) MUST_CHECK;
void resolver_free(struct resolver *r);

/* Asks for both families at once.  done(arg, found, fault, sentence) comes
 * once, from the loop and never before this has returned: the addresses, one
 * at least, IPv6 first, which are borrowed until it returns; or NULL with errno
 * and a sentence.  The lookup is gone then; until then it can be cancelled. */
struct lookup *lookup_start(struct resolver *r, const char *name,
			    void (*done)(void *arg,
					 const struct addresses *found,
					 int fault, const char *sentence),
			    void *arg);
void lookup_cancel(struct lookup *k);

#endif
