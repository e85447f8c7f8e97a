/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_child.c - the first process of a sandbox: from clone(2) to the
 * command
 *
 * It ends with sandbox_guard(), and all that it started with it: it is pid 1 of
 * its namespace.
 */
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <linux/keyctl.h>

#include "base/cleanup.h"
#include "enc-run/sandbox_parts.h"
#include "enclave/boot.h"
#include "enclave/loopback.h"

#define NO_NAME "(none)"	/* what an enclave's kernel calls itself */

/* What an enclave's init starts with. */
static void reset_signals(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);	/* fails for some, which is right */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* What the kernel itself asks for a key, a file system for one, asks those of
 * the process's session: not the caller's. */
static int leave_keys(struct err *e)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0 ||
	    errno == ENOSYS || errno == EPERM)	/* no keys, or not for us */
		return 0;
	return err_sys(e, "cannot leave the caller's keyring");
}

static int become_root(const struct sandbox_ids *ids, struct err *e)
{
	if ((ids->gids > 1 && setgroups(0, NULL) < 0) ||
	    setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0 ||
	    unshare(CLONE_NEWIPC) < 0)	/* so that it is root's */
		return err_sys(e, "cannot become root of a user namespace");
	umask(0);
	return leave_keys(e);
}

static int name_host(struct err *e)
{
	if (sethostname(NO_NAME, strlen(NO_NAME)) < 0 ||
	    setdomainname(NO_NAME, strlen(NO_NAME)) < 0)
		return err_sys(e, "cannot name the sandbox");
	return loopback_up(e);
}

/* While nothing of the image's is in sight; what there is to note still goes to
 * the caller. */
static int open_streams(struct err *e)
{
	AUTO_CLOSE int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	AUTO_CLOSE int console = open("/dev/console", O_WRONLY | O_CLOEXEC);

	if (null < 0 || console < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(console, STDOUT_FILENO) < 0)
		return err_sys(e, "cannot open the sandbox's console");
	return 0;
}

/* The last that is open of the host's, but for sync. */
static int end_notes(struct err *e)
{
	return dup2(STDOUT_FILENO, STDERR_FILENO) < 0 ?
	       err_sys(e, "cannot open the sandbox's console") : 0;
}

static int unpack(const struct enclave *en, const struct sandbox_ids *ids,
		  struct err *e)
{
	if (sandbox_root_visit(SANDBOX_IMAGE, e) < 0 ||
	    sandbox_unpack(en, ids, e) < 0)
		return -1;
	close(en->eif);
	return 0;
}

/* /proc shows each descriptor as a link, which leads out of any root: none of
 * the host's is left when a name of the image's is looked up where there is a
 * /proc, which is from sandbox_root_finish() on. */
static int prepare(const struct enclave *en, const struct sandbox_fds *fds,
		   const struct sandbox_ids *ids, struct sandbox_app *app,
		   struct err *e)
{
	int console = sandbox_root_begin(en, fds->dir, e);

	if (console < 0 || become_root(ids, e) < 0 ||
	    sandbox_root_enter(en, fds, ids, console, e) < 0 ||
	    open_streams(e) < 0 || unpack(en, ids, e) < 0 ||
	    sandbox_app_read(ids, app, e) < 0 || sandbox_root_leave(e) < 0 ||
	    end_notes(e) < 0 || sandbox_root_finish(e) < 0 ||
	    boot_hosts(e) < 0)
		return -1;
	umask(022);
	return name_host(e);
}

/* Returns only when it fails. */
static int run(const struct enclave *en, const struct sandbox_fds *fds,
	       const struct sandbox_ids *ids, struct err *e)
{
	struct sandbox_app app;

	setsid();
	reset_signals();
	if (prepare(en, fds, ids, &app, e) < 0 || sandbox_filter(ids, e) < 0)
		return -1;
	environ = app.env;		/* its PATH is what execvp looks in */
	execvp(app.argv[0], app.argv);
	return err_sys(e, "cannot run '%s' of the ramdisk", app.argv[0]);
}

void sandbox_child(const struct enclave *en, const struct sandbox_fds *fds,
		   const struct sandbox_ids *ids)
{
	struct err e;

	if (run(en, fds, ids, &e) < 0)
		send(fds->sync, &e, sizeof(e), MSG_NOSIGNAL);
	_exit(1);
}
