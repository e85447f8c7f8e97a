/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api.h - the API that odyn gives the application: what is answered
 *
 * odyn(8), "The API".  A request that http1.h has read goes in, a whole answer
 * comes out; the NSM is asked meanwhile.
 *
 *	POST /v1/attestation	  {"nonce","public_key","user_data"} → CBOR
 *	GET  /v1/random?length=N  → {"random_bytes":"0x…"}
 *	GET  /v1/health
 *	POST /v1/pcr/N/extend	  {"data"} → the register
 *	POST /v1/pcr/N/lock	  → the register
 *
 * On the auxiliary port, which may be open to strangers, there are attestation
 * alone, with a nonce of the caller's and nothing else, and health.
 */
#ifndef ENC_API_H
#define ENC_API_H

#include "base/buf.h"
#include "enclave/http1.h"

#define API_BODY_MAX	 16384u	/* bytes of a request's body */
#define API_RANDOM	 32u	/* bytes without "length" */
#define API_RANDOM_MAX	 1024u
#define API_PCR_FIRST	 16u	/* of the registers that the application has */
#define API_REPLY_MAX	 65536u

enum api_port { API_INTERNAL, API_AUXILIARY };

struct api_reply {
	unsigned    status;
	const char *type;	/* Content-Type; NULL: a sentence */
	const char *allow;	/* for 405 */
	struct buf  body;	/* may hold secrets: released by the call below */
};

#define API_REPLY_INIT { .status = 0, .body = BUF_INIT(API_REPLY_MAX) }
#define AUTO_API_REPLY AUTO(api_reply_release)

/* The answer to a request with the whole of its body; nsm is a descriptor of
 * nsm_open(), or -1 where there is none: then what needs it gets a 503. */
void api_answer(enum api_port port, const struct http1_head *h,
		const char *body, size_t len, int nsm, struct api_reply *r);

/* Wipes and frees the body. */
void api_reply_release(struct api_reply *r);

#endif
