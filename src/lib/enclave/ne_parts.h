/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ne_parts.h - what the files of ne share among themselves
 */
#ifndef ENC_NE_PARTS_H
#define ENC_NE_PARTS_H

#include <stddef.h>

#include "enclave/ne.h"

#define NE_MIB (UINT64_C(1) << 20)
#define NE_GRAIN (2 * NE_MIB)		/* of regions, the driver's */

/* Where people change what there is for enclaves, as the end of a sentence. */
#define NE_ALLOCATOR(member)						\
	"set " member " in '/etc/nitro_enclaves/allocator.yaml' and run "	\
	"'systemctl restart nitro-enclaves-allocator'"

/* The memory that an enclave is to have, in whole regions. */
static inline uint64_t ne_bytes(const struct ne_want *w)
{
	return (w->memory_mib * NE_MIB + NE_GRAIN - 1) / NE_GRAIN * NE_GRAIN;
}

/* The text of a small file below /sys without its final newline.  -1 with
 * errno; EFBIG when it has no room. */
int ne_sys_text(const char *path, char *text, size_t size) MUST_CHECK;
/* Calls fn(arg, N) for each entry of a folder that is PREFIX, a decimal number
 * and SUFFIX.  -1 with errno. */
int ne_sys_numbered(const char *folder, const char *prefix, const char *suffix,
		    void (*fn)(void *arg, unsigned long n), void *arg)
	MUST_CHECK;

/* The CPUs that are set aside for enclaves. */
struct ne_pool {
	unsigned cpus;		/* all of them, also those in use */
	unsigned threads;	/* CPUs of a core */
	int	 node;		/* the NUMA node; -1: the machine has none */
	bool	 many_nodes;	/* it is not the only one */
};

bool ne_driver_is_loaded(void);
int ne_pool_read(struct ne_pool *p, struct err *e) MUST_CHECK;

/* Huge pages of one size, where the pool is. */
struct ne_pages {
	uint64_t size;		/* bytes, a power of two, NE_GRAIN or more */
	uint64_t free;		/* now */
	uint64_t take;
};

#define NE_PAGES_MAX 8		/* sizes; the kernel has four at most */

/* Those for at least that many bytes, a multiple of NE_GRAIN: the largest
 * first, as few as will do, no more than needed where there is a choice.
 * *n is their number; some may have nothing to take. */
int ne_pages_plan(const struct ne_pool *p, uint64_t bytes,
		  struct ne_pages pages[NE_PAGES_MAX], size_t *n,
		  struct err *e) MUST_CHECK;
/* The fault of a machine that has too few of them. */
int ne_pages_lack(const struct ne_pool *p, uint64_t bytes, struct err *e);

/* Memory of an enclave: regions, one after the other. */
struct ne_region {
	void	*at;
	uint64_t size;		/* bytes */
	uint64_t page;		/* bytes of each page */
};

struct ne_memory {
	struct ne_region regions[NE_PAGES_MAX];
	size_t		 n;
	uint64_t	 size;	/* of all regions */
};

/* Takes the pages of the plan for want->memory_mib.  Each is there, and ours,
 * afterwards.  Zero *m before; on failure it is still to be released. */
int ne_memory_take(struct ne_memory *m, const struct ne_pool *p,
		   const struct ne_want *w, struct err *e) MUST_CHECK;
/* Puts the EIF at that offset of it. */
int ne_memory_fill(const struct ne_memory *m, uint64_t offset,
		   const struct ne_want *w, struct err *e) MUST_CHECK;
void ne_memory_release(struct ne_memory *m);

/* "cannot DO: why, and what to do", by errno, which may be the driver's. */
int ne_fault(struct err *e, const char *what);

#endif
