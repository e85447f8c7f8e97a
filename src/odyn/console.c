/* SPDX-License-Identifier: Apache-2.0 */
/*
 * console.c - where odyn talks
 */
#include "odyn/console.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define LINE_MAX_BYTES 2048

void console_open(const char *path)
{
	for (int i = 0; i <= 2; i++) {
		int fd;

		if (fcntl(i, F_GETFD) >= 0)
			continue;
		/* The lowest number that is free is i: they stay open. */
		fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
		if (fd < 0)
			fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (fd == i)
			fcntl(fd, F_SETFD, 0);
		else if (fd >= 0)
			close(fd);
	}
}

/* Set once, before anything else runs. */
static void (*sink)(void *arg, const char *line, size_t len);
static void *sink_arg;

void console_send_to(void (*fn)(void *arg, const char *line, size_t len),
		     void *arg)
{
	sink = fn;
	sink_arg = arg;
}

void console_say(const char *fmt, ...)
{
	char line[LINE_MAX_BYTES] = "odyn: ";
	size_t len = strlen(line);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line + len, sizeof(line) - 1 - len, fmt, ap);
	va_end(ap);
	len = strlen(line);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	line[len++] = '\n';
	if (sink) {
		sink(sink_arg, line, len);
	} else {
		/* No console: nobody to tell. */
		ssize_t ignored UNUSED = write(2, line, len);
	}
}

/* Is there room for one more?  *left_out is how many there were none for. */
static bool may_say(struct console_limit *l, unsigned int *left_out)
{
	uint64_t now = clock_ticks();

	*left_out = 0;
	if (l->said == 0 || now - l->since >= CONSOLE_LIMIT_MS) {
		*left_out = l->left_out;
		l->since = now;
		l->said = l->left_out = 0;
	}
	if (l->said == l->lines) {
		l->left_out++;
		return false;
	}
	l->said++;
	return true;
}

void console_say_some(struct console_limit *l, const char *fmt, ...)
{
	char text[LINE_MAX_BYTES];
	unsigned int left_out;
	va_list ap;

	if (!may_say(l, &left_out))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (left_out > 0)
		console_say("%u lines like the next one were left out",
			    left_out);
	console_say("%s", text);
}
