/* SPDX-License-Identifier: Apache-2.0 */
/*
 * without.c - "without CALL ERRNO COMMAND...": a kernel that lacks a call
 *
 * Runs the command where the system call of that name fails with that number,
 * as it does on older kernels and in containers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <seccomp.h>

int main(int argc, char **argv)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int nr = argc > 3 ? seccomp_syscall_resolve_name(argv[1]) : -1;

	if (!ctx || nr < 0 ||
	    seccomp_rule_add(ctx, SCMP_ACT_ERRNO(strtoul(argv[2], NULL, 10)),
			     nr, 0) < 0 ||
	    seccomp_load(ctx) < 0) {
		fputs("usage: without CALL ERRNO COMMAND...\n", stderr);
		return 2;
	}
	execvp(argv[3], argv + 3);
	perror(argv[3]);
	return 2;
}
