/* SPDX-License-Identifier: Apache-2.0 */
/*
 * console.c - the console, and how init talks on it
 */
#include "init/init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

void console_open(void)
{
	int fd;

	/* EBUSY: the kernel has done it. */
	mkdir("/dev", 0755);
	if (mount("devtmpfs", "/dev", "devtmpfs", MS_NOSUID, "mode=0755") < 0 &&
	    errno != EBUSY)
		say_errno("cannot mount devtmpfs on '/dev'");
	fd = open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	/* dup2 onto itself would keep O_CLOEXEC: the ramdisk has no console,
	 * so 0 to 2 are usually closed and fd is 0. */
	for (int i = 0; i <= 2; i++) {
		if (i == fd)
			fcntl(fd, F_SETFD, 0);
		else
			dup2(fd, i);
	}
	if (fd > 2)
		close(fd);
}

__attribute__((format(printf, 2, 0)))
static void vsay(const char *tail, const char *fmt, va_list ap)
{
	char line[1024] = "init: ";
	const size_t max = sizeof(line) - 1;	/* room for the newline */
	size_t len = strlen(line);
	ssize_t ignored;

	vsnprintf(line + len, max - len, fmt, ap);
	len = strlen(line);
	if (tail)
		snprintf(line + len, max - len, ": %s", tail);
	len = strlen(line);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	line[len++] = '\n';
	ignored = write(2, line, len);	/* no console: nobody to tell */
	(void)ignored;
}

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay(NULL, fmt, ap);
	va_end(ap);
}

void say_errno(const char *fmt, ...)
{
	const char *text = strerror(errno);
	va_list ap;

	va_start(ap, fmt);
	vsay(text, fmt, ap);
	va_end(ap);
}
