/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ne_error.c - what the driver's error numbers mean, and what to do
 *
 * They are numbers that errno has not (256 and up).  Some can only come when
 * driver and library do not agree: they are told apart all the same, since the
 * number alone is what made people ask.
 */
#include <errno.h>
#include <string.h>

#include <linux/nitro_enclaves.h>

#include "base/compiler.h"
#include "enclave/ne_parts.h"

#define REPORT ", which should not happen: please report it"

static const struct fault {
	int	    number;
	const char *name;
	const char *text;
} faults[] = {
#define FAULT(name, text) { name, #name, text }
	FAULT(NE_ERR_VCPU_ALREADY_USED,
	      "the enclave was given a CPU that it has" REPORT),
	FAULT(NE_ERR_VCPU_NOT_IN_CPU_POOL,
	      "that CPU is not free in the pool, which may have been changed just now: try again, or "
	      NE_ALLOCATOR("cpu_count")),
	FAULT(NE_ERR_VCPU_INVALID_CPU_CORE,
	      "the pool has a CPU of a core that the driver does not know: the pool must be whole cores of one NUMA node: "
	      NE_ALLOCATOR("cpu_count instead of cpu_pool")),
	FAULT(NE_ERR_INVALID_MEM_REGION_SIZE,
	      "a part of the memory is no multiple of 2 MiB" REPORT),
	FAULT(NE_ERR_INVALID_MEM_REGION_ADDR,
	      "a part of the memory is not this process's" REPORT),
	FAULT(NE_ERR_UNALIGNED_MEM_REGION_ADDR,
	      "a part of the memory does not begin at a multiple of 2 MiB"
	      REPORT),
	FAULT(NE_ERR_MEM_REGION_ALREADY_USED,
	      "a part of the memory was given twice" REPORT),
	FAULT(NE_ERR_MEM_NOT_HUGE_PAGE,
	      "the memory is not huge pages: the kernel may have none left: look at /sys/devices/system/node/node*/hugepages and "
	      NE_ALLOCATOR("memory_mib")),
	FAULT(NE_ERR_MEM_DIFFERENT_NUMA_NODE,
	      "the memory is of another NUMA node than the CPU pool: huge pages must be set aside on the node of the pool ("
	      NE_ALLOCATOR("memory_mib")
	      "), and a container needs CAP_SYS_NICE to choose a node"),
	FAULT(NE_ERR_MEM_MAX_REGIONS,
	      "the memory is in more pieces than an enclave may have: it takes larger huge pages, or less memory: reboot the instance, so that memory is whole again, or ask for less"),
	FAULT(NE_ERR_NO_MEM_REGIONS_ADDED,
	      "the enclave has no memory" REPORT),
	FAULT(NE_ERR_NO_VCPUS_ADDED,
	      "the enclave has no CPU" REPORT),
	FAULT(NE_ERR_ENCLAVE_MEM_MIN_SIZE,
	      "an enclave has at least 64 MiB of memory: ask for more"),
	FAULT(NE_ERR_FULL_CORES_NOT_USED,
	      "an enclave gets whole cores: ask for a number of CPUs that is a multiple of a core's (two on most x86_64 instances)"),
	FAULT(NE_ERR_NOT_IN_INIT_STATE,
	      "the enclave was started already" REPORT),
	FAULT(NE_ERR_INVALID_VCPU,
	      "the pool has a CPU that this machine has not: "
	      NE_ALLOCATOR("cpu_count instead of cpu_pool")),
	FAULT(NE_ERR_NO_CPUS_AVAIL_IN_POOL,
	      "no CPU of the pool for enclaves is free: end another enclave, or "
	      NE_ALLOCATOR("a larger cpu_count")),
	FAULT(NE_ERR_INVALID_PAGE_SIZE,
	      "the memory is pages of another size than a multiple of 2 MiB: huge pages of 2 MiB or 1 GiB are needed: "
	      NE_ALLOCATOR("memory_mib")),
	FAULT(NE_ERR_INVALID_FLAG_VALUE,
	      "this driver does not know what it is asked for: it may be older than this program: update the kernel"),
	FAULT(NE_ERR_INVALID_ENCLAVE_CID,
	      "an enclave's CID is 4 or more, and not 4294967295: ask for another, or for none"),
#undef FAULT
};

int ne_fault(struct err *e, const char *what)
{
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		if (faults[i].number == errno)
			return err_set(e, ERR_SYS, "cannot %s: %s (%s)", what,
				       faults[i].text, faults[i].name);
	return err_sys(e, "cannot %s", what);
}
