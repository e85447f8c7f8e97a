/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dns.h - a channel of c-ares', driven by the loop
 *
 * It has the sockets, from which it follows that it has ports of its own, and
 * is what can be cancelled, with all that was asked.  About 75 kB.
 */
#ifndef RUN_DNS_H
#define RUN_DNS_H

#include <ares.h>

#include "base/list.h"
#include "enclave/loop.h"

struct dns {
	struct loop *loop;
	ares_channel channel;		/* NULL: closed */
	struct link *sockets;
	struct timer tick;
};

/* server: "ADDRESS:PORT", more of them by commas, or "" for those of the system,
 * whose files are read now.  A status of c-ares'; closed when it is not ARES_SUCCESS. */
int dns_open(struct dns *d, struct loop *l, const char *server) MUST_CHECK;
/* answered() comes once, maybe before this returns, with ARES_EDESTRUCTION from
 * dns_close(), which it must not call. */
void dns_ask(struct dns *d, const char *name, int family,
	     ares_addrinfo_callback answered, void *arg);
/* Nothing happens when it is closed. */
void dns_close(struct dns *d);

/* Those of the system, as dns_open() takes them; "" when they cannot be found
 * out.  Returns new, caller frees. */
char *dns_servers(void);

#endif
