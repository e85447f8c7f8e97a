/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame.h - what the two egress proxies say to each other over vsock
 *
 * enclave → host: a frame with {"host":"…","port":N}; host → enclave: a frame
 * with "Ok" or {"Err":{"os_code":N,"message":"…"}}; then the connection's raw
 * bytes.  A frame is its length, 16 bits, little-endian, and that many bytes of
 * JSON.  The texts are those of Enclaver's proxies, which may be at the other
 * end.  Both sides take the other for hostile.
 */
#ifndef ENC_FRAME_H
#define ENC_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "enclave/host.h"

#define FRAME_MAX	  4096u	/* bytes of JSON that are taken */
#define FRAME_HEAD	  2u	/* bytes of the length */
#define FRAME_MESSAGE_MAX 512u	/* bytes of a message, with the NUL */

struct frame_answer {
	bool ok;
	int  os_code;			/* errno on the host, 0: none */
	char message[FRAME_MESSAGE_MAX];	/* for a person: no controls */
};

/* 1 when a whole frame is there: *total bytes of data, length and JSON.  0 when
 * more is wanted; -1, ERR_REMOTE, for one of no bytes or of more than
 * FRAME_MAX. */
int frame_scan(const void *data, size_t len, size_t *total, struct err *e)
	MUST_CHECK;

/* Appends the frame that asks for a connection to h, port 1 to 65535.  Takes
 * at most 512 bytes. */
void frame_put_request(const struct host *h, uint16_t port, struct buf *out);

/* The frame of total bytes that frame_scan() found, as the host reads it.
 * ERR_REMOTE, also where host_parse() would not have the host.  Members that
 * are not known are passed over. */
int frame_parse_request(const void *frame, size_t total, struct host *h,
			uint16_t *port, struct err *e) MUST_CHECK;

/* Appends the host's answer: done, or errno and a sentence, which is cut at
 * FRAME_MESSAGE_MAX.  Takes at most FRAME_MAX bytes. */
void frame_put_ok(struct buf *out);
void frame_put_error(int os_code, const char *message, struct buf *out);

/* The frame of total bytes that frame_scan() found, as the enclave reads it:
 * 0 and *a, or -1 and ERR_REMOTE for what is no answer. */
int frame_parse_answer(const void *frame, size_t total, struct frame_answer *a,
		       struct err *e) MUST_CHECK;

#endif
