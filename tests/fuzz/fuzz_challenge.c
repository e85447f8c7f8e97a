/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_challenge.c - WWW-Authenticate headers, one a line
 */
#include "fuzz.h"
#include "image/auth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct challenge c = { .scheme = CHALLENGE_NONE };
	struct err e;

	while (len > 0) {
		AUTO_FREE char *line = fuzz_piece(&data, &len, '\n');
		enum challenge_scheme before = c.scheme;

		if (challenge_parse(line, &c, &e) < 0)
			fuzz_must(c.scheme == before);
		fuzz_must(c.scheme >= before);
	}
	return 0;
}
