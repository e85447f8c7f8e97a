/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nitro_console.h - what the kernel of an enclave in debug mode says
 *
 * The hypervisor (CID 0) has it on vsock port 10000 + the enclave's CID.
 */
#ifndef RUN_NITRO_CONSOLE_H
#define RUN_NITRO_CONSOLE_H

#include <stdint.h>

#include "enclave/loop.h"

#define CONSOLE_PORT 10000

struct nitro_console;

/* fn(arg, data, len) for what it says, from the loop.  A console that does not
 * answer is tried again for a while; then cli_warn() says so, which is all that
 * comes of it.  Returns new. */
struct nitro_console *nitro_console_open(struct loop *l, uint32_t cid,
		void (*fn)(void *arg, const char *data, size_t len), void *arg);
/* What has come and was not read yet, when the enclave has ended. */
void nitro_console_drain(struct nitro_console *c);
/* Nothing happens for NULL, here and above. */
void nitro_console_free(struct nitro_console *c);

#endif
