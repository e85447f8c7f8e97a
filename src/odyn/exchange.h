/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exchange.h - one HTTP request to somewhere outside, and its whole answer
 */
#ifndef ODYN_EXCHANGE_H
#define ODYN_EXCHANGE_H

#include "enclave/tls.h"
#include "odyn/dial.h"

struct exchange;

struct exchange_target {
	const struct host *host;
	uint16_t	   port;
	const struct tls  *tls;		/* NULL: plain */
};

struct exchange_result {
	unsigned    status;	/* of the answer; 0: there is none */
	const char *body;	/* borrowed until done() returns; may be NULL */
	size_t	    len;
	unsigned    fault;	/* without an answer: 403, 502 or 504 */
	const char *sentence;	/* and why */
};

/* Sends what is in request, which is taken over, and reads the answer, of
 * which the body may have body_max bytes.  done(arg, result) comes once, from
 * the loop; the exchange is gone after it.  Until then it can be cancelled.
 * Everything is wiped. */
struct exchange *exchange_start(struct dialer *d,
				const struct exchange_target *to,
				struct buf *request, size_t body_max,
				void (*done)(void *arg,
					     const struct exchange_result *r),
				void *arg);
void exchange_cancel(struct exchange *x);

#endif
