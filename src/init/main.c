/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - the first process of an enclave: from the ramdisk to /cmd
 *
 * The command is a child and not this process itself: whatever becomes of it,
 * even by a fault of its own, something is left that says how it ended and
 * ends the enclave, and a pid 1 that ends is a kernel panic instead.  odyn
 * makes itself the reaper of what it starts; the rest is reaped here.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "enclave/boot.h"
#include "enclave/loopback.h"
#include "init/init.h"

static NORETURN void end_enclave(void)
{
	kill(-1, SIGKILL);
	sync();
	tcdrain(1);
	reboot(RB_AUTOBOOT);		/* as the kernel's reboot= has it */
	say_errno("cannot reboot");
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

/* NULL after saying why. */
static char **read_words(const char *path)
{
	char *text;
	ssize_t len = ramdisk_map(path, BOOT_WORDS_MAX, &text);
	char **words = len < 0 ? NULL : boot_words(text, (size_t)len);

	if (len >= 0 && !words)
		say("'%s' holds a NUL", path);
	return words;
}

static NORETURN void run(char **argv, char **env)
{
	int fault;

	setsid();
	environ = env;			/* its PATH is what execvp looks in */
	execvp(argv[0], argv);
	fault = errno;
	say_errno("cannot run '%s'", argv[0]);
	_exit(fault == ENOENT || fault == ENOTDIR ? 127 : 126);
}

/* Reaps until the command has ended: the status that waitpid gives. */
static int wait_for(pid_t command)
{
	int status = 0;
	pid_t pid;

	do {
		pid = waitpid(-1, &status, 0);
	} while (pid != command && (pid > 0 || errno == EINTR));
	return status;
}

static void report(const char *name, int status)
{
	if (WIFSIGNALED(status))
		say("'%s' was killed by signal %d", name, WTERMSIG(status));
	else
		say("'%s' exited with status %d", name, WEXITSTATUS(status));
}

static void boot(void)
{
	char **argv, **env;
	struct err e;
	pid_t pid;

	console_open();
	modules_load();
	heartbeat_start();
	if (!ramdisk_complete())
		return;
	xattrs_apply();
	argv = read_words(BOOT_CMD);
	env = read_words(BOOT_ENV);
	if (!argv || !env)
		return;
	if (!argv[0]) {
		say("'" BOOT_CMD "' names no command");
		return;
	}
	env = boot_env(env);
	if (root_switch() < 0)
		return;
	mounts_make();
	hosts_make();
	if (loopback_up(&e) < 0)
		say("%s", e.msg);
	pid = fork();
	if (pid == 0)
		run(argv, env);
	if (pid < 0)
		say_errno("cannot fork for '%s'", argv[0]);
	else
		report(argv[0], wait_for(pid));
}

int main(void)
{
	if (getpid() != 1) {
		say("this is the first process of an enclave, no command; "
		    "see enclaver-init(8)");
		return 2;
	}
	boot();
	end_enclave();
}
