/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ne_pool.c - the CPUs that are set aside for enclaves
 *
 * They are offline, and a CPU that is offline has no folder "topology" in
 * /sys: what a core is can be seen of CPU 0, which is never in the pool, and
 * which CPUs of the pool are siblings is known to the driver alone.  That is
 * why ne.c leaves the choice to it.  The link to a CPU's node stays.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "enclave/ne_parts.h"

#define POOL  "/sys/module/nitro_enclaves/parameters/ne_cpus"
#define CPU   "/sys/devices/system/cpu/cpu"
#define NODES "/sys/devices/system/node"

/* Counts the CPUs of a list ("1,5-7"), the form of which is in the kernel's
 * admin-guide, kernel-parameters.  *first is the first.  -1 when it is none. */
static int count_list(const char *text, unsigned *first)
{
	unsigned long from, to, n = 0;
	char *end;

	for (const char *p = text; *p; p = end + (*end == ',')) {
		if (*p < '0' || *p > '9')
			return -1;
		from = to = strtoul(p, &end, 10);
		if (*end == '-' && end[1] >= '0' && end[1] <= '9')
			to = strtoul(end + 1, &end, 10);
		if ((*end && *end != ',') || to < from || to >= NE_CPUS_MAX)
			return -1;
		if (n == 0)
			*first = (unsigned)from;
		n += to - from + 1;
		if (n > NE_CPUS_MAX)
			return -1;
	}
	return (int)n;
}

static void this_node(void *arg, unsigned long n)
{
	int *node = arg;

	if (n <= INT_MAX)
		*node = (int)n;
}

static void one_more(void *arg, unsigned long n)
{
	unsigned *count = arg;

	(void)n;
	(*count)++;
}

/* A kernel without NUMA has neither folder. */
static void find_node(struct ne_pool *p, unsigned cpu)
{
	unsigned nodes = 0;
	char path[64];

	p->node = -1;
	if (ne_sys_numbered(NODES, "node", "", one_more, &nodes) < 0)
		return;
	p->many_nodes = nodes > 1;
	snprintf(path, sizeof(path), CPU "%u", cpu);
	if (ne_sys_numbered(path, "node", "", this_node, &p->node) < 0 ||
	    p->node < 0)
		p->node = p->many_nodes ? -1 : 0;
}

static unsigned threads_of_a_core(void)
{
	char text[4096];
	unsigned first;
	int n;

	if (ne_sys_text(CPU "0/topology/thread_siblings_list", text,
			sizeof(text)) < 0)
		return 1;
	n = count_list(text, &first);
	return n < 1 ? 1 : (unsigned)n;
}

bool ne_driver_is_loaded(void)
{
	char text[4096];

	return ne_sys_text(POOL, text, sizeof(text)) == 0;
}

int ne_pool_read(struct ne_pool *p, struct err *e)
{
	char text[4096];	/* what a parameter of a module can have */
	unsigned first = 0;
	int n;

	*p = (struct ne_pool){ .node = -1 };
	if (ne_sys_text(POOL, text, sizeof(text)) < 0)
		return errno != ENOENT ? err_sys(e, "cannot read '%s'", POOL) :
		       err_set(e, ERR_SYS,
			       "the driver 'nitro_enclaves' is not loaded ('%s' is not there): run 'modprobe nitro_enclaves'",
			       POOL);
	n = count_list(text, &first);
	if (n < 0)
		return err_set(e, ERR_SYS,
			       "'%s' has no list of CPUs: '%.64s'", POOL, text);
	if (n == 0)
		return err_set(e, ERR_SYS,
			       "no CPUs are set aside for enclaves: "
			       NE_ALLOCATOR("cpu_count"));
	p->cpus = (unsigned)n;
	p->threads = threads_of_a_core();
	find_node(p, first);
	return 0;
}
