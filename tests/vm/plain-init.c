/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plain-init.c - a first process that does as little as AWS's does: an EIF of
 * ours must start under it, too
 *
 * Static.  One word a line in /cmd and /env, /rootfs moved over the root,
 * proc, sysfs and /run and /tmp, the command as a child, a reboot.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT_MAX  65536
#define WORDS_MAX 1024

struct words {
	char text[TEXT_MAX];
	char *word[WORDS_MAX];
};

static void read_words(const char *path, struct words *w)
{
	int fd = open(path, O_RDONLY);
	ssize_t len = read(fd, w->text, sizeof(w->text) - 1);
	char *at = w->text;
	size_t n = 0;

	for (char *nl; len > 0 && n < WORDS_MAX - 1 && *at &&
	     (nl = strchr(at, '\n')); at = nl + 1) {
		*nl = '\0';
		w->word[n++] = at;
	}
	close(fd);
}

static int move_root(void)
{
	return mount("/rootfs", "/rootfs", NULL, MS_BIND, NULL) < 0 ||
	       chdir("/rootfs") < 0 ||
	       mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 ||
	       chdir("/") < 0 ||
	       mount("dev", "/dev", "devtmpfs", 0, NULL) < 0 ||
	       mount("proc", "/proc", "proc", 0, NULL) < 0 ||
	       mount("sys", "/sys", "sysfs", 0, NULL) < 0 ||
	       mount("run", "/run", "tmpfs", MS_NOEXEC, NULL) < 0 ||
	       mount("tmp", "/tmp", "tmpfs", MS_NOEXEC, NULL) < 0;
}

int main(void)
{
	static struct words cmd, env;
	int status = -1;

	mount("dev", "/dev", "devtmpfs", 0, NULL);
	dup2(open("/dev/console", O_RDWR), 0);
	dup2(0, 1);
	dup2(0, 2);
	read_words("/cmd", &cmd);
	read_words("/env", &env);
	if (move_root())
		perror("plain-init: root");
	else if (fork() == 0) {
		setsid();
		execve(cmd.word[0], cmd.word, env.word);
		_exit(127);
	} else {
		wait(&status);
		dprintf(2, "plain-init: wait says %d\n", status);
	}
	sync();
	reboot(RB_AUTOBOOT);
	return 1;
}
