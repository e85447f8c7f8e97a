/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mounts.c - the root of the application and the file systems in it
 */
#include "init/init.h"

#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "enclave/boot.h"

enum mount_flags {
	M_OPTIONAL   = 1 << 0,	/* a kernel without it is no fault */
	M_EMPTY_ONLY = 1 << 1,	/* not over files that the image has there */
};

/* /tmp and /dev/shm may be executed from: what runs in Docker runs here.
 * noexec on /dev would refuse PROT_EXEC mappings of /dev/zero. */
static const struct {
	const char *type, *path, *options;
	mode_t mode;		/* of the folder, when it has to be made */
	unsigned long flags;	/* mount(2) */
	int how;		/* enum mount_flags */
} table[] = {
	{ "devtmpfs", "/dev", "mode=0755", 0755, MS_NOSUID, 0 },
	{ "devpts", "/dev/pts", "gid=5,mode=0620,ptmxmode=0666", 0755,
	  MS_NOSUID | MS_NOEXEC, 0 },
	{ "tmpfs", "/dev/shm", "mode=1777", 01777, MS_NOSUID | MS_NODEV, 0 },
	{ "mqueue", "/dev/mqueue", "", 01777,
	  MS_NOSUID | MS_NODEV | MS_NOEXEC, M_OPTIONAL },
	{ "proc", "/proc", "", 0555, MS_NOSUID | MS_NODEV | MS_NOEXEC, 0 },
	{ "sysfs", "/sys", "", 0555, MS_NOSUID | MS_NODEV | MS_NOEXEC, 0 },
	{ "cgroup2", "/sys/fs/cgroup", "", 0555,
	  MS_NOSUID | MS_NODEV | MS_NOEXEC, M_OPTIONAL },
	{ "tmpfs", "/run", "mode=0755", 0755, MS_NOSUID | MS_NODEV,
	  M_EMPTY_ONLY },
	{ "tmpfs", "/tmp", "mode=1777", 01777, MS_NOSUID | MS_NODEV,
	  M_EMPTY_ONLY },
};

/* /rootfs is a folder of the rootfs, which cannot be pivoted away: it becomes
 * a mount of its own and is moved over the root, as switch_root(8) does. */
int root_switch(void)
{
	if (mount(BOOT_ROOTFS, BOOT_ROOTFS, NULL, MS_BIND | MS_REC, NULL) < 0 ||
	    chdir(BOOT_ROOTFS) < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 ||
	    chroot(".") < 0 || chdir("/") < 0) {
		say_errno("cannot make '" BOOT_ROOTFS "' the root");
		return -1;
	}
	return 0;
}

void mounts_make(void)
{
	mode_t old = umask(0);

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		mkdir(table[i].path, table[i].mode);
		if ((table[i].how & M_EMPTY_ONLY) &&
		    !boot_is_empty(table[i].path))
			continue;
		if (mount(table[i].type, table[i].path, table[i].type,
			  table[i].flags, table[i].options) < 0 &&
		    !(table[i].how & M_OPTIONAL))
			say_errno("cannot mount %s on '%s'", table[i].type,
				  table[i].path);
	}
	umask(old);
}

void hosts_make(void)
{
	struct err e;

	if (boot_hosts(&e) < 0)
		say("%s", e.msg);
}
