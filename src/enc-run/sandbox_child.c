/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_child.c - the first process of a sandbox: from clone(2) to the
 * command
 *
 * It ends with its parent, whatever that dies of, and all that it started with
 * it: it is pid 1 of its namespace.
 */
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "enc-run/sandbox_parts.h"
#include "enclave/boot.h"
#include "enclave/loopback.h"

#define NO_NAME "(none)"	/* what an enclave's kernel calls itself */
#define FDS_MAX 65536

/* <linux/close_range.h>, which is as new as the call. */
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4
#endif

/* What an enclave's init starts with. */
static void reset_signals(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);	/* fails for some, which is right */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The kernel forgets the wish when we change our user; sync ends with the
 * parent, which may have died before. */
static int die_with_parent(int sync, struct err *e)
{
	struct pollfd p = { .fd = sync, .events = 0 };

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || poll(&p, 1, 0) < 0)
		return err_sys(e, "cannot be bound to enc-run's life");
	if (p.revents & POLLHUP)
		_exit(0);
	return 0;
}

static int become_root(const struct sandbox_ids *ids, struct err *e)
{
	if ((ids->gids > 1 && setgroups(0, NULL) < 0) ||
	    setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0 ||
	    unshare(CLONE_NEWIPC) < 0)	/* so that it is root's */
		return err_sys(e, "cannot become root of a user namespace");
	umask(0);
	return 0;
}

static int name_host(struct err *e)
{
	if (sethostname(NO_NAME, strlen(NO_NAME)) < 0 ||
	    setdomainname(NO_NAME, strlen(NO_NAME)) < 0)
		return err_sys(e, "cannot name the sandbox");
	return loopback_up(e);
}

static int prepare(const struct enclave *en, int dir,
		   const struct sandbox_ids *ids, struct sandbox_app *app,
		   struct err *e)
{
	struct sandbox_trees trees;

	if (sandbox_root_begin(en, dir, &trees, e) < 0 || become_root(ids, e) < 0 ||
	    sandbox_root_enter(en, ids, &trees, e) < 0 ||
	    sandbox_root_visit(SANDBOX_IMAGE, e) < 0 ||
	    sandbox_unpack(en, ids, e) < 0 ||
	    sandbox_app_read(ids, app, e) < 0 || sandbox_root_leave(e) < 0 ||
	    sandbox_root_finish(e) < 0 || boot_hosts(e) < 0)
		return -1;
	umask(022);
	return name_host(e);
}

static int open_streams(struct err *e)
{
	AUTO_CLOSE int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	AUTO_CLOSE int console = open("/dev/console", O_WRONLY | O_CLOEXEC);

	if (null < 0 || console < 0 || dup2(null, 0) < 0 ||
	    dup2(console, 1) < 0 || dup2(console, 2) < 0)
		return err_sys(e, "cannot open the sandbox's console");
	return 0;
}

/* Who started us may have left descriptors open for all that comes from us:
 * the host's files, for the application.  Before Linux 5.11 one by one. */
static void close_others(void)
{
	long max = sysconf(_SC_OPEN_MAX);

	if (syscall(SYS_close_range, 3, UINT_MAX, CLOSE_RANGE_CLOEXEC) == 0)
		return;
	for (int fd = 3; fd < (max < 0 || max > FDS_MAX ? FDS_MAX : max); fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* Returns only when it fails.  Our own words end with our own streams. */
static int run(const struct enclave *en, int dir, int sync, struct err *e)
{
	struct sandbox_app app;
	struct sandbox_ids ids;

	setsid();
	reset_signals();
	if (die_with_parent(sync, e) < 0)
		return -1;
	if (recv(sync, &ids, sizeof(ids), 0) != sizeof(ids))
		_exit(0);		/* it gave up, and says why */
	if (prepare(en, dir, &ids, &app, e) < 0 || open_streams(e) < 0 ||
	    sandbox_filter(&ids, e) < 0 || die_with_parent(sync, e) < 0)
		return -1;
	close_others();
	environ = app.env;		/* its PATH is what execvp looks in */
	execvp(app.argv[0], app.argv);
	return err_sys(e, "cannot run '%s' of the ramdisk", app.argv[0]);
}

void sandbox_child(const struct enclave *en, int dir, int sync)
{
	struct err e;

	if (run(en, dir, sync, &e) < 0)
		send(sync, &e, sizeof(e), MSG_NOSIGNAL);
	_exit(1);
}
