/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nsm.h - the Nitro Security Module: what is asked and what it answers
 *
 * CBOR both ways, in the shapes of AWS's nsm-api.  Texts are made and read by
 * nsm.c; nsm_device.c puts them through the one ioctl of /dev/nsm
 * (linux/nsm.h).  A call takes a millisecond or so and blocks.
 */
#ifndef ENC_NSM_H
#define ENC_NSM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include "base/buf.h"
#include "base/err.h"

#define NSM_REQUEST_MAX	   4096u	/* the driver's limits */
#define NSM_RESPONSE_MAX   12288u
#define NSM_USER_DATA_MAX  512u		/* of an attestation document */
#define NSM_NONCE_MAX	   512u
#define NSM_PUBLIC_KEY_MAX 1024u
#define NSM_PCRS	   32u
#define NSM_PCR_MAX	   64u		/* bytes of a value: SHA-512's */
#define NSM_EXTEND_MAX	   512u		/* bytes that we measure at once */

struct nsm_bytes {		/* borrowed; data NULL: absent */
	const void *data;
	size_t len;
};

/* What an attestation document is to carry. */
struct nsm_attest {
	struct nsm_bytes user_data, nonce, public_key;
};

struct nsm_pcr {
	bool	locked;
	size_t	len;		/* 48 for SHA-384 */
	uint8_t value[NSM_PCR_MAX];
};

/* Each appends one request; the lengths are those above, which the caller has
 * checked, and out's ceiling is NSM_REQUEST_MAX. */
void nsm_put_random(struct buf *out);
void nsm_put_describe_pcr(unsigned index, struct buf *out);
void nsm_put_extend_pcr(unsigned index, const void *data, size_t len,
			struct buf *out);
void nsm_put_lock_pcr(unsigned index, struct buf *out);
void nsm_put_attestation(const struct nsm_attest *a, struct buf *out);

/* Each reads the answer to that request.  An error that the NSM answers with
 * becomes a sentence: ERR_NO for a PCR that is locked, ERR_INPUT where what was
 * asked is wrong, ERR_SYS for its own troubles and for what is no answer.
 * Bytes are borrowed from the answer. */
int nsm_get_random(const void *answer, size_t len, struct nsm_bytes *random,
		   struct err *e) MUST_CHECK;
int nsm_get_describe_pcr(const void *answer, size_t len, struct nsm_pcr *pcr,
			 struct err *e) MUST_CHECK;
/* pcr->locked is not told and false. */
int nsm_get_extend_pcr(const void *answer, size_t len, struct nsm_pcr *pcr,
		       struct err *e) MUST_CHECK;
int nsm_get_lock_pcr(const void *answer, size_t len, struct err *e) MUST_CHECK;
int nsm_get_attestation(const void *answer, size_t len,
			struct nsm_bytes *document, struct err *e) MUST_CHECK;

/* Its ioctl: linux/nsm.h, which most systems do not have yet. */
struct nsm_raw {
	struct iovec request, response;
};
#define NSM_IOCTL _IOWR(0x0a, 0, struct nsm_raw)

/* The device.  ERR_SYS when there is none: this is no enclave, or its kernel
 * has no driver.  The caller closes the descriptor. */
int nsm_open(struct err *e) MUST_CHECK;

/* The calls, on a descriptor of nsm_open(). */

/* Fills out by as many calls as it takes. */
int nsm_random(int fd, void *out, size_t len, struct err *e) MUST_CHECK;
/* index is below NSM_PCRS. */
int nsm_describe_pcr(int fd, unsigned index, struct nsm_pcr *pcr,
		     struct err *e) MUST_CHECK;
/* Measures data into a PCR: value = SHA-384(value ‖ data); *pcr is the new
 * one.  Registers from 16 on are the application's. */
int nsm_extend_pcr(int fd, unsigned index, const void *data, size_t len,
		   struct nsm_pcr *pcr, struct err *e) MUST_CHECK;
int nsm_lock_pcr(int fd, unsigned index, struct err *e) MUST_CHECK;
/* Appends the document, see attestation.h, to out: at most NSM_RESPONSE_MAX
 * bytes, which its ceiling must leave. */
int nsm_attest(int fd, const struct nsm_attest *a, struct buf *out,
	       struct err *e) MUST_CHECK;

#endif
