/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_parts.h - what the files of the sandbox launcher share
 *
 * An enclave's world made of namespaces: a process of its own, pid 1 in there,
 * builds it around itself and becomes the command of the ramdisk.  Between it
 * and enc-run is another, which only sees to its end.  enc-run gives them their
 * ids and hears what went wrong.
 */
#ifndef RUN_SANDBOX_PARTS_H
#define RUN_SANDBOX_PARTS_H

#include <sys/types.h>

#include "enc-run/launcher.h"

/* In en->dir: */
#define SANDBOX_ROOT	"root"		/* where its root is mounted */
#define SANDBOX_HOST	"host"		/* leads to a folder that both sides
					 * see: */
#define SANDBOX_SOCKET	"vsock"		/* P is in it */
#define SANDBOX_CONSOLE "console"	/* a FIFO */
/* Where that folder is in there, from the root and in full. */
#define SANDBOX_HOST_AT "dev/enclaver"
#define SANDBOX_HOST_IN "/" SANDBOX_HOST_AT

/* sandbox_check.c */

/* As in launcher.h. */
int sandbox_available(struct err *e) MUST_CHECK;
int sandbox_check(const struct enclave *en, struct err *e) MUST_CHECK;
/* Why the kernel refuses namespaces with the error fault, and what helps: -1. */
int sandbox_refused(int fault, struct err *e);

/* sandbox_ids.c */

/* Which ids there are in there: 0 to n - 1, one at least. */
struct sandbox_ids {
	uint32_t uids, gids;
	uid_t	 root_uid;		/* what root of there is out here */
	gid_t	 root_gid;
};

/* Maps ids for the process pid, the first of a new user namespace: as many as
 * this user has.  With one group alone setgroups(2) is refused in there. */
int sandbox_ids_map(pid_t pid, struct sandbox_ids *ids, struct err *e)
	MUST_CHECK;

/* sandbox_fds.c */

/* Closes all descriptors from first on but the n of keep: ours, and what who
 * started us has left open for all that comes from us. */
void sandbox_close_but(int first, const int *keep, size_t n);

/* What its processes have of ours while they make it. */
struct sandbox_fds {
	int dir;	/* en->dir */
	int host;	/* the folder that both see; -1: they make one */
	int sync;	/* a socket of packets, for what is said here */
};

/* sandbox_host.c */

/* The mount of a new folder for both, nowhere yet; -1 when we may not. */
int sandbox_host_new(void);
/* In the new process, as root of there, the working directory being its root:
 * mounts it, and sends what it had to make to sync. */
int sandbox_host_add(const struct sandbox_fds *fds, struct err *e) MUST_CHECK;
/* One packet from there, and the folder if that is what was sent, else -1:
 * recv(2), without waiting. */
ssize_t sandbox_host_take(int sync, void *data, size_t size, int *fd);

/* sandbox_guard.c */

/* The process below enc-run, pid 1 of a namespace that the sandbox's is in, and
 * in the sandbox's user namespace: reads its ids from sync, starts
 * sandbox_child(), and ends with it and with enc-run. */
void sandbox_guard(const struct enclave *en, const struct sandbox_fds *fds)
	NORETURN;

/* sandbox_child.c */

/* The process that becomes the command, pid 1 of its namespace: executes it, or
 * sends a struct err to sync. */
void sandbox_child(const struct enclave *en, const struct sandbox_fds *fds,
		   const struct sandbox_ids *ids) NORETURN;

/* sandbox_root.c: in the new process */

/* Makes the new root, an empty tmpfs that is the working directory afterwards.
 * As the caller's user.  Closes dir.  Returns the mount of the console. */
int sandbox_root_begin(const struct enclave *en, int dir, struct err *e)
	MUST_CHECK;
/* As root of there: all that takes the host's files to be seen, and then they
 * are seen no more.  Takes console over. */
int sandbox_root_enter(const struct enclave *en, const struct sandbox_fds *fds,
		       const struct sandbox_ids *ids, int console,
		       struct err *e) MUST_CHECK;
/* Makes a folder of the new root the root of this process until
 * sandbox_root_leave().  It is one, and no link to one. */
int sandbox_root_visit(const char *folder, struct err *e) MUST_CHECK;
int sandbox_root_leave(struct err *e) MUST_CHECK;
/* The ramdisk's /rootfs becomes the root, with the usual file systems. */
int sandbox_root_finish(struct err *e) MUST_CHECK;
/* The folder of the new root that the ramdisks are unpacked to. */
#define SANDBOX_IMAGE "/image"

/* sandbox_unpack.c */

/* Calls fn(arg, item) for each entry of the ramdisks after the first. */
struct cpio_item;
int sandbox_entries(const struct enclave *en,
		    int (*fn)(void *arg, const struct cpio_item *item,
			      struct err *e),
		    void *arg, struct err *e) MUST_CHECK;
/* Unpacks them into the root as Linux does.  What cannot be had is said by
 * cli_note(). */
int sandbox_unpack(const struct enclave *en, const struct sandbox_ids *ids,
		   struct err *e) MUST_CHECK;

/* sandbox_app.c */

struct sandbox_app { char **argv, **env; };
/* Reads what is to be run and fits it into the sandbox, in the root that the
 * ramdisks were unpacked to. */
int sandbox_app_read(const struct sandbox_ids *ids, struct sandbox_app *app,
		     struct err *e) MUST_CHECK;

/* sandbox_filter.c */

/* From now on this process and all that come from it do without what would lead
 * out of their namespaces. */
int sandbox_filter(const struct sandbox_ids *ids, struct err *e) MUST_CHECK;

#endif
