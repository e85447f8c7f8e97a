/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oom.c - memory that runs out at the n-th allocation
 *
 * Preloaded (LD_PRELOAD), with the GNU C library alone.  Allocations that
 * libcrypto, libseccomp and libarchive make do not count: these (3.0, 2.5, 3.6)
 * crash by themselves when one fails while they start.
 *
 *   OOM_AT=N        which allocation fails, from 1; without it none does
 *   OOM_STAYS=1     and all that follow, as is usual; or that one alone, which
 *                   is how one big allocation fails
 *   OOM_COUNT=FD    gets how many there were, as decimal digits, at exit()
 */
#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

#define CALLER ((uintptr_t)__builtin_return_address(0))

static atomic_long count;
static long at;
static bool stays;
static struct {
	uintptr_t start, end;
} exempt[4];
static size_t n_exempt;

static long number(const char *name)
{
	const char *text = getenv(name);

	return text ? strtol(text, NULL, 10) : 0;
}

static int look(struct dl_phdr_info *info, size_t size, void *ctx)
{
	(void)size;
	(void)ctx;
	if (!strstr(info->dlpi_name, "/libcrypto.") &&
	    !strstr(info->dlpi_name, "/libseccomp.") &&
	    !strstr(info->dlpi_name, "/libarchive."))
		return 0;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + p->p_vaddr;

		if (p->p_type == PT_LOAD && (p->p_flags & PF_X) &&
		    n_exempt < sizeof(exempt) / sizeof(*exempt)) {
			exempt[n_exempt].start = start;
			exempt[n_exempt++].end = start + p->p_memsz;
		}
	}
	return 0;
}

__attribute__((constructor)) static void begin(void)
{
	dl_iterate_phdr(look, NULL);
	atomic_store(&count, 0);
	stays = number("OOM_STAYS");
	at = number("OOM_AT");
}

__attribute__((destructor)) static void end(void)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%ld", atomic_load(&count));
	int fd = (int)number("OOM_COUNT");

	if (fd > 0 && write(fd, text, (size_t)len) != len)
		abort();
}

static bool fails(uintptr_t caller)
{
	long n;

	for (size_t i = 0; i < n_exempt; i++)
		if (caller >= exempt[i].start && caller < exempt[i].end)
			return false;
	n = atomic_fetch_add(&count, 1) + 1;
	if (at == 0 || n < at || (n > at && !stays))
		return false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return fails(CALLER) ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return fails(CALLER) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	return fails(CALLER) ? NULL : __libc_realloc(p, size);
}
