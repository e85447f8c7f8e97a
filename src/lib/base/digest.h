/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digest.h - SHA-256 and SHA-384, in one go or in pieces, and hex
 */
#ifndef ENC_DIGEST_H
#define ENC_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"

#define SHA256_LEN 32
#define SHA256_HEX (2 * SHA256_LEN + 1)		/* with the NUL */
#define SHA384_LEN 48
#define SHA384_HEX (2 * SHA384_LEN + 1)

enum digest_alg { DIGEST_SHA256, DIGEST_SHA384 };

struct digest;			/* a running digest */

/* OpenSSL reads its configuration with the first digest, or here: for a
 * program that will not be able to. */
void digest_prepare(void);

/* New running digest; digest_free() it.  Never NULL. */
struct digest *digest_new(enum digest_alg alg);
void digest_update(struct digest *d, const void *data, size_t len);
/* Adds len bytes of fd, from offset on.  Returns 0, or -1 with errno, which is
 * ENODATA for a file that ends before. */
int digest_range(struct digest *d, int fd, uint64_t offset, uint64_t len)
	MUST_CHECK;
/* Writes 32 or 48 bytes; d is ready for a new message afterwards. */
void digest_final(struct digest *d, uint8_t *out);
/* The same as lower-case hex with a NUL (SHA256_HEX or SHA384_HEX bytes). */
void digest_final_hex(struct digest *d, char *out);
void digest_free(struct digest *d);

static inline void digest_freep(struct digest **d)
{
	digest_free(*d);
}
#define AUTO_DIGEST AUTO(digest_freep)

void sha256_hex(const void *data, size_t len, char out[SHA256_HEX]);
void sha384(const void *data, size_t len, uint8_t out[SHA384_LEN]);

/* out gets 2 * len characters and a NUL. */
void hex_encode(const uint8_t *data, size_t len, char *out);
/* Exactly 2 * len hex digits, either case: 0, otherwise -1. */
int hex_decode(const char *hex, size_t hex_len, uint8_t *out, size_t len)
	MUST_CHECK;

/* Is this "sha256:" and 64 lower-case hex digits, no more?  (OCI image spec,
 * descriptor.md, "Digests".)  hex (may be NULL) then points at the digits. */
bool digest_is_sha256(const char *s, const char **hex);

#endif
