/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_gunzip.c - gzip in pieces: the first byte says how large they are
 */
#include "fuzz.h"
#include "image/gunzip.h"

#define OUT_MAX ((size_t)4 << 20)	/* a bomb is the caller's to refuse */

struct source {
	const uint8_t *data;
	size_t len, piece;
};

static ssize_t give(void *ctx, const void **data, struct err *e)
{
	struct source *s = ctx;
	size_t n = s->len < s->piece ? s->len : s->piece;

	(void)e;
	*data = s->data;
	s->data += n;
	s->len -= n;
	return (ssize_t)n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_GUNZIP struct gunzip *g = NULL;
	struct source s;
	volatile uint8_t last;
	const void *out;
	size_t total = 0;
	struct err e;
	ssize_t n;

	if (len == 0)
		return 0;
	s = (struct source){ data + 1, len - 1, data[0] ? data[0] : 65536 };
	g = gunzip_new(give, &s, "input");
	while (total < OUT_MAX && (n = gunzip_read(g, &out, &e)) > 0) {
		last = ((const uint8_t *)out)[n - 1];
		(void)last;
		total += (size_t)n;
	}
	return 0;
}
