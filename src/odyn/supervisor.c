/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervisor.c - turns what happens to the application into events
 *
 * Once the child runs nothing bails out: what fails is said on the console,
 * and the loop goes on.
 */
#include "odyn/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "odyn/console.h"
#include "odyn/state.h"

struct supervisor {
	struct loop *loop;
	const struct process *process;
	struct supervisor_events events;
	struct child child;
	struct child_fault fault;	/* after EV_EXEC_FAILED */
	enum odyn_state state;
	int status;			/* after EV_APP_ENDED */
	unsigned default_grace, grace;	/* seconds: of signals; of this stop */
	int signals;
	struct watch signal_watch, fault_watch;
	struct timer kill_timer;
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
static void kill_all(const struct supervisor *s)
{
	kill(getpid() == 1 ? -1 : -s->child.pid, SIGKILL);
}

static void grace_is_over(void *arg);

/* Later requests can make it shorter, not longer. */
static void count_grace(struct supervisor *s)
{
	uint64_t ms = (uint64_t)s->grace * 1000;

	if (!s->kill_timer.loop || s->kill_timer.at > clock_ticks() + ms)
		timer_start(&s->kill_timer, s->loop, ms, grace_is_over, s);
}

static void happened(struct supervisor *s, enum odyn_event event)
{
	struct transition t = state_next(s->state, event);

	s->state = t.next;
	if (t.actions & ACT_FORWARD) {
		kill(s->child.pid, s->process->stop_signal);
		count_grace(s);
	}
	if (t.actions & ACT_REPORT_FAULT)
		report_fault(s);
	if (t.actions & ACT_REPORT_RUN)
		s->events.running(s->events.arg);
	if (t.actions & ACT_REPORT_END) {
		report_end(s->status);
		s->events.ended(s->events.arg, s->status);
	}
	if (t.actions & ACT_KILL)
		kill_all(s);
	if (t.actions & ACT_OVER)
		s->events.over(s->events.arg);
}

static void grace_is_over(void *arg)
{
	struct supervisor *s = arg;

	if (s->state == ST_STOPPING)
		console_say("application did not end within its time: killed");
	happened(s, EV_GRACE_OVER);
}

/* The application's exec went through (end of file) or did not. */
static void read_fault(struct supervisor *s)
{
	ssize_t n = read(s->child.fault_fd, &s->fault, sizeof(s->fault));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	watch_stop(&s->fault_watch);
	close(steal_fd(&s->child.fault_fd));
	happened(s, n == sizeof(s->fault) ? EV_EXEC_FAILED : EV_EXECUTED);
}

/* Is anything that kill_all() meant still to be waited for?  A process whose
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

static void fault_ready(void *arg, uint32_t events)
{
	(void)events;
	read_fault(arg);
}

static void signals_ready(void *arg, uint32_t events)
{
	struct supervisor *s = arg;
	struct signalfd_siginfo info;

	(void)events;
	while (read(s->signals, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			supervisor_stop(s, s->default_grace);
	/* SIGCHLDs are merged into one: look, whatever was read. */
	reap(s);
}

void supervisor_stop(struct supervisor *s, unsigned grace)
{
	s->grace = grace;
	happened(s, EV_STOP);
}

pid_t supervisor_child(const struct supervisor *s)
{
	return s->child.pid;
}

void supervisor_free(struct supervisor *s)
{
	if (!s)
		return;
	timer_stop(&s->kill_timer);
	watch_stop(&s->signal_watch);
	watch_stop(&s->fault_watch);
	if (s->signals >= 0)
		close(s->signals);
	if (s->child.fault_fd >= 0)
		close(s->child.fault_fd);
	free(s);
}

/* Orphans come to us, whoever runs as pid 1, to whom they come anyway. */
static int begin(struct supervisor *s, const struct child_setup *setup,
		 struct err *e)
{
	s->signals = open_signals(e);
	if (s->signals < 0)
		return -1;
	if (getpid() != 1 && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return err_sys(e, "cannot become the reaper of orphans");
	if (watch_start(&s->signal_watch, s->loop, s->signals, EPOLLIN,
			signals_ready, s) < 0)
		return err_sys(e, "cannot watch signals");
	if (child_start(setup, &s->child, e) < 0)
		return -1;
	/* Without it the fault is read when the child has ended. */
	if (watch_start(&s->fault_watch, s->loop, s->child.fault_fd, EPOLLIN,
			fault_ready, s) < 0)
		console_say("cannot watch the start of the application: %s",
			    strerror(errno));
	return 0;
}

struct supervisor *supervisor_start(struct loop *l, const struct child_setup *setup,
				    unsigned grace,
				    const struct supervisor_events *events,
				    struct err *e)
{
	struct supervisor *s = xcalloc(1, sizeof(*s));

	s->loop = l;
	s->process = setup->process;
	s->events = *events;
	s->state = ST_STARTING;
	s->default_grace = grace;
	s->child.fault_fd = -1;
	if (begin(s, setup, e) < 0) {
		supervisor_free(s);
		return NULL;
	}
	return s;
}
