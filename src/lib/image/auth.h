/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth.h - whose password goes to which registry
 *
 * Credentials are read from the files that docker login, podman login and
 * skopeo login write (containers-auth.json(5)); challenges are RFC 9110
 * section 11.  Secrets are wiped when released and never stand in messages.
 */
#ifndef ENC_AUTH_H
#define ENC_AUTH_H

#include "base/cleanup.h"
#include "base/err.h"
#include "base/sandbox.h"
#include "image/ref.h"

#define AUTH_FILE_MAX	(1u << 20)	/* bytes of one file of credentials */
#define AUTH_SECRET_MAX	(64u << 10)	/* of one password or token */

struct auth {
	char *user, *password;	/* both or neither */
	char *identity_token;	/* an OAuth2 refresh token, or NULL */
	char *file;		/* the file that had them, or NULL */
	char *looked_at;	/* for messages: "'a' or 'b'", never NULL */
	char *helper;		/* the credential helper that a file names for
				 * this registry when it has nothing itself */
};

#define AUTH_INIT { NULL, NULL, NULL, NULL, NULL, NULL }
#define AUTO_AUTH AUTO(auth_release)

/* Looks for credentials for ref's repository, from the most specific key to
 * the host's ("r.io/team/app", "r.io/team", "r.io"); keys match whole or not
 * at all.  authfile (--authfile) or $REGISTRY_AUTH_FILE is the only file when
 * given, and must exist.  Finding nothing is no error. */
int auth_find(const char *authfile, const struct ref *ref, struct auth *a,
	      struct err *e) MUST_CHECK;
void auth_release(struct auth *a);

/* The folder of docker's own configuration: $DOCKER_CONFIG or ~/.docker, or
 * NULL when HOME is not set either.  New, caller frees. */
char *docker_folder(void);

/* What auth_find() will read. */
void auth_needs(const char *authfile, struct sandbox *s);

/* The value of an Authorization header, "Basic …": new, secret_free() it. */
char *auth_basic(const char *user, const char *password);

/* Wipes and frees a string; NULL is fine. */
void secret_free(char *s);

static inline void secret_freep(char **s)
{
	secret_free(*s);
}
#define AUTO_SECRET AUTO(secret_freep)

enum challenge_scheme { CHALLENGE_NONE, CHALLENGE_BASIC, CHALLENGE_BEARER };

struct challenge {		/* of a WWW-Authenticate header */
	enum challenge_scheme scheme;
	char realm[2048];	/* Bearer: URL of the token service */
	char service[256];	/* "" when there is none */
	char scope[1024];
};

/* Parses one header's value, which may hold several challenges, and replaces
 * *c when a better scheme is there (Bearer over Basic over none; schemes that
 * we do not know are passed over).  ERR_REMOTE when it is malformed or a value
 * is too long. */
int challenge_parse(const char *header, struct challenge *c, struct err *e)
	MUST_CHECK;

#endif
