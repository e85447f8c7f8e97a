/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child.c - programs of this host that serve an enclave
 */
#include "enc-run/child.h"

#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/io.h"
#include "base/xalloc.h"

void argv_add(struct argv *a, const char *word)
{
	argv_addf(a, "%s", word);
}

void argv_addf(struct argv *a, const char *fmt, ...)
{
	va_list ap;

	assert(a->n < ARGV_MAX);
	va_start(ap, fmt);
	if (vasprintf(&a->at[a->n++], fmt, ap) < 0)
		oom();
	va_end(ap);
}

void argv_release(struct argv *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->at[i]);
}

char *child_find(const char *name, const char *variable)
{
	const char *path = variable ? getenv(variable) : NULL;

	if (path && *path)
		return access(path, X_OK) == 0 ? xstrdup(path) : NULL;
	path = getenv("PATH");
	for (size_t n; path && *path; path += n + (path[n] == ':')) {
		char *file;

		n = strcspn(path, ":");
		file = xasprintf("%.*s/%s", (int)n, path, name);
		if (*path == '/' && access(file, X_OK) == 0)
			return file;
		free(file);
	}
	return NULL;
}

static NORETURN void become(const struct argv *argv, int out, int keep,
			    int fault, pid_t parent)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;
	ssize_t ignored;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	unsetenv("NOTIFY_SOCKET");	/* systemd hears of us alone */
	prctl(PR_SET_PDEATHSIG, (long)SIGKILL);
	if (getppid() != parent)	/* it died before that */
		_exit(1);
	if (keep >= 0)
		fcntl(keep, F_SETFD, 0);
	if (null >= 0 && dup2(null, 0) == 0 && dup2(out, 1) == 1 &&
	    dup2(out, 2) == 2)
		execv(argv->at[0], argv->at);
	ignored = write(fault, &errno, sizeof(errno));
	(void)ignored;
	_exit(127);
}

/* Nothing when the exec went through. */
static int read_fault(struct child *c, const char *path, int fd, struct err *e)
{
	int number;

	if (io_read(fd, &number, sizeof(number)) != sizeof(number))
		return 0;
	child_end(c);
	errno = number;
	return err_sys(e, "cannot run '%s'", path);
}

int child_start(struct child *c, const struct argv *argv, int keep,
		struct err *e)
{
	AUTO_CLOSE int out = -1, fault = -1, fault_in = -1;
	pid_t parent = getpid();
	int fds[2], pipes[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(e, "cannot make a pipe");
	c->out = fds[0];
	out = fds[1];
	if (pipe2(pipes, O_CLOEXEC) < 0)
		return err_sys(e, "cannot make a pipe");
	fault = pipes[0];
	fault_in = pipes[1];
	c->pid = fork();
	if (c->pid == 0)
		become(argv, out, keep, fault_in, parent);
	if (c->pid < 0) {
		c->pid = 0;
		return err_sys(e, "cannot fork");
	}
	close(steal_fd(&fault_in));
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	if (c->pidfd < 0) {
		child_end(c);
		return err_sys(e, "cannot watch a process (Linux 5.3 and later can)");
	}
	fcntl(c->out, F_SETFL, O_NONBLOCK);
	return read_fault(c, argv->at[0], fault, e);
}

void child_end(struct child *c)
{
	if (c->pid > 0) {
		kill(c->pid, SIGKILL);
		while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (c->pidfd >= 0)
		close(c->pidfd);
	if (c->out >= 0)
		close(c->out);
	*c = (struct child)CHILD_INIT;
}

int child_run(const struct argv *argv, struct buf *out, struct err *e)
{
	struct child c = CHILD_INIT;
	char data[4096];
	int status = -1;
	ssize_t n;

	if (child_start(&c, argv, -1, e) < 0) {
		child_end(&c);
		return -1;
	}
	fcntl(c.out, F_SETFL, 0);
	while ((n = io_read(c.out, data, sizeof(data))) > 0)
		(void)!buf_append(out, data, (size_t)n);
	while (waitpid(c.pid, &status, 0) < 0 && errno == EINTR)
		;
	c.pid = 0;
	child_end(&c);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}
