/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz.h - what the fuzz targets share
 *
 * A target is one LLVMFuzzerTestOneInput() over one parser.  Linked with
 * libFuzzer it is fed (make fuzz), linked with main.c it replays files (make
 * check).  It keeps nothing from one input to the next.
 */
#ifndef ENC_FUZZ_H
#define ENC_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/xalloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What holds for every input; where it does not, a fault was found. */
static inline void fuzz_must(bool holds)
{
	if (!holds)
		abort();
}

/* The next piece of the input, up to the byte end (which is dropped) or all of
 * it, as a string: new, caller frees.  A NUL ends it for who reads strings. */
UNUSED static char *fuzz_piece(const uint8_t **data, size_t *len, char end)
{
	const uint8_t *found = *len ? memchr(*data, end, *len) : NULL;
	size_t n = found ? (size_t)(found - *data) : *len;
	char *text = xmalloc(n + 1);

	if (n)
		memcpy(text, *data, n);
	text[n] = '\0';
	n += found != NULL;
	*data += n;
	*len -= n;
	return text;
}

#endif
