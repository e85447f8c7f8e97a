/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine.c - what an EIF wants of a machine
 */
#include "enc-run/machine.h"

#include <string.h>
#include <sys/utsname.h>

#include "base/arch.h"

#define RULE	    4		/* memory is so many times the EIF */
#define GIB	    (UINT64_C(1) << 30)
#define STEP	    90u		/* seconds for each that was begun: */
#define STEP_EIF    (6 * GIB)
#define STEP_MEMORY (100 * GIB)

int machine_check_arch(const struct eif_info *info, const char *name,
		       struct err *e)
{
	const char *want = arch_machine(eif_arch_oci(info->arch));
	struct utsname u;

	if (uname(&u) < 0)
		return err_sys(e, "cannot tell what machine this is");
	if (strcmp(u.machine, want) == 0)
		return 0;
	return err_set(e, ERR_USAGE,
		       "'%s' is for %s, and this machine is %s: build it for this one (enc-pull --platform)",
		       name, want, u.machine);
}

int machine_check_memory(const struct eif_info *info, uint64_t memory_mib,
			 struct err *e)
{
	uint64_t need = (RULE * info->size + MIB - 1) / MIB;

	if (memory_mib >= need)
		return 0;
	return err_set(e, ERR_USAGE,
		       "the enclave has %llu MiB of memory, and an EIF of this size needs %llu: give --memory-mb %llu, or defaults.memory_mb in the manifest",
		       (unsigned long long)memory_mib,
		       (unsigned long long)need, (unsigned long long)need);
}

static unsigned steps(uint64_t size, uint64_t step)
{
	return (unsigned)(size / step + (size % step != 0));
}

unsigned machine_boot_timeout(uint64_t eif_size, uint64_t memory_mib)
{
	return STEP * (steps(eif_size, STEP_EIF) +
		       steps(memory_mib * MIB, STEP_MEMORY));
}
