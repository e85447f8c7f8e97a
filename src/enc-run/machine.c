/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine.c - what this machine is, against what an EIF is for
 */
#include "enc-run/machine.h"

#include <string.h>
#include <sys/utsname.h>

int machine_check_arch(const struct eif_info *info, const char *name,
		       struct err *e)
{
	const char *want = info->arch == EIF_X86_64 ? "x86_64" : "aarch64";
	struct utsname u;

	if (uname(&u) < 0)
		return err_sys(e, "cannot tell what machine this is");
	if (strcmp(u.machine, want) == 0)
		return 0;
	return err_set(e, ERR_USAGE,
		       "'%s' is for %s, and this machine is %s: build it for this one (enc-pull --platform)",
		       name, want, u.machine);
}
