/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isal.c - Intel's ISA-L, when it is installed
 */
#include "base/isal.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "base/compiler.h"

static struct isal found;
static bool is_found;

#ifdef HAVE_ISAL
/* A function's address out of the library; ISO C has no cast for it. */
static bool take(void *lib, const char *name, void *function)
{
	void *address = dlsym(lib, name);

	memcpy(function, &address, sizeof(address));
	return address != NULL;
}

static void look(void)
{
	void *lib;

	if (getenv("ENC_NO_ISAL"))
		return;
	lib = dlopen("libisal.so.2", RTLD_NOW | RTLD_LOCAL);
	if (!lib)
		return;
	is_found = take(lib, "isal_inflate_init", &found.inflate_init) &&
		   take(lib, "isal_inflate_reset", &found.inflate_reset) &&
		   take(lib, "isal_inflate", &found.inflate) &&
		   take(lib, "isal_gzip_header_init", &found.header_init) &&
		   take(lib, "isal_read_gzip_header", &found.header) &&
		   take(lib, "crc32_gzip_refl", &found.crc32);
}
#else
static void look(void)
{
}
#endif

const struct isal *isal(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, look);
	return is_found ? &found : NULL;
}

uint32_t crc32_more(uint32_t crc, const void *data, size_t len)
{
	const struct isal *fast = isal();

	if (fast)
		return fast->crc32(crc, data, len);
	return (uint32_t)crc32_z(crc, data, len);
}
