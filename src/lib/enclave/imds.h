/* SPDX-License-Identifier: Apache-2.0 */
/*
 * imds.h - the instance's credentials, from its metadata service
 *
 * IMDSv2, EC2 User Guide: a token, the name of the instance's role, that
 * role's temporary credentials.  Three requests to IMDS_HOST, each on a
 * connection of its own; these are their texts and the answers.  They go
 * through the egress proxy of the host, whose policy must allow IMDS_HOST.
 */
#ifndef ENC_IMDS_H
#define ENC_IMDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define IMDS_HOST	"169.254.169.254"
#define IMDS_PORT	80
#define IMDS_ANSWER_MAX 16384u	/* bytes of a body */
#define IMDS_KEY_MAX	128u
#define IMDS_TOKEN_MAX	8192u	/* of a session; they grow over the years */
#define IMDS_ROLE_MAX	64u	/* IAM's limit */
#define IMDS_EARLY	300	/* seconds before the end: get new ones */

struct imds_credentials {
	char	key_id[IMDS_KEY_MAX + 1];
	char	secret[IMDS_KEY_MAX + 1];
	char	token[IMDS_TOKEN_MAX + 1];
	int64_t expires;		/* seconds since 1970; 0: there are none */
};

enum imds_step { IMDS_TOKEN, IMDS_ROLE, IMDS_CREDENTIALS, IMDS_DONE };

/* One fetch, from the first request to the last answer.  Zero it to begin. */
struct imds {
	enum imds_step step;
	char token[IMDS_KEY_MAX + 1];	/* of the service, for a minute */
	char role[IMDS_ROLE_MAX + 1];
};

/* Appends the next request; takes at most 1024 bytes. */
void imds_put_request(const struct imds *m, struct buf *out);

/* The answer to it: goes on to the next step, and with the last, IMDS_DONE,
 * fills in *c.  ERR_REMOTE with what to do: the instance has no role, the
 * service is turned off, the answer is none.  The caller wipes body. */
int imds_take_answer(struct imds *m, unsigned status, const char *body,
		     size_t len, struct imds_credentials *c, struct err *e)
	MUST_CHECK;

/* Are they to be fetched before they are used?  No: they are good until
 * IMDS_EARLY before their end. */
bool imds_is_due(const struct imds_credentials *c, int64_t now);
/* Can they still be used, if there are no others? */
bool imds_is_valid(const struct imds_credentials *c, int64_t now);

/* Wipes. */
void imds_release(struct imds *m);
void imds_credentials_release(struct imds_credentials *c);

#endif
