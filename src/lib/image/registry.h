/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registry.h - between registry.c and registry_auth.c
 *
 * OCI Distribution spec 1.1; authentication by Docker's token specification
 * ("Docker Registry v2 authentication") or Basic.
 */
#ifndef ENC_REGISTRY_H
#define ENC_REGISTRY_H

#include "image/auth.h"
#include "image/http.h"
#include "image/source.h"

struct registry {
	struct source	   source;
	struct ref	   ref;
	struct http_policy policy;
	struct http	  *http;
	const char	  *scheme;		/* "https" or "http"; NULL: not known yet */
	struct auth	   auth;
	bool		   auth_read;		/* were the files looked at? */
	char		  *authorization;	/* the header's value, or NULL */
	unsigned	   generation;		/* counts authorizations */
};

struct registry_try {		/* how often a request was refused */
	unsigned generation;	/* of the authorization it was sent with */
	unsigned refusals;
};

/* After an answer 401: 1 when there is a new authorization to try with, -1
 * when there is none (e says why, and what to do).  what was asked for stands
 * in the message. */
int registry_authorize(struct registry *r, const struct http_request *q,
		       const char *what, struct registry_try *t, struct err *e)
	MUST_CHECK;

/* The message of an answer other than 200.  what was asked for stands in it.
 * Always -1. */
int registry_refused(const struct registry *r, const struct http_request *q,
		     const char *what, struct err *e);

/* The host that serves the API: docker.io's has another name. */
const char *registry_api_host(const struct ref *ref);

#endif
