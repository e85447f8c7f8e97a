/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child.c - the application: from process.json to exec
 */
#include "odyn/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What Docker gives an image that has none. */
#define DEFAULT_PATH "PATH=" PROCESS_DEFAULT_PATH

enum step {
	STEP_STREAMS, STEP_FILES, STEP_CWD, STEP_GROUPS, STEP_GID, STEP_UID,
	STEP_EXEC,
};

/* So that a user who may set no groups can run things as himself. */
static bool have_groups(const struct process *p)
{
	gid_t have[PROCESS_GROUPS_MAX];
	int n = getgroups(PROCESS_GROUPS_MAX, have);

	return n >= 0 && (size_t)n == p->n_groups &&
	       memcmp(have, p->groups, p->n_groups * sizeof(*have)) == 0;
}

/* -1 with errno and *step, or no return. */
static int become(const struct child_setup *s, enum step *step)
{
	const struct process *p = s->process;
	static char *lookup_env[2];
	static char default_path[] = DEFAULT_PATH;
	int null;

	*step = STEP_STREAMS;
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null < 0 || dup2(null, 0) < 0)
		return -1;
	if (s->output >= 0 && (dup2(s->output, 1) < 0 ||
			       dup2(s->output, 2) < 0))
		return -1;
	*step = STEP_FILES;
	if (setrlimit(RLIMIT_NOFILE, &s->files) < 0)
		return -1;
	/* As root, while it can: the folder may be closed to the user, as it
	 * may in Docker. */
	*step = STEP_CWD;
	if (chdir(p->cwd) < 0)
		return -1;
	*step = STEP_GROUPS;
	if (!have_groups(p) && setgroups(p->n_groups, p->groups) < 0)
		return -1;
	*step = STEP_GID;
	if (setresgid(p->gid, p->gid, p->gid) < 0)
		return -1;
	*step = STEP_UID;
	if (setresuid(p->uid, p->uid, p->uid) < 0)
		return -1;
	*step = STEP_EXEC;
	lookup_env[0] = default_path;
	for (char **w = p->env; *w; w++)
		if (strncmp(*w, "PATH=", 5) == 0)
			lookup_env[0] = *w;
	environ = lookup_env;		/* where execvpe looks for PATH */
	return execvpe(p->argv[0], p->argv, p->env);
}

static void default_signals(void)
{
	/* The kernel's struct sigaction, which is smaller: SIG_DFL is 0.  By
	 * the system call, because glibc keeps 32 and 33 to itself, and who
	 * started us may have ignored them. */
	static const unsigned long dfl[16];
	sigset_t none;

	for (int i = 1; i < NSIG; i++)	/* fails for KILL and STOP */
		syscall(SYS_rt_sigaction, i, dfl, NULL, NSIG / 8);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static NORETURN void child(const struct child_setup *s, int fault_fd)
{
	struct child_fault f;
	enum step step;
	ssize_t ignored;

	setsid();
	umask(022);
	default_signals();
	become(s, &step);
	f = (struct child_fault){ .step = (int)step, .number = errno };
	/* Less than PIPE_BUF: whole or not at all; 126 and 127 tell anyway. */
	ignored = write(fault_fd, &f, sizeof(f));
	(void)ignored;
	_exit(step == STEP_EXEC && (f.number == ENOENT || f.number == ENOTDIR)
	      ? 127 : 126);
}

int child_start(const struct child_setup *s, struct child *c, struct err *e)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_sys(e, "cannot make a pipe");
	c->pid = fork();
	if (c->pid == 0)
		child(s, fds[1]);
	close(fds[1]);
	if (c->pid < 0) {
		err_sys(e, "cannot fork");
		close(fds[0]);
		return -1;
	}
	c->fault_fd = fds[0];
	return 0;
}

void child_fault_text(const struct process *p, const struct child_fault *f,
		      char *out, size_t size)
{
	const char *why = strerror(f->number);

	switch (f->step) {
	case STEP_STREAMS:
		snprintf(out, size, "cannot open '/dev/null': %s", why);
		break;
	case STEP_FILES:
		snprintf(out, size, "cannot set the limit of open files: %s",
			 why);
		break;
	case STEP_CWD:
		snprintf(out, size, "cannot change to '%s': %s", p->cwd, why);
		break;
	case STEP_GROUPS:
		snprintf(out, size, "cannot set %zu groups: %s", p->n_groups,
			 why);
		break;
	case STEP_GID:
		snprintf(out, size, "cannot become group %u: %s", p->gid, why);
		break;
	case STEP_UID:
		snprintf(out, size, "cannot become user %u: %s", p->uid, why);
		break;
	default:
		snprintf(out, size, "cannot run '%s': %s", p->argv[0], why);
		break;
	}
}
