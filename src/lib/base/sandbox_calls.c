/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_calls.c - the system calls that a program does without, by seccomp;
 * and entering
 *
 * All is allowed but what is listed: a list of what the C library and five
 * other libraries may call would be wrong on the next system.  What is listed
 * is what an attacker would go on with, and no program of ours calls it.  It
 * fails with EPERM, and calls of another architecture kill.
 */
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <seccomp.h>

#include "base/sandbox_parts.h"

/* libseccomp's macros of arguments leave out the last member of theirs. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/* Each group and why it is here.  A name that this architecture, or an older
 * libseccomp, does not know is passed over. */
static const char *const refused[] = {
	/* Other programs: none is ever started. */
	"execve", "execveat", "uselib",
	/* Other processes: their memory, descriptors, signals. */
	"process_vm_readv", "process_vm_writev", "process_madvise", "kcmp",
	"tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_open",
	"pidfd_getfd", "migrate_pages", "move_pages",
	/* Memory shared with them. */
	"shmget", "shmat", "msgget", "semget", "mq_open",
	/* Mounts, and other ways to have another root. */
	"mount", "umount", "umount2", "pivot_root", "chroot", "fsopen",
	"fsconfig", "fsmount", "fspick", "move_mount", "open_tree",
	"open_tree_attr", "mount_setattr", "quotactl", "quotactl_fd",
	"swapon", "swapoff",
	/* Namespaces: what is refused outside is allowed in a new one. */
	"unshare", "setns",
	/* Files by handle, which is past every path; and watching all files. */
	"open_by_handle_at", "name_to_handle_at", "fanotify_init",
	/* Changes by path that Landlock does not look at. */
	"chmod", "fchmodat", "fchmodat2", "chown", "chown32", "lchown",
	"lchown32", "fchownat", "setxattr", "lsetxattr", "setxattrat",
	"removexattr", "lremovexattr", "removexattrat", "utime", "utimes",
	"futimesat", "utimensat", "truncate", "truncate64", "file_setattr",
	/* Parts of the kernel with a history of holes. */
	"bpf", "perf_event_open", "userfaultfd", "io_uring_setup",
	"io_uring_enter", "io_uring_register", "add_key", "request_key",
	"keyctl", "modify_ldt", "vm86", "vm86old", "lookup_dcookie",
	"personality",
	/* The machine itself. */
	"kexec_load", "kexec_file_load", "init_module", "finit_module",
	"delete_module", "reboot", "syslog", "acct", "iopl", "ioperm",
	"settimeofday", "clock_settime", "clock_adjtime", "adjtimex",
	"sethostname", "setdomainname", "vhangup", "nfsservctl",
};

/* The same for those that have nobody to send a signal to. */
static const char *const refused_signals[] = { "kill", "pidfd_send_signal" };

/* For those that have no network, and for those that only call. */
static const char *const refused_offline[] = { "socket", "socketpair" };
static const char *const refused_online[] = { "listen", "accept", "accept4" };

/* Leak detection traces the program from a process of its own. */
static const char *const refused_tracing[] = { "ptrace", "fork", "vfork" };

#define REFUSE SCMP_ACT_ERRNO(EPERM)

static int refuse(scmp_filter_ctx ctx, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int nr = seccomp_syscall_resolve_name(names[i]);

		if (nr >= 0 && seccomp_rule_add(ctx, REFUSE, nr, 0) < 0)
			return -1;
	}
	return 0;
}

/* Threads, and nothing that has a place of its own. */
static int refuse_processes(scmp_filter_ctx ctx)
{
	static const uint64_t spaces[] = {
		CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
		CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET,
	};

	for (size_t i = 0; i < ARRAY_SIZE(spaces); i++)
		if (seccomp_rule_add(ctx, REFUSE, SCMP_SYS(clone), 1,
				     SCMP_A0(SCMP_CMP_MASKED_EQ, spaces[i],
					     spaces[i])) < 0)
			return -1;
	if (!SANDBOX_SANITIZED &&
	    (refuse(ctx, refused_tracing, ARRAY_SIZE(refused_tracing)) < 0 ||
	     seccomp_rule_add(ctx, REFUSE, SCMP_SYS(clone), 1,
			      SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0)) < 0))
		return -1;
	/* Its flags are in memory, where no filter looks.  The C library falls
	 * back to clone. */
	return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3),
				0);
}

/* abort() signals itself; typing into the terminal that we were started from
 * is how one gets out of many a sandbox. */
static int refuse_others(scmp_filter_ctx ctx)
{
	if (seccomp_rule_add(ctx, REFUSE, SCMP_SYS(tgkill), 1,
			     SCMP_A0_32(SCMP_CMP_NE, (uint32_t)getpid())) < 0)
		return -1;
	if (seccomp_rule_add(ctx, REFUSE, SCMP_SYS(ioctl), 1,
			     SCMP_A1_32(SCMP_CMP_EQ, TIOCSTI)) < 0)
		return -1;
	return seccomp_rule_add(ctx, REFUSE, SCMP_SYS(ioctl), 1,
				SCMP_A1_32(SCMP_CMP_EQ, TIOCLINUX));
}

/* getaddrinfo() asks by netlink which addresses this machine has. */
static int refuse_sockets(scmp_filter_ctx ctx, enum sandbox_net net)
{
	const bool online[AF_VSOCK + 1] = {
		[AF_UNIX] = true,
		[AF_INET] = net >= SANDBOX_NET,
		[AF_INET6] = net >= SANDBOX_NET,
		[AF_NETLINK] = net >= SANDBOX_NET,
		[AF_VSOCK] = net >= SANDBOX_SERVE,
	};
	const unsigned last = net >= SANDBOX_SERVE ? AF_VSOCK : AF_NETLINK;

	if (net == SANDBOX_NO_NET)
		return refuse(ctx, refused_offline,
			      ARRAY_SIZE(refused_offline));
	for (unsigned f = 0; f <= last; f++)
		if (!online[f] &&
		    seccomp_rule_add(ctx, REFUSE, SCMP_SYS(socket), 1,
				     SCMP_A0_32(SCMP_CMP_EQ, f)) < 0)
			return -1;
	if (seccomp_rule_add(ctx, REFUSE, SCMP_SYS(socket), 1,
			     SCMP_A0_32(SCMP_CMP_GT, last)) < 0)
		return -1;
	return net >= SANDBOX_SERVE ? 0 :
	       refuse(ctx, refused_online, ARRAY_SIZE(refused_online));
}

static void release(scmp_filter_ctx *ctx)
{
	seccomp_release(*ctx);
}

static int sandbox_calls(const struct sandbox *s, struct err *e)
{
	AUTO(release) scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int ret;

	if (!ctx)
		return err_set(e, ERR_SYS, "libseccomp does not start");
	if (seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
			     SCMP_ACT_KILL_PROCESS) < 0 ||
	    refuse(ctx, refused, ARRAY_SIZE(refused)) < 0 ||
	    (!s->signals && refuse(ctx, refused_signals,
				   ARRAY_SIZE(refused_signals)) < 0) ||
	    refuse_processes(ctx) < 0 || refuse_others(ctx) < 0 ||
	    refuse_sockets(ctx, s->net) < 0)
		return err_set(e, ERR_SYS, "libseccomp does not do as it should");
	ret = seccomp_load(ctx);
	if (ret == 0)
		return 0;
	errno = -ret;
	return err_sys(e, "the kernel does not take a seccomp filter");
}

int sandbox_enter(const struct sandbox *s, struct err *e)
{
	struct err ignored;
	int files;

	/* Without it neither is for those who are not root. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0)
		return err_sys(e, "the kernel does not know no_new_privs");
	files = sandbox_files(s, e);
	if (sandbox_calls(s, files < 0 ? &ignored : e) < 0)
		return -1;
	return files;
}
