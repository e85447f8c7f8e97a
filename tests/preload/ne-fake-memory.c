/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ne-fake-memory.c - huge pages of an instance that has none
 *
 * They are ordinary memory, aligned as huge pages are.  How many are free is
 * written where the kernel writes it, by a process that gives back what its
 * client had when that is killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ne-fake.h"

#define REGIONS 64
#define NODES	4

struct change {
	long	node;		/* -1: the first that has that many */
	uint64_t page;
	long	count;		/* to take; less than 0: to give back */
};

static struct fake_region regions[REGIONS];
static int keeper = -1;
static pid_t keeper_of;

/* The number of free pages, by way of a file that appears whole: a reader does
 * not lock.  -1: there are no such pages. */
static long free_pages(int node, uint64_t page, long set)
{
	char path[FAKE_PATH], full[FAKE_PATH], temp[FAKE_PATH], text[32];
	int fd;

	snprintf(path, sizeof(path),
		 "sys/devices/system/node/node%d/hugepages/hugepages-%llukB/free_hugepages",
		 node, (unsigned long long)page / 1024);
	fake_text(text, sizeof(text), path);
	if (!*text || set < 0)
		return *text ? strtol(text, NULL, 10) : -1;
	fake_path(temp, "free_hugepages.tmp");
	fake_path(full, "%s", path);
	fd = fake_open(AT_FDCWD, temp, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	dprintf(fd, "%ld\n", set);
	close(fd);
	return rename(temp, full);
}

/* The node that it was, or -1: there are not enough. */
static int change(const struct change *c)
{
	int lock = fake_lock("pages", true), done = -1;

	for (int node = 0; node < NODES && done < 0; node++) {
		long n = free_pages(node, c->page, -1);

		if ((c->node >= 0 && c->node != node) || n < 0 ||
		    n < c->count)
			continue;
		free_pages(node, c->page, n - c->count);
		done = node;
	}
	close(lock);
	return done;
}

static void keep(int fd)
{
	struct change had[REGIONS], c;
	size_t n = 0;

	while (recv(fd, &c, sizeof(c), 0) == sizeof(c)) {
		int node = change(&c);

		c.node = node;
		if (node >= 0 && n < REGIONS)
			had[n++] = c;
		send(fd, &node, sizeof(node), MSG_NOSIGNAL);
	}
	while (n-- > 0) {
		had[n].count = -had[n].count;
		change(&had[n]);
	}
}

static int ask(int node, uint64_t page, long count)
{
	struct change c = { node, page, count };
	pid_t pid;
	int got = -1;

	if (keeper_of != getpid()) {
		keeper = fake_spawn(keep, &pid);
		keeper_of = getpid();
	}
	if (send(keeper, &c, sizeof(c), MSG_NOSIGNAL) != sizeof(c) ||
	    recv(keeper, &got, sizeof(got), 0) != sizeof(got))
		abort();
	return got;
}

struct fake_region *fake_region_of(const void *at, uint64_t size)
{
	const char *p = at;

	for (int i = 0; i < REGIONS; i++)
		if (regions[i].size && regions[i].mapped &&
		    p >= regions[i].at &&
		    p + size <= regions[i].at + regions[i].size)
			return &regions[i];
	return NULL;
}

/* The pages are free when neither we nor an enclave has them. */
static void let_go(struct fake_region *r)
{
	if (r->mapped || r->vm >= 0)
		return;
	ask(r->node, r->page, -(long)(r->size / r->page));
	r->size = 0;
}

void fake_regions_freed(int vm)
{
	for (int i = 0; i < REGIONS; i++)
		if (regions[i].size && regions[i].vm == vm) {
			regions[i].vm = -1;
			let_go(&regions[i]);
		}
}

static void *real_mmap(void *at, size_t size, int prot, int flags, int fd,
		       off_t offset)
{
	void *(*next)(void *, size_t, int, int, int, off_t) =
		fake_next("mmap64");

	return next(at, size, prot, flags, fd, offset);
}

static int real_munmap(void *at, size_t size)
{
	int (*next)(void *, size_t) = fake_next("munmap");

	return next(at, size);
}

static void *huge(size_t size, int flags)
{
	uint64_t page = UINT64_C(1) << ((unsigned)flags >> MAP_HUGE_SHIFT & 63);
	struct fake_region *r;
	char *p, *at;

	for (r = regions; r < regions + REGIONS && r->size; r++)
		;
	if (r == regions + REGIONS || size % page != 0) {
		errno = EINVAL;
		return MAP_FAILED;
	}
	*r = (struct fake_region){ .page = page, .vm = -1, .mapped = true };
	r->node = ask(-1, page, (long)(size / page));
	if (r->node < 0) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	p = real_mmap(NULL, size + page, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		abort();
	at = (char *)(((uintptr_t)p + page - 1) / page * page);
	if (at > p)
		real_munmap(p, (size_t)(at - p));
	if (at < p + page)
		real_munmap(at + size, (size_t)(p + page - at));
	r->at = at;
	r->size = size;
	return at;
}

void *mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset)
{
	if (flags & MAP_HUGETLB && fake_dir())
		return huge(size, flags);
	return real_mmap(at, size, prot, flags, fd, offset);
}

int munmap(void *at, size_t size)
{
	struct fake_region *r = fake_region_of(at, size);

	if (r) {
		r->mapped = false;
		let_go(r);
	}
	return real_munmap(at, size);
}

/* Pages that the node has not cannot be had: EFAULT for a system call. */
static long bind_pages(void *at, uint64_t size, const unsigned long *mask)
{
	struct fake_region *r = fake_region_of(at, size);
	int node = __builtin_ctzl(*mask);
	long count;

	if (getenv("NE_FAKE_NO_MBIND") || !r || r->size != size) {
		errno = EPERM;
		return -1;
	}
	if (node == r->node)
		return 0;
	count = (long)(r->size / r->page);
	ask(r->node, r->page, -count);
	if (ask(node, r->page, count) < 0) {
		ask(r->node, r->page, count);
		return mprotect(at, size, PROT_NONE);
	}
	r->node = node;
	return 0;
}

long syscall(long number, ...)
{
	long (*next)(long, ...) = fake_next("syscall");
	long a[6];
	va_list ap;

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (number == SYS_mbind && fake_dir() && a[2] == MPOL_BIND)
		return bind_pages((void *)a[0], (uint64_t)a[1],
				  (unsigned long *)a[3]);
	return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
