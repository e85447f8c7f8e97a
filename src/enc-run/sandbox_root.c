/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_root.c - the root of a sandbox, and the file systems in it
 *
 * mount_namespaces(7), pivot_root(2).  A new root of two stages: first a tmpfs
 * with all that has to be made while the host's files are in sight, for the
 * kernel mounts proc only for those who see one already; then, of that, the
 * folder that the image was unpacked to.
 *
 * What is in en->dir can be opened by the caller's user and not by root of the
 * namespace, when these are two: it is done before the one becomes the other.
 */
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/xalloc.h"
#include "cli/cli.h"
#include "enc-run/machine.h"
#include "enc-run/sandbox_parts.h"
#include "enclave/boot.h"

/* Of <sys/mount.h> from glibc 2.36 on; <linux/mount.h> does not go with those
 * before. */
#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE	  1
#define OPEN_TREE_CLOEXEC O_CLOEXEC
#endif
#ifndef MOVE_MOUNT_F_EMPTY_PATH
#define MOVE_MOUNT_F_EMPTY_PATH 4
#endif

#define IMAGE_ROOT SANDBOX_IMAGE BOOT_ROOTFS
#define PAGE	   4096
#define TTY_GROUP  5

enum how {
	H_OPTIONAL = 1 << 0,	/* where the kernel refuses it: a note */
	H_LIMITED  = 1 << 1,	/* as large as an enclave's kernel has it */
};

/* As init makes them, see src/init/mounts.c; below the first stage. */
static const struct fs {
	const char *type, *path, *options;
	unsigned long flags;
	int how;
} table[] = {
	{ "tmpfs", "dev", "mode=0755", MS_NOSUID, H_LIMITED },
	{ "tmpfs", "dev/shm", "mode=1777", MS_NOSUID | MS_NODEV, H_LIMITED },
	{ "mqueue", "dev/mqueue", "", MS_NOSUID | MS_NODEV | MS_NOEXEC,
	  H_OPTIONAL },
	{ "proc", "proc", "", MS_NOSUID | MS_NODEV | MS_NOEXEC, H_OPTIONAL },
	{ "sysfs", "sys", "", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY,
	  H_OPTIONAL },
	{ "tmpfs", "run", "mode=0755", MS_NOSUID | MS_NODEV, H_LIMITED },
	{ "tmpfs", "tmp", "mode=1777", MS_NOSUID | MS_NODEV, H_LIMITED },
};

/* The first stage's root, for who is in a root below it. */
static int stage = -1;

/* A kernel gives its first file system half of its memory, and an inode for
 * each page of that. */
static int mount_tmpfs(const struct enclave *en, const char *path,
		       unsigned long flags, const char *options)
{
	uint64_t size = en->memory_mib * MIB / 2;
	AUTO_FREE char *all = xasprintf("%s,uid=0,gid=0,size=%ju,nr_inodes=%ju",
					options, (uintmax_t)size,
					(uintmax_t)(size / PAGE));

	return mount("tmpfs", path, "tmpfs", flags, all);
}

static int open_tree_of(const char *name, struct err *e)
{
	int fd = (int)syscall(SYS_open_tree, AT_FDCWD, name,
			      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	return fd < 0 ? err_sys(e, "cannot clone the mount of '%s'", name) : fd;
}

int sandbox_root_begin(const struct enclave *en, int dir, struct err *e)
{
	AUTO_CLOSE int console = -1;

	/* A descriptor stays with the mounts that it was opened in, the
	 * working directory comes along. */
	if (fchdir(dir) < 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_sys(e, "cannot have mounts of our own");
	console = open_tree_of(SANDBOX_CONSOLE, e);
	if (console < 0)
		return -1;
	if (mount_tmpfs(en, SANDBOX_ROOT, 0, "mode=0755") < 0 ||
	    chdir(SANDBOX_ROOT) < 0)
		return err_sys(e, "cannot mount a tmpfs in '%s'", en->dir);
	close(dir);
	return steal_fd(&console);
}

static int make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	return fd < 0 ? -1 : close(fd);
}

static int add_devices(struct err *e)
{
	static const char *const names[] = {
		"null", "zero", "full", "random", "urandom", "tty",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		AUTO_FREE char *there = xasprintf("/dev/%s", names[i]);

		if (make_file(there + 1) < 0 ||
		    mount(there, there + 1, NULL, MS_BIND, NULL) < 0)
			return err_sys(e, "cannot give '%s' to the sandbox",
				       there);
	}
	return 0;
}

static int add_links(struct err *e)
{
	static const struct { const char *name, *to; } links[] = {
		{ "dev/fd", "/proc/self/fd" },
		{ "dev/stdin", "/proc/self/fd/0" },
		{ "dev/stdout", "/proc/self/fd/1" },
		{ "dev/stderr", "/proc/self/fd/2" },
		{ "dev/ptmx", "pts/ptmx" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (symlink(links[i].to, links[i].name) < 0)
			return err_sys(e, "cannot make '/%s'", links[i].name);
	return 0;
}

static int add_console(int console, struct err *e)
{
	if (make_file("dev/console") < 0 ||
	    syscall(SYS_move_mount, console, "", AT_FDCWD, "dev/console",
		    MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_sys(e, "cannot give a console to the sandbox");
	close(console);
	return 0;
}

/* The group of terminals, where there is one. */
static int add_terminals(const struct sandbox_ids *ids, struct err *e)
{
	AUTO_FREE char *group = xasprintf("gid=%d,", TTY_GROUP);
	AUTO_FREE char *options =
		xasprintf("newinstance,%smode=0620,ptmxmode=0666",
			  ids->gids > TTY_GROUP ? group : "");

	if (mkdir("dev/pts", 0755) < 0 ||
	    mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
		  options) < 0)
		return err_sys(e, "cannot mount devpts for the sandbox");
	return 0;
}

static int add_file_systems(const struct enclave *en, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct fs *f = &table[i];
		int ret;

		if (mkdir(f->path, 0755) < 0)
			return err_sys(e, "cannot make '/%s' in the sandbox",
				       f->path);
		ret = f->how & H_LIMITED ?
		      mount_tmpfs(en, f->path, f->flags, f->options) :
		      mount(f->type, f->path, f->type, f->flags, f->options);
		if (ret < 0 && !(f->how & H_OPTIONAL))
			return err_sys(e, "cannot mount %s for the sandbox",
				       f->type);
		/* In a container that hides parts of its own. */
		if (ret < 0) {
			cli_note("sandbox: the kernel gives it no /%s: %s",
				 f->path, strerror(errno));
			rmdir(f->path);
		}
	}
	return 0;
}

/* The host's root goes: no path leads there, and no mount is left of it. */
static int leave_host(struct err *e)
{
	if (mkdir("host", 0700) < 0 ||
	    syscall(SYS_pivot_root, ".", "host") < 0 || chdir("/") < 0 ||
	    umount2("/host", MNT_DETACH) < 0 || rmdir("/host") < 0)
		return err_sys(e, "cannot leave the host's root");
	stage = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (stage < 0 || mkdir(SANDBOX_IMAGE, 0755) < 0)
		return err_sys(e, "cannot make the sandbox's root");
	return 0;
}

int sandbox_root_enter(const struct enclave *en, const struct sandbox_fds *fds,
		       const struct sandbox_ids *ids, int console,
		       struct err *e)
{
	if (add_file_systems(en, e) < 0 || add_devices(e) < 0 ||
	    add_links(e) < 0 || sandbox_host_add(fds, e) < 0 ||
	    add_console(console, e) < 0 || add_terminals(ids, e) < 0)
		return -1;
	return leave_host(e);
}

int sandbox_root_visit(const char *folder, struct err *e)
{
	AUTO_CLOSE int fd = open(folder, O_PATH | O_DIRECTORY | O_NOFOLLOW |
				 O_CLOEXEC);

	if (fd < 0 || fchdir(fd) < 0 || chroot(".") < 0)
		return err_sys(e, "the ramdisks hold no folder '%s'", folder);
	return 0;
}

int sandbox_root_leave(struct err *e)
{
	if (fchdir(stage) < 0 || chroot(".") < 0)
		return err_sys(e, "cannot go back to the sandbox's root");
	return 0;
}

/* Moves what is mounted on path of the first stage to that path of the image,
 * whose symbolic links lead to places in the image. */
static int move_to_image(const char *path, bool empty_only, struct err *e)
{
	AUTO_CLOSE int to = -1;
	bool wanted;

	if (sandbox_root_visit(IMAGE_ROOT, e) < 0)
		return -1;
	mkdir(path, 0755);
	wanted = !empty_only || boot_is_empty(path);
	to = boot_open(path, O_PATH | O_DIRECTORY, 0);
	if (to < 0)
		return err_sys(e, "the image has no folder '%s'", path);
	if (sandbox_root_leave(e) < 0)
		return -1;
	if (!wanted || access(path, F_OK) < 0)	/* no proc, see above */
		return 0;
	if (fchdir(to) < 0 || mount(path, ".", NULL, MS_MOVE, NULL) < 0 ||
	    chdir("/") < 0)
		return err_sys(e, "cannot mount '%s' in the image", path);
	return 0;
}

int sandbox_root_finish(struct err *e)
{
	/* No link: it has been visited. */
	if (mount(IMAGE_ROOT, IMAGE_ROOT, NULL, MS_BIND, NULL) < 0)
		return err_sys(e, "the ramdisks hold no folder '"
			       BOOT_ROOTFS "'");
	if (move_to_image("/dev", false, e) < 0 ||
	    move_to_image("/proc", false, e) < 0 ||
	    move_to_image("/sys", false, e) < 0 ||
	    move_to_image("/run", true, e) < 0 ||
	    move_to_image("/tmp", true, e) < 0)
		return -1;
	/* The same folder twice: the old root comes to lie over the new. */
	if (chdir(IMAGE_ROOT) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
	    umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return err_sys(e, "cannot make the image the root");
	close(stage);
	return 0;
}
