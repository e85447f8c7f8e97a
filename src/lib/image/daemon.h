/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon.h - the docker daemon: which one it is, and talking to it
 *
 * Docker Engine API, without a version in the paths: the one that the daemon
 * prefers.  Podman's service speaks it too.
 */
#ifndef ENC_DAEMON_H
#define ENC_DAEMON_H

#include "image/http.h"

#define DAEMON_REASON_MAX 400	/* bytes of its own words in a message */

struct daemon {
	char *where;		/* as it was given, for messages */
	char *url;		/* what the API's paths are appended to */
	char *socket;		/* path, or NULL */
	char *ca, *cert, *key;	/* files in PEM, or NULL */
	struct http_policy policy;	/* points at the above */
	struct http *http;
};

#define DAEMON_INIT { .where = NULL }
#define AUTO_DAEMON AUTO(daemon_release)

/* Finds the daemon that the docker command would use: $DOCKER_HOST with
 * $DOCKER_TLS_VERIFY, $DOCKER_TLS and $DOCKER_CERT_PATH, else the context that
 * $DOCKER_CONTEXT or config.json's currentContext names, else
 * /var/run/docker.sock.  ERR_NO when there is none; ERR_SYS or ERR_REMOTE when
 * we may not or cannot talk to it, with what to do; ERR_INPUT when the user's
 * docker configuration is not sound.  Over TCP it is not asked anything yet. */
int daemon_open(struct daemon *d, struct err *e) MUST_CHECK;
void daemon_release(struct daemon *d);
/* What it takes to talk to it, once it is open. */
void daemon_needs(const struct daemon *d, struct sandbox *s);

/* GET path ("/images/…"); what is asked for stands in messages.  ERR_NO when
 * the daemon does not have it, or is not there. */
int daemon_get(struct daemon *d, const char *path, const char *what,
	       http_body_fn *body, void *ctx, struct err *e) MUST_CHECK;

/* The message of an answer other than 200, which begins with what we wanted to
 * do: always -1. */
int daemon_refused(const struct daemon *d, const struct http_request *q,
		   const char *what, struct err *e);

/* The same for no answer: q->err becomes *e. */
int daemon_lost(const struct daemon *d, const struct http_request *q,
		const char *what, struct err *e);

#endif
