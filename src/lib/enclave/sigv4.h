/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sigv4.h - AWS Signature Version 4
 *
 * "AWS Signature Version 4 for API requests", IAM User Guide: the canonical
 * request, the string to sign, the key.  Every header that is handed in is
 * signed.  Paths are normalised and encoded once more, as all services but S3
 * want it.
 */
#ifndef ENC_SIGV4_H
#define ENC_SIGV4_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"

#define SIGV4_HEADERS_MAX 64u
#define SIGV4_PARAMS_MAX  64u	/* of a query */
#define SIGV4_DATE	  17	/* "20150830T123600Z" and the NUL */
#define SIGV4_REGION_MAX  32u
#define SIGV4_TEXT_MAX	  131072u	/* of what is made: a ceiling for out */

struct sigv4_header {
	const char *name, *value;	/* any case, any blanks */
};

struct sigv4_request {		/* all borrowed */
	const char *method;
	const char *path;	/* as it is sent, beginning with '/' */
	const char *query;	/* after the '?', or "" */
	const struct sigv4_header *headers;	/* Host among them */
	size_t n_headers;			/* up to SIGV4_HEADERS_MAX */
	const char *body_sha256;	/* of the body, in hex */
};

struct sigv4_key {		/* all borrowed */
	const char *key_id, *secret;
	const char *region, *service;
};

/* The time in the form of X-Amz-Date. */
void sigv4_date(int64_t seconds, char out[SIGV4_DATE]);

/* Appends the canonical request.  ERR_INPUT for more headers or parameters
 * than above, or when it would pass out's ceiling. */
int sigv4_canonical(const struct sigv4_request *r, struct buf *out,
		    struct err *e) MUST_CHECK;

/* Appends the value of the Authorization header.  date is the value of
 * X-Amz-Date, which is among the headers.  What was derived from the secret is
 * wiped.  ERR_INPUT as above. */
int sigv4_authorization(const struct sigv4_request *r,
			const struct sigv4_key *key,
			const char date[SIGV4_DATE], struct buf *out,
			struct err *e) MUST_CHECK;

/* What an application's own signature says of where its request goes.  It is
 * looked at for its shape alone: its credentials may be anybody's, and its
 * signature is replaced. */
struct sigv4_scope {
	char region[SIGV4_REGION_MAX + 1];	/* [a-z0-9-], not at the ends */
};

/* The value of an Authorization header: AWS4-HMAC-SHA256 with Credential
 * (KEY/YYYYMMDD/REGION/service/aws4_request), SignedHeaders (host among them)
 * and Signature (64 digits), once each.  ERR_INPUT. */
int sigv4_parse(const char *value, size_t len, const char *service,
		struct sigv4_scope *scope, struct err *e) MUST_CHECK;

#endif
