/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credentials.h - the instance's credentials, fetched when they are wanted and
 * kept until shortly before their end
 */
#ifndef ODYN_CREDENTIALS_H
#define ODYN_CREDENTIALS_H

#include "base/list.h"
#include "enclave/imds.h"
#include "enclave/policy.h"
#include "odyn/exchange.h"

struct credentials {
	struct dialer	       *dialer;
	const struct policy    *policy;
	struct imds_credentials have;
	struct imds		imds;
	struct exchange	       *exchange;	/* a fetch is under way */
	struct link	       *waiting;
	struct timer		timer;
};

/* Who waits for them. */
struct credentials_wait {
	struct link link;
	/* NULL and a sentence when there are none. */
	void (*done)(void *arg, const struct imds_credentials *c,
		     const char *sentence);
	void *arg;
};

void credentials_init(struct credentials *c, struct dialer *d,
		      const struct policy *p);
void credentials_release(struct credentials *c);

/* done() comes once, from the loop.  All who ask while they are being fetched
 * wait for the same fetch. */
void credentials_get(struct credentials *c, struct credentials_wait *w,
		     void (*done)(void *arg, const struct imds_credentials *c,
				  const char *sentence), void *arg);
/* Nothing happens when it does not wait. */
void credentials_give_up(struct credentials_wait *w);

/* They were refused: the next who asks gets others. */
void credentials_forget(struct credentials *c);

#endif
