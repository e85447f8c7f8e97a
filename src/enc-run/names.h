/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names.h - what names led to a moment ago
 *
 * A request of the enclave's is a connection, and a connection two questions,
 * of which AWS's name server takes 1024 a second from an instance.  So answers
 * are kept for as long as they say, and a minute at most.
 */
#ifndef RUN_NAMES_H
#define RUN_NAMES_H

#include <stdbool.h>

#include "enc-run/address.h"

#define NAMES_MAX    64		/* 40 kB; the one that is over first goes */
#define NAMES_TTL_MAX 60	/* seconds: a server that moves is found again */

struct names;

struct names *names_new(void);		/* returns new */
void names_free(struct names *n);

/* *found: not yet over.  With each call another address of a family is its
 * first, so that one server does not get all the connections. */
bool names_get(struct names *n, const char *name, struct addresses *found);
/* For so many seconds; 0: not at all.  name is shorter than HOST_TEXT. */
void names_put(struct names *n, const char *name,
	       const struct addresses *found, unsigned ttl);

#endif
