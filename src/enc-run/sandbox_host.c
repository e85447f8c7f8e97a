/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_host.c - the folder of sockets that a sandbox and enc-run share
 *
 * The sandbox writes to it as it likes, so it is no folder of the host's disk but
 * a file system of its own, small and in memory, that goes with its last user.
 * Files are made in it by both sides, which a file system lets only those do
 * whose ids there are in its user namespace: root of the machine, who is not in
 * the sandbox's, mounts it himself.  Others cannot mount, are in the sandbox's,
 * and have it mounted in there.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "enc-run/sandbox_parts.h"

#define SIZE   "65536"
#define INODES "256"		/* sockets, one a port that is carried */

/* <linux/mount.h> does not go with the <sys/mount.h> before glibc 2.36. */
enum {
	SET_STRING = 1, CREATE = 6,		/* FSCONFIG_... */
	CLOEXEC = 1,				/* FSOPEN_, FSMOUNT_ */
	NO_SUID = 2, NO_DEV = 4, NO_EXEC = 8,	/* MOUNT_ATTR_... */
	CLONE_TREE = 1,				/* OPEN_TREE_CLONE */
	EMPTY_PATH = 4,				/* MOVE_MOUNT_F_EMPTY_PATH */
};

static int set(int fs, const char *name, const char *value)
{
	return (int)syscall(SYS_fsconfig, fs, SET_STRING, name, value, 0);
}

int sandbox_host_new(void)
{
	AUTO_CLOSE int fs = (int)syscall(SYS_fsopen, "tmpfs", CLOEXEC);

	if (fs < 0 || set(fs, "size", SIZE) < 0 ||
	    set(fs, "nr_inodes", INODES) < 0 || set(fs, "mode", "0700") < 0 ||
	    syscall(SYS_fsconfig, fs, CREATE, NULL, NULL, 0) < 0)
		return -1;
	return (int)syscall(SYS_fsmount, fs, CLOEXEC,
			    NO_SUID | NO_DEV | NO_EXEC);
}

static int pass(int sync, int fd)
{
	char byte = 0;
	struct iovec v = { &byte, sizeof(byte) };
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} c = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)),
			  .cmsg_level = SOL_SOCKET,
			  .cmsg_type = SCM_RIGHTS } };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
			    .msg_control = &c,
			    .msg_controllen = sizeof(c) };

	memcpy(CMSG_DATA(&c.head), &fd, sizeof(fd));
	return sendmsg(sync, &m, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

ssize_t sandbox_host_take(int sync, void *data, size_t size, int *fd)
{
	struct iovec v = { data, size };
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} c;
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
			    .msg_control = &c,
			    .msg_controllen = sizeof(c) };
	ssize_t n = recvmsg(sync, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	*fd = -1;
	if (n > 0 && CMSG_FIRSTHDR(&m) &&
	    c.head.cmsg_len == CMSG_LEN(sizeof(int)) &&
	    c.head.cmsg_level == SOL_SOCKET && c.head.cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(&c.head), sizeof(*fd));
	return n;
}

/* A clone, so that nothing the sandbox mounts in there comes in our way. */
static int mount_here(int sync)
{
	AUTO_CLOSE int tree = -1;

	if (mount("tmpfs", SANDBOX_HOST_AT, "tmpfs",
		  MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  "mode=0700,uid=0,gid=0,size=" SIZE ",nr_inodes=" INODES) < 0)
		return -1;
	tree = (int)syscall(SYS_open_tree, AT_FDCWD, SANDBOX_HOST_AT,
			    CLONE_TREE | O_CLOEXEC);
	return tree < 0 ? -1 : pass(sync, tree);
}

int sandbox_host_add(const struct sandbox_fds *fds, struct err *e)
{
	if (mkdir(SANDBOX_HOST_AT, 0700) < 0 ||
	    (fds->host < 0 ? mount_here(fds->sync) :
	     (int)syscall(SYS_move_mount, fds->host, "", AT_FDCWD,
			  SANDBOX_HOST_AT, EMPTY_PATH)) < 0)
		return err_sys(e, "cannot give our sockets to the sandbox");
	if (fds->host >= 0)
		close(fds->host);
	return 0;
}
