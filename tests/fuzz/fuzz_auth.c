/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_auth.c - the file of credentials
 */
#include <sys/mman.h>

#include "base/io.h"
#include "fuzz.h"
#include "image/auth.h"

static void look(const char *file, const char *name)
{
	AUTO_AUTH struct auth a = AUTH_INIT;
	struct ref ref;
	struct err e;

	fuzz_must(ref_parse(name, &ref, &e) == 0);
	if (auth_find(file, &ref, &a, &e) < 0)
		return;
	fuzz_must(a.looked_at && !a.user == !a.password);
	if (a.user) {
		AUTO_SECRET char *header = auth_basic(a.user, a.password);

		fuzz_must(strncmp(header, "Basic ", 6) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_CLOSE int fd = memfd_create("auth", MFD_CLOEXEC);
	AUTO_FREE char *file = xasprintf("/proc/self/fd/%d", fd);

	fuzz_must(fd >= 0 && io_pwrite(fd, data, len, 0) == 0);
	look(file, "alpine");
	look(file, "r.io/team/app:1");
	return 0;
}
