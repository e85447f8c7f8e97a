/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dial.h - a connection to somewhere outside, by the host's egress proxy
 *
 * vsock to the parent, the frame that asks, the answer; then the connection is
 * the host's that was named.  odyn's own port of the parent is 65536 and our
 * CID more than nothing; where nobody listens there, it is the one of the
 * manifest (17002), which Enclaver's hosts have.
 */
#ifndef ODYN_DIAL_H
#define ODYN_DIAL_H

#include "base/list.h"
#include "enclave/frame.h"
#include "enclave/manifest.h"
#include "enclave/vsock.h"

#define DIAL_OWN_PORT 65536u	/* and our CID more */

struct dialer {
	struct loop  *loop;
	struct vsock *vsock;
	uint32_t      ports[2];	/* the first that answers is kept first */
	size_t	      n_ports;
	uint64_t      settled;	/* of clock_ticks(): a host has begun by then */
	struct link  *dials;
};

struct dial;

/* The first ten seconds from here on a host that has no egress proxy may be one
 * that has not opened it yet: a dial asks again.
 * hybrid: vsock goes by UNIX sockets, and we have no CID. */
void dialer_init(struct dialer *d, struct loop *l, struct vsock *v,
		 const struct manifest *m, bool hybrid);

/* done(arg, fd, status, sentence) comes once, from the loop: a connected
 * descriptor that the callee owns, or -1 with the status of HTTP that it comes
 * to (403, 502, 504) and a sentence.  The dial frees itself before; until then
 * the caller may hang up. */
struct dial *dial_start(struct dialer *d, const struct host *host,
			uint16_t port, void (*done)(void *arg, int fd,
			unsigned status, const char *sentence), void *arg);
void dial_hang_up(struct dial *d);

#endif
