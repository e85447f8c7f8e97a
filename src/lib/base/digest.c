/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digest.c - SHA-256 and SHA-384 by OpenSSL
 */
#include "base/digest.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/io.h"
#include "base/xalloc.h"

#define RANGE_CHUNK (256U << 10)

struct digest {
	EVP_MD_CTX   *ctx;
	const EVP_MD *md;
	unsigned int  len;
};

/* With these two algorithms and valid arguments OpenSSL has one way to fail. */
static void must(int ok)
{
	if (ok != 1)
		oom();
}

void digest_prepare(void)
{
	must(OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL));
}

struct digest *digest_new(enum digest_alg alg)
{
	struct digest *d = xcalloc(1, sizeof(*d));

	d->md = alg == DIGEST_SHA256 ? EVP_sha256() : EVP_sha384();
	d->len = alg == DIGEST_SHA256 ? SHA256_LEN : SHA384_LEN;
	d->ctx = EVP_MD_CTX_new();
	if (!d->ctx)
		oom();
	must(EVP_DigestInit_ex(d->ctx, d->md, NULL));
	return d;
}

void digest_update(struct digest *d, const void *data, size_t len)
{
	must(EVP_DigestUpdate(d->ctx, data, len));
}

int digest_range(struct digest *d, int fd, uint64_t offset, uint64_t len)
{
	AUTO_FREE char *chunk = xmalloc(RANGE_CHUNK);

	while (len > 0) {
		size_t want = len < RANGE_CHUNK ? (size_t)len : RANGE_CHUNK;
		ssize_t n = io_pread(fd, chunk, want, offset);

		if (n < 0)
			return -1;
		if ((size_t)n < want) {
			errno = ENODATA;
			return -1;
		}
		digest_update(d, chunk, want);
		offset += want;
		len -= want;
	}
	return 0;
}

void digest_final(struct digest *d, uint8_t *out)
{
	must(EVP_DigestFinal_ex(d->ctx, out, NULL));
	must(EVP_DigestInit_ex(d->ctx, d->md, NULL));
}

void digest_final_hex(struct digest *d, char *out)
{
	uint8_t raw[EVP_MAX_MD_SIZE];

	digest_final(d, raw);
	hex_encode(raw, d->len, out);
}

void digest_free(struct digest *d)
{
	if (!d)
		return;
	EVP_MD_CTX_free(d->ctx);
	free(d);
}

void sha256_hex(const void *data, size_t len, char out[SHA256_HEX])
{
	AUTO_DIGEST struct digest *d = digest_new(DIGEST_SHA256);

	digest_update(d, data, len);
	digest_final_hex(d, out);
}

void sha384(const void *data, size_t len, uint8_t out[SHA384_LEN])
{
	AUTO_DIGEST struct digest *d = digest_new(DIGEST_SHA384);

	digest_update(d, data, len);
	digest_final(d, out);
}

void hex_encode(const uint8_t *data, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[data[i] >> 4];
		out[2 * i + 1] = digits[data[i] & 15];
	}
	out[2 * len] = '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int hex_decode(const char *hex, size_t hex_len, uint8_t *out, size_t len)
{
	if (hex_len != 2 * len)
		return -1;
	for (size_t i = 0; i < len; i++) {
		int high = hex_digit(hex[2 * i]);
		int low = hex_digit(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return -1;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

bool digest_is_sha256(const char *s, const char **hex)
{
	if (strncmp(s, "sha256:", 7) != 0)
		return false;
	s += 7;
	if (strspn(s, "0123456789abcdef") != 64 || s[64] != '\0')
		return false;
	if (hex)
		*hex = s;
	return true;
}
