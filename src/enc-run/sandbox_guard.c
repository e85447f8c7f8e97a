/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_guard.c - what sees to it that a sandbox ends with enc-run
 *
 * prctl(2), PR_SET_PDEATHSIG.  A process can take back that it dies with its
 * parent, so it is not the sandbox's own that is bound to enc-run's life but this
 * one above, pid 1 of the outer of two pid namespaces: it runs nothing of the
 * image's, has nothing open, and nobody in the sandbox can name it.
 */
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "enc-run/sandbox_parts.h"

/* Mounts and IPC the sandbox makes its own itself, at the right moments. */
#define SPACES (CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWNET)

/* What enc-run's death is heard by, after the sandbox's, SIGCHLD, whose number
 * may have been left to be ignored. */
#define DEATH SIGTERM

static void block_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	signal(SIGCHLD, SIG_DFL);
}

/* sync ends with the parent, which may have died before. */
static int hear_of_death(int sync, struct err *e)
{
	struct pollfd p = { .fd = sync, .events = 0 };

	if (prctl(PR_SET_PDEATHSIG, DEATH) < 0 || poll(&p, 1, 0) < 0)
		return err_sys(e, "cannot be bound to enc-run's life");
	if (p.revents & POLLHUP)
		_exit(0);
	return 0;
}

/* Not by dying at once, which would do as well: the image may have this very
 * program run, by /proc/self/exe, and could write to its file as soon as the
 * last of ours that runs it is gone. */
static void watch_over(pid_t pid)
{
	sigset_t heard;

	sigemptyset(&heard);
	sigaddset(&heard, SIGCHLD);
	sigaddset(&heard, DEATH);
	for (;;) {
		int sig = sigwaitinfo(&heard, NULL);

		if (sig == DEATH)
			kill(pid, SIGKILL);
		if (waitpid(pid, NULL, sig == DEATH ? 0 : WNOHANG) == pid)
			_exit(0);
	}
}

/* As fork(2): the child goes on on a copy of this stack. */
static int run(const struct enclave *en, const struct sandbox_fds *fds,
	       struct err *e)
{
	const int needed[] = { fds->sync, fds->dir, fds->host, en->eif };
	struct sandbox_ids ids;
	long pid;

	sandbox_close_but(STDERR_FILENO + 1, needed, ARRAY_SIZE(needed));
	setsid();
	block_signals();
	if (hear_of_death(fds->sync, e) < 0)
		return -1;
	if (recv(fds->sync, &ids, sizeof(ids), 0) != sizeof(ids))
		_exit(0);		/* it gave up, and says why */
	pid = syscall(SYS_clone, SPACES | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0)
		sandbox_child(en, fds, &ids);
	if (pid < 0)
		return sandbox_refused(errno, e);
	sandbox_close_but(STDIN_FILENO, NULL, 0);
	/* Nor may anybody look into it who has its user. */
	if (chdir("/") < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
		_exit(1);
	watch_over((pid_t)pid);
	return 0;
}

void sandbox_guard(const struct enclave *en, const struct sandbox_fds *fds)
{
	struct err e;

	if (run(en, fds, &e) < 0)
		send(fds->sync, &e, sizeof(e), MSG_NOSIGNAL);
	_exit(1);
}
