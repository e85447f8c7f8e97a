/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heartbeat.h - the parent's end of what an enclave says when its kernel is up
 *
 * nitro-cli's protocol: the enclave calls vsock port 9000 of its parent, sends
 * the byte 0xB7 and gets it back; AWS's init ends without.  The port is one for
 * all enclaves of an instance, so those who start them take turns for it.
 *
 * Trust: whoever calls is not who he says, but the kernel says who it is.
 */
#ifndef RUN_HEARTBEAT_H
#define RUN_HEARTBEAT_H

#include <stdint.h>

#include "base/err.h"
#include "enclave/loop.h"

#define HEARTBEAT_PORT 9000
#define HEARTBEAT_BYTE 0xb7

struct heartbeat;

/* Has the port from now on.  While somebody else has it this waits, at most
 * wait_ms, and gives up when SIGHUP, SIGINT or SIGTERM is pending.  Returns
 * new, or NULL: ERR_SYS. */
struct heartbeat *heartbeat_listen(struct loop *l, uint64_t wait_ms,
				   struct err *e) MUST_CHECK;

/* From now on the enclave with that CID is answered, once: booted(arg) is called
 * from the loop, and the port is free for the next.  Others that call are hung
 * up on.  ERR_SYS. */
int heartbeat_answer(struct heartbeat *h, uint32_t cid,
		     void (*booted)(void *arg), void *arg, struct err *e)
	MUST_CHECK;

/* Nothing happens for NULL. */
void heartbeat_free(struct heartbeat *h);

#endif
