/* SPDX-License-Identifier: Apache-2.0 */
/*
 * files.c - how many descriptors there may be, and so how many connections
 */
#include "enclave/files.h"

size_t files_raise(struct rlimit *had)
{
	struct rlimit want;

	if (getrlimit(RLIMIT_NOFILE, had) < 0)
		*had = (struct rlimit){ 1024, 1024 };
	want = *had;
	if (want.rlim_max < FILES_MAX)
		want.rlim_max = FILES_MAX;	/* root may */
	want.rlim_cur = want.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &want) < 0) {
		want = *had;
		want.rlim_cur = want.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &want) < 0)
			want.rlim_cur = had->rlim_cur;
	}
	if (want.rlim_cur > FILES_MAX)
		want.rlim_cur = FILES_MAX;
	return want.rlim_cur > 2 * FILES_OWN ?
	       (size_t)(want.rlim_cur - FILES_OWN) / 2 : FILES_OWN / 2;
}
