/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mounts.c - the root of the application and the file systems in it
 */
#include "init/init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

#define HOSTS "/etc/hosts"

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
	if (mount(ROOTFS, ROOTFS, NULL, MS_BIND | MS_REC, NULL) < 0 ||
	    chdir(ROOTFS) < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 ||
	    chroot(".") < 0 || chdir("/") < 0) {
		say_errno("cannot make '" ROOTFS "' the root");
		return -1;
	}
	return 0;
}

/* The root can be written to: an image with files in /tmp or /run keeps them,
 * as it does in Docker, instead of having them hidden by a mount. */
static bool has_files(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *entry;
	bool found = false;

	if (!d)
		return false;
	while (!found && (entry = readdir(d)))
		found = strcmp(entry->d_name, ".") != 0 &&
			strcmp(entry->d_name, "..") != 0;
	closedir(d);
	return found;
}

void mounts_make(void)
{
	mode_t old = umask(0);

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		mkdir(table[i].path, table[i].mode);
		if ((table[i].how & M_EMPTY_ONLY) && has_files(table[i].path))
			continue;
		if (mount(table[i].type, table[i].path, table[i].type,
			  table[i].flags, table[i].options) < 0 &&
		    !(table[i].how & M_OPTIONAL))
			say_errno("cannot mount %s on '%s'", table[i].type,
				  table[i].path);
	}
	umask(old);
}

/* Engines give a container this file and keep it out of the image; without it
 * "localhost" is not found.  One that the image has is kept. */
void hosts_make(void)
{
	static const char text[] = "127.0.0.1\tlocalhost\n::1\tlocalhost\n";
	AUTO_CLOSE int fd = -1;
	struct stat st;

	if (stat(HOSTS, &st) == 0 && st.st_size > 0)
		return;
	mkdir("/etc", 0755);
	fd = open(HOSTS, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, sizeof(text) - 1) < 0)
		say_errno("cannot write '" HOSTS "'");
}
