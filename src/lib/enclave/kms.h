/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kms.h - requests to AWS KMS as the proxy in the enclave changes them
 *
 * An application sends an ordinary request of an AWS SDK.  Into the five
 * actions that return plaintext an attestation document is put ("Recipient"),
 * so that KMS encrypts the plaintext to the enclave's key; the request is
 * signed anew with the instance's credentials; and what comes back is put
 * where an SDK looks for it.  KMS API Reference, "Recipient"; Developer Guide,
 * "How AWS Nitro Enclaves uses AWS KMS".
 */
#ifndef ENC_KMS_H
#define ENC_KMS_H

#include "base/buf.h"
#include "base/err.h"
#include "enclave/http1.h"
#include "enclave/imds.h"
#include "enclave/keypair.h"
#include "enclave/manifest.h"
#include "enclave/sigv4.h"

#define KMS_BODY_MAX   131072u	/* bytes of a request's body, as it comes */
#define KMS_ANSWER_MAX 1048576u	/* bytes of an answer's body */
#define KMS_TARGET_MAX 128u
/* Bytes that the request's head and Recipient add at most. */
#define KMS_ADDED_MAX  (2u * NSM_RESPONSE_MAX + 2u * IMDS_TOKEN_MAX + 4096u)
#define KMS_TYPE       "application/x-amz-json-1.1"

/* What is asked of KMS. */
struct kms_call {
	char target[KMS_TARGET_MAX + 1];	/* X-Amz-Target */
	const char *member;	/* of the answer, for the plaintext; NULL: an
				 * action that passes through */
	struct sigv4_scope scope;
};

/* The head of the application's request: POST /, one X-Amz-Target
 * "TrentService.ACTION", one Authorization by sigv4_parse() for kms.
 * ERR_INPUT. */
int kms_read_request(const struct http1_head *h, struct kms_call *c,
		     struct err *e) MUST_CHECK;

/* The authority of KMS for the call's region: the manifest's own, or
 * kms.REGION.amazonaws.com.  New, caller frees. */
char *kms_authority(const struct kms_call *c, const struct manifest *m);

/* Appends the body with Recipient in it, or as it is when it has one of its
 * own (an application that does its own attestation): then c->member becomes
 * NULL.  ERR_INPUT when it is no JSON object. */
int kms_add_recipient(struct kms_call *c, const char *body, size_t len,
		      const struct nsm_bytes *document, struct buf *out,
		      struct err *e) MUST_CHECK;

/* Appends the whole request, signed, to be sent to that authority over TLS.
 * Its connection closes after the answer.  out holds secrets then: wipe it.
 * Its ceiling must leave len + KMS_ADDED_MAX. */
int kms_put_request(const struct kms_call *c, const char *authority,
		    const char *body, size_t len,
		    const struct imds_credentials *cred, int64_t now,
		    struct buf *out, struct err *e) MUST_CHECK;

/* The body of an answer of status 200 to a call with a member: a new text of
 * *out_len bytes with CiphertextForRecipient opened and in its place, which
 * the caller wipes and frees.  NULL and ERR_REMOTE otherwise. */
char *kms_open_answer(const struct kms_call *c, const struct keypair *k,
		      const char *body, size_t len, size_t *out_len,
		      struct err *e) MUST_CHECK;

/* Why KMS says no, as far as it concerns the proxy. */
enum kms_fault {
	KMS_FAULT_OTHER,	/* the application's own matter, or throttling */
	KMS_FAULT_CLOCK,	/* the enclave's clock is wrong */
	KMS_FAULT_CREDENTIALS,	/* expired or unknown: fetch, and try again */
};
enum kms_fault kms_fault_of(unsigned status, const char *body, size_t len);

/* The body of a KMS_FAULT_CLOCK with a sentence more in its message: what the
 * clock says, and what sets it.  New, caller frees. */
char *kms_explain_clock(const char *body, size_t len, int64_t now);

/* A body for an error of the proxy's own, in the form that SDKs show.  New,
 * caller frees. */
char *kms_error_body(const char *sentence);

#endif
