/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox.c - an EIF's application as ordinary processes of this machine
 *
 * odyn and the application in user, mount, pid, UTS, IPC and network
 * namespaces: they see what they would see in an enclave, without a kernel of
 * their own.  It takes milliseconds and no root, and protects nothing: this
 * machine sees all that they have, and nothing attests to them.
 */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/xalloc.h"
#include "cli/cli.h"
#include "enc-run/sandbox_parts.h"
#include "enc-run/signals.h"

#define SPACES (CLONE_NEWUSER | CLONE_NEWPID)	/* of the guard's */
#define CONSOLE_MAX 65536	/* bytes read at once: a pipe's */

struct sandbox {
	struct enclave *en;
	int   dir;			/* en->dir */
	pid_t pid;			/* its guard's, 0: none; ours to wait
					 * for */
	int   pidfd, console;
	int   host;			/* the folder that both sides see */
	struct watch pid_watch, console_watch;
};

static void read_console(struct sandbox *s)
{
	char data[CONSOLE_MAX];
	ssize_t n = read(s->console, data, sizeof(data));

	if (n > 0)
		s->en->console(s->en->arg, data, (size_t)n);
}

static void console_ready(void *arg, uint32_t events UNUSED)
{
	read_console(arg);
}

/* All of it is gone: a pid namespace's first process ends last.  What it said
 * before that is in the FIFO, which holds no more than one reading. */
static void has_ended(void *arg, uint32_t events UNUSED)
{
	struct sandbox *s = arg;

	watch_stop(&s->pid_watch);
	watch_stop(&s->console_watch);
	read_console(s);
	s->en->ended(s->en->arg);
}

/* Non-blocking, and without an end while there is no writer. */
static int open_console(struct sandbox *s, struct err *e)
{
	if (mkfifoat(s->dir, SANDBOX_CONSOLE, 0600) < 0)
		return err_sys(e, "cannot make a FIFO in '%s'", s->en->dir);
	s->console = openat(s->dir, SANDBOX_CONSOLE,
			    O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	return s->console < 0 ? err_sys(e, "cannot open the FIFO in '%s'",
					s->en->dir) : 0;
}

static int make_files(struct sandbox *s, struct err *e)
{
	s->dir = open(s->en->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir < 0)
		return err_sys(e, "cannot open '%s'", s->en->dir);
	if (mkdirat(s->dir, SANDBOX_ROOT, 0700) < 0)
		return err_sys(e, "cannot make a folder in '%s'", s->en->dir);
	s->host = sandbox_host_new();
	return open_console(s, e);
}

/* What both sides use is that of root in there. */
static int give_files(const struct sandbox *s, const struct sandbox_ids *ids,
		      struct err *e)
{
	if ((s->host >= 0 && fchownat(s->host, "", ids->root_uid, ids->root_gid,
				      AT_EMPTY_PATH) < 0) ||
	    fchownat(s->dir, SANDBOX_CONSOLE, ids->root_uid, ids->root_gid,
		     AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "cannot give files of '%s' to the sandbox",
			       s->en->dir);
	return 0;
}

/* As fork(2): the child goes on on a copy of this stack. */
static int make_process(struct sandbox *s, int ours, int theirs,
			struct err *e)
{
	long pid = syscall(SYS_clone, SPACES | CLONE_PIDFD | SIGCHLD, NULL,
			   &s->pidfd, NULL, NULL);

	if (pid == 0) {
		const struct sandbox_fds fds = { s->dir, s->host, theirs };

		close(ours);
		sandbox_guard(s->en, &fds);
	}
	if (pid < 0)
		return sandbox_refused(errno, e);
	s->pid = (pid_t)pid;
	return 0;
}

/* As long as it takes, unless we are told to stop: who is to hear of that signal
 * has it blocked, and finds it pending after this. */
static int wait_for_word(int sync, struct err *e)
{
	sigset_t stop;
	AUTO_CLOSE int signals = -1;
	struct pollfd p[2] = { { .fd = sync, .events = POLLIN },
			       { .events = POLLIN } };

	stop_signals(&stop);
	signals = signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
	p[1].fd = signals;
	while (poll(p, ARRAY_SIZE(p), -1) < 0)
		if (errno != EINTR)
			return err_sys(e, "cannot wait for the sandbox");
	return p[1].revents & POLLIN ?
	       err_set(e, ERR_SYS, "interrupted while the sandbox was made") :
	       0;
}

/* What is said until it has become the command. */
static int listen_to(struct sandbox *s, int sync, struct err *e)
{
	struct err fault;
	ssize_t n;
	int fd;

	do {
		if (wait_for_word(sync, e) < 0)
			return -1;
		n = sandbox_host_take(sync, &fault, sizeof(fault), &fd);
		if (fd >= 0 && s->host < 0)
			s->host = fd;
		else if (fd >= 0)
			close(fd);
	} while (fd >= 0);
	if (n == sizeof(fault)) {
		*e = fault;
		return -1;
	}
	if (n != 0)
		return err_sys(e, "cannot read what the sandbox says");
	return s->host < 0 ? err_set(e, ERR_SYS,
				     "the sandbox's first process ended") : 0;
}

/* By a path that others have too, who look for the sockets: it is there while
 * we are. */
static int show_host(const struct sandbox *s, struct err *e)
{
	AUTO_FREE char *to = xasprintf("/proc/%d/fd/%d", (int)getpid(),
				       s->host);

	return symlinkat(to, s->dir, SANDBOX_HOST) < 0 ?
	       err_sys(e, "cannot make a link in '%s'", s->en->dir) : 0;
}

static int guide(struct sandbox *s, int sync, struct err *e)
{
	struct sandbox_ids ids;

	if (sandbox_ids_map(s->pid, &ids, e) < 0 || give_files(s, &ids, e) < 0)
		return -1;
	if (ids.uids == 1 || ids.gids == 1)
		cli_note("sandbox: there is one user in it, for whom all is run and who has all files: run it as root, or with ids in /etc/subuid and /etc/subgid and with newuidmap, for those of the image");
	if (send(sync, &ids, sizeof(ids), MSG_NOSIGNAL) != sizeof(ids))
		return err_sys(e, "the sandbox's first process ended");
	return listen_to(s, sync, e) < 0 ? -1 : show_host(s, e);
}

static int launch(struct sandbox *s, struct err *e)
{
	int pair[2];
	AUTO_CLOSE int ours = -1;
	AUTO_CLOSE int theirs = -1;

	if (make_files(s, e) < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "cannot make a pair of sockets");
	ours = pair[0];
	theirs = pair[1];
	if (make_process(s, ours, theirs, e) < 0)
		return -1;
	close(steal_fd(&theirs));
	if (guide(s, ours, e) < 0)
		return -1;
	if (watch_start(&s->console_watch, s->en->loop, s->console, EPOLLIN,
			console_ready, s) < 0 ||
	    watch_start(&s->pid_watch, s->en->loop, s->pidfd, EPOLLIN,
			has_ended, s) < 0)
		return err_sys(e, "cannot watch the sandbox");
	return 0;
}

/* Waits until all that ran in there is gone, which the kernel sees to. */
static void end_process(const struct sandbox *s)
{
	if (!s->pid)
		return;
	kill(s->pid, SIGKILL);
	while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void kill_sandbox(struct enclave *en)
{
	struct sandbox *s = en->state;

	watch_stop(&s->pid_watch);
	watch_stop(&s->console_watch);
	end_process(s);
	if (s->pidfd >= 0)
		close(s->pidfd);
	if (s->console >= 0)
		close(s->console);
	if (s->host >= 0)
		close(s->host);
	if (s->dir >= 0) {
		unlinkat(s->dir, SANDBOX_HOST, 0);
		unlinkat(s->dir, SANDBOX_CONSOLE, 0);
		unlinkat(s->dir, SANDBOX_ROOT, AT_REMOVEDIR);
		close(s->dir);
	}
	free(s);
	en->state = NULL;
}

static int start(struct enclave *en, struct err *e)
{
	struct sandbox *s = xcalloc(1, sizeof(*s));

	s->en = en;
	s->dir = s->pidfd = s->console = s->host = -1;
	en->state = s;
	cli_warn("sandbox: ordinary processes of this machine: nothing in it is protected from here, and nothing is attested");
	if (launch(s, e) < 0) {
		kill_sandbox(en);
		return -1;
	}
	en->cid = 0;
	en->vsock_path = xasprintf("%s/" SANDBOX_HOST "/" SANDBOX_SOCKET,
				   en->dir);
	return 0;
}

const struct launcher launcher_sandbox = {
	.name = "sandbox", .available = sandbox_available,
	.check = sandbox_check, .start = start, .settled = true,
	.echoes = true,
	.kill = kill_sandbox,
};
