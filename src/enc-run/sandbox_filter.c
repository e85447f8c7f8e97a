/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_filter.c - what leads out of a sandbox in spite of its namespaces
 *
 * A network namespace does not hold every kind of socket: AF_VSOCK for one
 * reaches the host's peers from any, and keys have no namespace at all.  Programs
 * see a kernel without them.
 */
#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>

#include <seccomp.h>

#include "base/cleanup.h"
#include "enc-run/sandbox_parts.h"

/* libseccomp's macros of arguments leave out the last member of theirs. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/* The families that stay inside of a network namespace. */
static const bool inside[AF_PACKET + 1] = {
	[AF_UNIX] = true, [AF_INET] = true, [AF_INET6] = true,
	[AF_NETLINK] = true, [AF_PACKET] = true,
};

/* io_uring makes sockets too, and no filter sees it.  No namespace holds
 * keyrings(7): those of a user, or of a session, are the same everywhere. */
static const char *const missing[] = {
	"io_uring_setup", "io_uring_enter", "io_uring_register",
	"add_key", "request_key", "keyctl",
};

static int refuse_sockets(scmp_filter_ctx ctx)
{
	const uint32_t refuse = SCMP_ACT_ERRNO(EAFNOSUPPORT);

	for (unsigned f = 0; f < ARRAY_SIZE(inside); f++)
		if (!inside[f] &&
		    seccomp_rule_add(ctx, refuse, SCMP_SYS(socket), 1,
				     SCMP_A0_32(SCMP_CMP_EQ, f)) < 0)
			return -1;
	return seccomp_rule_add(ctx, refuse, SCMP_SYS(socket), 1,
				SCMP_A0_32(SCMP_CMP_GT, AF_PACKET));
}

static int refuse_calls(scmp_filter_ctx ctx)
{
	for (size_t i = 0; i < ARRAY_SIZE(missing); i++) {
		int nr = seccomp_syscall_resolve_name(missing[i]);

		if (nr >= 0 && seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS),
						nr, 0) < 0)
			return -1;
	}
	return 0;
}

static void release(scmp_filter_ctx *ctx)
{
	seccomp_release(*ctx);
}

int sandbox_filter(const struct sandbox_ids *ids, struct err *e)
{
	AUTO(release) scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int ret;

	if (!ctx)
		return err_set(e, ERR_SYS, "libseccomp does not start");
	/* As root of the namespace it takes no no_new_privs, with which no
	 * program would change its user.  The calls of another architecture
	 * have other numbers. */
	if (seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0) < 0 ||
	    seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
			     SCMP_ACT_KILL_PROCESS) < 0 ||
	    refuse_sockets(ctx) < 0 || refuse_calls(ctx) < 0)
		return err_set(e, ERR_SYS, "libseccomp does not do as it should");
	/* There is one group, which everybody has: whoever sets his groups, as
	 * odyn does and su(1), goes on instead of failing. */
	if (ids->gids == 1 &&
	    seccomp_rule_add(ctx, SCMP_ACT_ERRNO(0), SCMP_SYS(setgroups),
			     0) < 0)
		return err_set(e, ERR_SYS, "libseccomp does not do as it should");
	ret = seccomp_load(ctx);
	if (ret == 0)
		return 0;
	errno = -ret;
	return err_sys(e, "the kernel does not take a seccomp filter");
}
