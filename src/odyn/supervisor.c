/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervisor.c - one poll loop that turns what happens into events
 *
 * Once the child runs nothing bails out: what fails is said on the console,
 * and the loop goes on.  No memory is allocated in it.
 */
#include "odyn/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "odyn/child.h"
#include "odyn/console.h"
#include "odyn/state.h"

struct supervisor {
	const struct process *process;
	struct child child;
	struct child_fault fault;	/* after EV_EXEC_FAILED */
	enum odyn_state state;
	int status;			/* after EV_APP_ENDED */
};

void supervisor_block_signals(void)
{
	/* Faults of our own must kill at once, not wait to be read. */
	static const int ours[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT,
				    SIGTRAP, SIGSYS };
	sigset_t set;

	sigfillset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		sigdelset(&set, ours[i]);
	sigprocmask(SIG_SETMASK, &set, NULL);
}

static int open_signals(struct err *e)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_sys(e, "cannot make a signalfd") : fd;
}

static void report_end(int status)
{
	char name[PROCESS_SIGNAL_NAME];

	if (WIFSIGNALED(status)) {
		process_signal_name(WTERMSIG(status), name);
		console_say("application was killed by signal %d (%s)",
			    WTERMSIG(status), name);
	} else {
		console_say("application exited with status %d",
			    WEXITSTATUS(status));
	}
}

static void report_fault(const struct supervisor *s)
{
	char text[1024];

	child_fault_text(s->process, &s->fault, text, sizeof(text));
	console_say("%s", text);
}

/* As pid 1 everything that runs is the application's; elsewhere, what is
 * still in its process group.  ESRCH: nothing is left. */
static void kill_rest(const struct supervisor *s)
{
	kill(getpid() == 1 ? -1 : -s->child.pid, SIGKILL);
}

static void happened(struct supervisor *s, enum odyn_event event)
{
	struct transition t = state_next(s->state, event);

	s->state = t.next;
	if (t.actions & ACT_FORWARD)
		kill(s->child.pid, s->process->stop_signal);
	if (t.actions & ACT_REPORT_FAULT)
		report_fault(s);
	if (t.actions & ACT_REPORT_END)
		report_end(s->status);
	if (t.actions & ACT_KILL_REST)
		kill_rest(s);
}

/* The application's exec went through (end of file) or did not. */
static void read_fault(struct supervisor *s)
{
	ssize_t n = read(s->child.fault_fd, &s->fault, sizeof(s->fault));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	close(s->child.fault_fd);
	s->child.fault_fd = -1;
	happened(s, n == sizeof(s->fault) ? EV_EXEC_FAILED : EV_EXECUTED);
}

/* Is anything that kill_rest() meant still to be waited for?  A process whose
 * parent ends is ours before that parent can be reaped. */
static bool rest_is_left(const struct supervisor *s)
{
	pid_t whom = getpid() == 1 ? -1 : -s->child.pid;
	pid_t pid;

	do {
		pid = waitpid(whom, NULL, WNOHANG);
	} while (pid > 0);
	return pid == 0;
}

/* Everything that has ended. */
static void reap(struct supervisor *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != s->child.pid)
			continue;
		/* Its fault, if any, is in the pipe since before it ended. */
		if (s->child.fault_fd >= 0)
			read_fault(s);
		s->status = status;
		happened(s, EV_APP_ENDED);
	}
	if (s->state == ST_ENDING && !rest_is_left(s))
		happened(s, EV_ALONE);
}

static void read_signals(struct supervisor *s, int fd)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			happened(s, EV_STOP);
	}
	/* SIGCHLDs are merged into one: look, whatever was read. */
	reap(s);
}

int supervisor_run(const struct process *p, int *status, struct err *e)
{
	struct supervisor s = { .process = p, .state = ST_STARTING };
	AUTO_CLOSE int signals = open_signals(e);

	if (signals < 0)
		return -1;
	/* Orphans come to us, whoever runs as pid 1. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return err_sys(e, "cannot become the reaper of orphans");
	if (child_start(p, &s.child, e) < 0)
		return -1;
	while (s.state != ST_DONE) {
		struct pollfd fds[] = {
			{ .fd = signals, .events = POLLIN },
			{ .fd = s.child.fault_fd, .events = POLLIN },
		};

		if (poll(fds, ARRAY_SIZE(fds), -1) < 0) {
			if (errno != EINTR)
				console_say("cannot poll: %s", strerror(errno));
			continue;
		}
		if (fds[1].revents)
			read_fault(&s);
		if (fds[0].revents)
			read_signals(&s, signals);
	}
	*status = s.status;
	return 0;
}
