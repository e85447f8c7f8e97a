/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ne_pages.c - which huge pages an enclave gets
 *
 * Documentation/admin-guide/mm/hugetlbpage of the kernel: a folder for each
 * size below each node, or, without NUMA, for the machine.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "enclave/ne_parts.h"

#define MACHINE	 "/sys/kernel/mm/hugepages"
#define NODES	 "/sys/devices/system/node"
#define PAGE_MAX (UINT64_C(1) << 40)	/* of one; the largest have 16 GiB */
#define LIST_MAX 400u			/* bytes of what other nodes have */

struct listing {
	char		 folder[64];
	struct ne_pages *pages;
	size_t		 n;
};

/* node -1: of the machine */
static void folder_of(int node, char *out, size_t size)
{
	if (node < 0)
		snprintf(out, size, MACHINE);
	else
		snprintf(out, size, NODES "/node%d/hugepages", node);
}

static uint64_t free_pages(const char *folder, unsigned long kib)
{
	char path[160], text[32], *end;
	unsigned long long n;

	snprintf(path, sizeof(path), "%s/hugepages-%lukB/free_hugepages",
		 folder, kib);
	if (ne_sys_text(path, text, sizeof(text)) < 0)
		return 0;
	n = strtoull(text, &end, 10);
	return *end || n > UINT32_MAX ? 0 : n;
}

/* Sorted, the largest first.  Smaller ones than regions are made of (64 KiB on
 * aarch64) are of no use. */
static void add_size(void *arg, unsigned long kib)
{
	struct listing *l = arg;
	uint64_t size = (uint64_t)kib * 1024;
	size_t at = l->n;

	if (kib > PAGE_MAX / 1024 || size < NE_GRAIN || (size & (size - 1)) ||
	    l->n == NE_PAGES_MAX)
		return;
	for (; at > 0 && l->pages[at - 1].size < size; at--)
		l->pages[at] = l->pages[at - 1];
	l->pages[at] = (struct ne_pages){
		.size = size, .free = free_pages(l->folder, kib),
	};
	l->n++;
}

static size_t list_pages(int node, struct ne_pages pages[NE_PAGES_MAX])
{
	struct listing l = { .pages = pages };

	folder_of(node, l.folder, sizeof(l.folder));
	if (ne_sys_numbered(l.folder, "hugepages-", "kB", add_size, &l) < 0)
		return 0;
	return l.n;
}

static uint64_t mib_free(const struct ne_pages *pages, size_t n)
{
	uint64_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += pages[i].free * pages[i].size;
	return total / NE_MIB;
}

/* As many of each size as fit in, then for the rest one more of the smallest
 * size that has any left.  That one makes some of the smaller superfluous. */
static bool choose(struct ne_pages *pages, size_t n, uint64_t bytes)
{
	uint64_t left = bytes, spare;
	size_t i;

	for (i = 0; i < n; i++) {
		uint64_t fit = left / pages[i].size;

		pages[i].take = fit < pages[i].free ? fit : pages[i].free;
		left -= pages[i].take * pages[i].size;
	}
	if (left == 0)
		return true;
	for (i = n; i > 0 && pages[i - 1].take == pages[i - 1].free; i--)
		;
	if (i == 0)
		return false;
	/* It is larger than what is left, or it would have been taken. */
	pages[i - 1].take++;
	spare = pages[i - 1].size - left;
	for (; i < n; i++) {
		uint64_t drop = spare / pages[i].size;

		if (drop > pages[i].take)
			drop = pages[i].take;
		pages[i].take -= drop;
		spare -= drop * pages[i].size;
	}
	return true;
}

int ne_pages_plan(const struct ne_pool *p, uint64_t bytes,
		  struct ne_pages pages[NE_PAGES_MAX], size_t *n,
		  struct err *e)
{
	*n = list_pages(p->node, pages);
	return choose(pages, *n, bytes) ? 0 : ne_pages_lack(p, bytes, e);
}

struct elsewhere {
	int	    node;		/* of the pool */
	struct buf *text;
};

static void add_node(void *arg, unsigned long n)
{
	struct elsewhere *other = arg;
	struct ne_pages pages[NE_PAGES_MAX];
	size_t count;

	if (n > 4096 || (int)n == other->node ||
	    other->text->len > LIST_MAX - 64)
		return;
	count = list_pages((int)n, pages);
	buf_addf(other->text, "%s%" PRIu64 " MiB on node %lu",
		 other->text->len ? ", " : "; there are ",
		 mib_free(pages, count), n);
}

int ne_pages_lack(const struct ne_pool *p, uint64_t bytes, struct err *e)
{
	AUTO_BUF struct buf others = BUF_INIT(LIST_MAX);
	struct elsewhere other = { p->node, &others };
	struct ne_pages pages[NE_PAGES_MAX];
	uint64_t there = mib_free(pages, list_pages(p->node, pages));
	char where[64] = "";

	if (p->many_nodes && p->node >= 0)
		snprintf(where, sizeof(where),
			 " on NUMA node %d, where the CPU pool is", p->node);
	/* Without it there is only less to tell. */
	if (p->many_nodes &&
	    ne_sys_numbered(NODES, "node", "", add_node, &other) < 0)
		others.len = 0;
	if (there >= bytes / NE_MIB)
		return err_set(e, ERR_SYS,
			       "the kernel does not give %" PRIu64
			       " MiB of the %" PRIu64
			       " MiB of huge pages that are free%s: another enclave may be starting, or this container is allowed fewer (its limit of hugetlb)",
			       bytes / NE_MIB, there, where);
	return err_set(e, ERR_SYS,
		       "the enclave takes %" PRIu64
		       " MiB of huge pages and %" PRIu64
		       " MiB are free%s%s: end another enclave, or "
		       NE_ALLOCATOR("memory_mib"), bytes / NE_MIB, there, where,
		       others.len ? others.data : "");
}
