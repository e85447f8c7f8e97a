/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registry.h - a repository in a registry, for those who pull and who push
 *
 * OCI Distribution spec 1.1; authentication by Docker's token specification
 * ("Docker Registry v2 authentication") or Basic.
 */
#ifndef ENC_REGISTRY_H
#define ENC_REGISTRY_H

#include "image/auth.h"
#include "image/http.h"
#include "image/ref.h"
#include "image/remote.h"

struct registry {
	struct ref	   ref;			/* what the user named */
	const struct remote_options *options;
	bool		   push;		/* is it here to push, or to pull alone? */
	char		  *mount;		/* path of another repository of
						 * this registry to pull from,
						 * or NULL (upload.h) */
	struct http_policy policy;
	struct http	  *http;
	const char	  *scheme;		/* "https" or "http"; NULL: not known yet */
	struct auth	   auth;
	bool		   auth_read;		/* were the files looked at? */
	char		  *authorization;	/* the header's value, or NULL */
	unsigned	   generation;		/* counts authorizations */
};

#define REGISTRY_INIT { .http = NULL, .auth = AUTH_INIT, .authorization = NULL }
#define AUTO_REGISTRY AUTO(registry_release)

/* Nothing is sent yet, and no registry named: the caller fills in r->ref.  o is
 * borrowed. */
int registry_init(struct registry *r, const struct remote_options *o,
		  struct err *e) MUST_CHECK;
/* What it still needs of the system (sandbox.h). */
void registry_needs(const struct registry *r, struct sandbox *s);
void registry_release(struct registry *r);

/* Finds out whether to speak HTTPS or HTTP; comes before registry_url(). */
int registry_connect(struct registry *r, struct err *e) MUST_CHECK;

/* "SCHEME://HOST/v2/PATH/" and what fmt says.  New, caller frees. */
char *registry_url(const struct registry *r, const char *fmt, ...)
	PRINTF(2, 3);

/* Sends q (method, URL, accept, upload filled in) until there is an answer that
 * is not 401 and will not be another in a moment.  0 with q->status, whatever
 * it is.  into (may be NULL) gets what a 200 brings; more than it may hold is
 * ERR_INPUT.  what names it in messages. */
int registry_ask(struct registry *r, struct http_request *q, const char *what,
		 struct buf *into, struct err *e) MUST_CHECK;

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
