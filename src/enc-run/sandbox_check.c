/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_check.c - whether a sandbox can be made here, and of this EIF
 */
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "eif/cpio_read.h"
#include "enc-run/machine.h"
#include "enc-run/sandbox_parts.h"

#define PAGE	   UINT64_C(4096)
#define SYSCTL_MAX 64

/* What a setting of the kernel's is, or -1. */
static long sysctl_of(const char *path)
{
	AUTO_BUF struct buf text = BUF_INIT(SYSCTL_MAX);
	struct err ignored;

	if (buf_read_file(&text, AT_FDCWD, path, &ignored) < 0 || !text.len)
		return -1;
	return strtol(text.data, NULL, 10);
}

int sandbox_refused(int fault, struct err *e)
{
	if (sysctl_of("/proc/sys/user/max_user_namespaces") == 0)
		return err_set(e, ERR_SYS,
			       "user namespaces are switched off: sysctl -w user.max_user_namespaces=10000");
	if (geteuid() != 0 &&
	    sysctl_of("/proc/sys/kernel/unprivileged_userns_clone") == 0)
		return err_set(e, ERR_SYS,
			       "user namespaces are for root alone: sysctl -w kernel.unprivileged_userns_clone=1, or run it as root");
	if (geteuid() != 0 &&
	    sysctl_of("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1)
		return err_set(e, ERR_SYS,
			       "AppArmor keeps user namespaces from programs without a profile: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or run it as root");
	errno = fault;
	return err_sys(e, "no user namespace can be made (in a container, --security-opt seccomp=unconfined or --privileged lets it)");
}

/* The kernel's word, whatever its settings are: some let a namespace be made
 * and nothing be done in it. */
int sandbox_available(struct err *e)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 ||
		      mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ?
		      errno : 0);
	if (pid < 0)
		return err_sys(e, "cannot fork");
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, "cannot wait for a process");
	if (!WIFEXITED(status))
		return sandbox_refused(EPERM, e);
	return WEXITSTATUS(status) == 0 ? 0 : sandbox_refused(WEXITSTATUS(status), e);
}

/* What the ramdisks unpack to, bytes of pages. */
struct sum {
	uint64_t pages;
	bool	 cmd, rootfs;
};

static int add_up(void *arg, const struct cpio_item *item, struct err *e UNUSED)
{
	struct sum *s = arg;
	const struct cpio_entry *c = &item->entry;

	if (S_ISREG(c->mode))
		s->pages += (c->size + PAGE - 1) / PAGE;
	s->cmd |= S_ISREG(c->mode) && strcmp(c->name, "cmd") == 0;
	s->rootfs |= S_ISDIR(c->mode) && strcmp(c->name, "rootfs") == 0;
	return 0;
}

int sandbox_check(const struct enclave *en, struct err *e)
{
	struct sum s = { .pages = 0 };

	if (machine_check_arch(en->info, en->eif_name, e) < 0 ||
	    sandbox_entries(en, add_up, &s, e) < 0)
		return -1;
	if (!s.cmd || !s.rootfs)
		return err_set(e, ERR_INPUT,
			       "the ramdisks of '%s' hold no '/cmd' and '/rootfs': only what enc-eif and nitro-cli build runs in a sandbox",
			       en->eif_name);
	if (s.pages * PAGE > en->memory_mib * MIB / 2)
		return err_set(e, ERR_USAGE,
			       "the image has %ju MiB, which do not fit into half of %ju MiB, where an enclave's kernel unpacks it: give it more with --memory-mb, or defaults.memory_mb in the manifest",
			       (uintmax_t)(s.pages * PAGE / MIB),
			       (uintmax_t)en->memory_mib);
	return 0;
}
