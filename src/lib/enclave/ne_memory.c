/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ne_memory.c - huge pages for an enclave, and the EIF in them
 *
 * What the enclave was given must not be touched any more by us: the machine
 * does not have it.  It stays mapped, as the driver's users have always done,
 * and is kept out of core dumps and of children.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/mempolicy.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/io.h"
#include "enclave/ne_parts.h"

#define NODES_MAX 1024			/* CONFIG_NODES_SHIFT is 10 at most */
#define WORD_BITS (8 * sizeof(unsigned long))
#define CHUNK	  ((uint64_t)16 << 20)
#define TRIES	  4

/* The pages of a mapping come from that node alone.  A container may not say
 * so (EPERM without CAP_SYS_NICE); then the driver looks at what came. */
static int bind_to_node(void *at, uint64_t size, int node)
{
	unsigned long mask[NODES_MAX / WORD_BITS] = { 0 };

	if (node >= NODES_MAX)
		return 0;
	mask[(size_t)node / WORD_BITS] |= 1ul << (size_t)node % WORD_BITS;
	/* The kernel looks at one bit less than it is told. */
	if (syscall(SYS_mbind, at, (unsigned long)size, MPOL_BIND, mask,
		    (unsigned long)NODES_MAX + 1, 0u) == 0)
		return 0;
	return errno == EPERM || errno == ENOSYS ? 0 : -1;
}

/* A page that cannot be had is SIGBUS for who writes to it, and EFAULT when the
 * kernel does: a byte of the EIF is read into each, on every kernel that has
 * the driver (MADV_POPULATE_WRITE is younger).  -1 with errno. */
static int touch(const struct ne_region *r, const struct ne_want *w)
{
	unsigned char *page = r->at;

	for (uint64_t done = 0; done < r->size; done += r->page) {
		ssize_t n = io_pread(w->eif, page + done, 1, w->base);

		if (n == 0)
			errno = ENODATA;
		if (n != 1)
			return -1;
		page[done] = 0;
	}
	return 0;
}

static int map_pages(struct ne_region *r, const struct ne_pages *pages)
{
	int log = __builtin_ctzll(pages->size);
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB;

	flags |= (int)((unsigned)log << MAP_HUGE_SHIFT);
	*r = (struct ne_region){ .size = pages->take * pages->size,
				 .page = pages->size };
	r->at = mmap(NULL, r->size, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (r->at == MAP_FAILED)
		return -1;
	/* Hints: an old kernel that does not know them starts enclaves too. */
	madvise(r->at, r->size, MADV_DONTDUMP);
	madvise(r->at, r->size, MADV_DONTFORK);
	return 0;
}

/* All of one size in one region: a driver that joins pages which happen to be
 * neighbours does so within a region, and an enclave may have only so many.
 * 1: there are fewer than there were. */
static int take_planned(struct ne_memory *m, const struct ne_pool *p,
			const struct ne_want *w, const struct ne_pages *pages,
			size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct ne_region *r = &m->regions[m->n];

		if (pages[i].take == 0)
			continue;
		if (map_pages(r, &pages[i]) < 0)
			return errno == ENOMEM ? 1 :
			       err_sys(e, "cannot map huge pages");
		m->n++;
		m->size += r->size;
		if (p->many_nodes && p->node >= 0 &&
		    bind_to_node(r->at, r->size, p->node) < 0)
			return err_sys(e, "cannot choose NUMA node %d",
				       p->node);
		if (touch(r, w) < 0)
			return errno == EFAULT ? 1 :
			       err_sys(e, "cannot read '%s'", w->eif_name);
	}
	return 0;
}

/* Somebody else may start an enclave at this moment and take what was free: the
 * rest may still do, as other sizes. */
int ne_memory_take(struct ne_memory *m, const struct ne_pool *p,
		   const struct ne_want *w, struct err *e)
{
	for (unsigned i = 0; i < TRIES; i++) {
		struct ne_pages pages[NE_PAGES_MAX];
		size_t n;
		int ret;

		if (ne_pages_plan(p, ne_bytes(w), pages, &n, e) < 0)
			return -1;
		ret = take_planned(m, p, w, pages, n, e);
		if (ret <= 0)
			return ret;
		ne_memory_release(m);
	}
	return ne_pages_lack(p, ne_bytes(w), e);
}

int ne_memory_fill(const struct ne_memory *m, uint64_t offset,
		   const struct ne_want *w, struct err *e)
{
	uint64_t begin = 0, done = 0;	/* of the region; of the EIF */

	if (offset > m->size || w->size > m->size - offset)
		return err_set(e, ERR_USAGE,
			       "'%s' does not fit into the memory of its enclave",
			       w->eif_name);
	for (size_t i = 0; i < m->n; begin += m->regions[i++].size) {
		const struct ne_region *r = &m->regions[i];

		while (done < w->size && offset + done - begin < r->size) {
			uint64_t at = offset + done - begin, len = CHUNK;
			ssize_t got;

			if (len > r->size - at)
				len = r->size - at;
			if (len > w->size - done)
				len = w->size - done;
			got = io_pread(w->eif, (char *)r->at + at, len,
				       w->base + done);
			if (got < 0)
				return err_sys(e, "cannot read '%s'",
					       w->eif_name);
			if ((uint64_t)got < len)
				return err_set(e, ERR_INPUT,
					       "'%s' ends early, it was changed meanwhile",
					       w->eif_name);
			done += len;
		}
	}
	return 0;
}

void ne_memory_release(struct ne_memory *m)
{
	while (m->n > 0) {
		m->n--;
		munmap(m->regions[m->n].at, m->regions[m->n].size);
	}
	m->size = 0;
}
