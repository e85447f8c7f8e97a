/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli.c - what every program of the suite does alike
 */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arch.h"
#include "base/buf.h"
#include "base/io.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "cli/progress.h"
#include "config.h"

#define MESSAGE_MAX 2048
#define OBJECT_MAX  8192	/* an image path: DIR and NAME at their longest */

static const char *program = "enclaver";
static bool quiet, verbose;
static int fixed_status;

/* Both streams are lost to the reader when this fails; status 6 is all that
 * can be said. */
static void close_stdout(void)
{
	if (fflush(stdout) != 0 || ferror(stdout) || fclose(stdout) != 0) {
		cli_warn("cannot write to standard output: %s",
			 strerror(errno));
		_exit(ERR_SYS);
	}
}

/* Without a standard stream the next file that is opened would be one, and a
 * message would end up in an EIF.  What is opened here cannot be read, or
 * written, but for standard error, which is where nobody listens. */
static void fill_streams(void)
{
	static const int modes[] = { O_WRONLY, O_RDONLY, O_RDWR };

	for (int fd = 0; fd < (int)ARRAY_SIZE(modes); fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", modes[fd] | O_CLOEXEC) != fd)
			_exit(ERR_SYS);
}

void cli_init(const char *name)
{
	program = name;
	fill_streams();
	atexit(close_stdout);
}

void cli_set_quiet(bool on)
{
	quiet = on;
}

void cli_set_verbose(bool on)
{
	verbose = on;
}

bool cli_is_quiet(void)
{
	return quiet;
}

bool cli_is_verbose(void)
{
	return verbose;
}

void cli_set_status(int status)
{
	fixed_status = status;
}

void cli_version(void)
{
	printf("%s (enclaver) %s\n", program, PACKAGE_VERSION);
	exit(0);
}

void cli_help(const char *text)
{
	fputs(text, stdout);
	exit(0);
}

/* What a terminal would obey, which may come from hostile names, as '?', and
 * so is what is no UTF-8. */
static void tame(char *text, size_t len)
{
	for (size_t n; len > 0; text += n, len -= n) {
		n = utf8_length(text, len);
		if (n == 0 || !utf8_is_shown(utf8_code(text, n))) {
			n = n ? n : 1;
			memset(text, '?', n);
		}
	}
}

/* One write(2), so that messages of programs in one pipe do not mix. */
__attribute__((format(printf, 1, 0)))
static void message(const char *fmt, va_list ap)
{
	char text[MESSAGE_MAX];
	ssize_t ignored UNUSED;
	size_t start, len;
	int n;

	cli_progress_end();
	n = snprintf(text, sizeof(text), "%s: ", program);
	start = n < 0 ? 0 : (size_t)n;
	vsnprintf(text + start, sizeof(text) - start - 1, fmt, ap);
	len = strlen(text);
	tame(text, len);
	text[len++] = '\n';
	ignored = write(STDERR_FILENO, text, len);
}

void cli_note(const char *fmt, ...)
{
	va_list ap;

	if (quiet)
		return;
	va_start(ap, fmt);
	message(fmt, ap);
	va_end(ap);
}

void cli_debug(const char *fmt, ...)
{
	va_list ap;

	if (!verbose)
		return;
	va_start(ap, fmt);
	message(fmt, ap);
	va_end(ap);
}

void cli_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(fmt, ap);
	va_end(ap);
}

void cli_usage(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(fmt, ap);
	va_end(ap);
	cli_warn("try '%s --help'", program);
	exit(fixed_status ? fixed_status : ERR_USAGE);
}

void cli_bad_option(int c, char **argv)
{
	const char *word = argv[optind - 1];

	if (c == ':')
		cli_usage("option '%s' needs a value", word);
	if (optopt && (word[0] != '-' || word[1] != '-'))
		cli_usage("unknown option '-%c'", optopt);
	cli_usage("unknown option '%s'", word);
}

uint64_t cli_size(const char *option, const char *text)
{
	static const char units[] = "kMGT";
	const char *unit;
	char *end;
	unsigned long long n;
	unsigned int shift = 0;

	errno = 0;
	n = strtoull(text, &end, 10);
	unit = *end ? strchr(units, *end) : NULL;
	if (unit) {
		shift = 10 * (unsigned int)(unit - units + 1);
		end++;
	}
	/* strtoull() takes blanks and signs, too. */
	if (errno || text[0] < '0' || text[0] > '9' || *end || n == 0 ||
	    n > UINT64_MAX >> shift)
		cli_usage("%s is a number of bytes, or of k, M, G or T, not '%s'",
			  option, text);
	return (uint64_t)n << shift;
}

char *cli_libexec(const char *name, const char *arch)
{
	const char *folder = getenv("ENCLAVER_LIBEXEC");

	if (!folder || !*folder)
		folder = ENC_LIBEXECDIR;
	if (strcmp(arch, ARCH_OWN) == 0)
		return xasprintf("%s/%s", folder, name);
	return xasprintf("%s/%s/%s", folder, arch_machine(arch), name);
}

int cli_fail(const struct err *e)
{
	cli_warn("%s", e->msg);
	return fixed_status ? fixed_status : (int)e->class;
}

char *cli_object(const char *arg, const char *what, struct err *e)
{
	AUTO_BUF struct buf line = BUF_INIT(OBJECT_MAX);
	char *end;

	if (arg && strcmp(arg, "-") != 0)
		return xstrdup(arg);
	if (isatty(STDIN_FILENO)) {
		err_set(e, ERR_USAGE,
			"no %s: give one as an argument or on standard input",
			what);
		return NULL;
	}
	if (buf_read_fd(&line, STDIN_FILENO, "standard input", e) < 0)
		return NULL;
	end = line.data ? strchr(line.data, '\n') : NULL;
	if (end && end[1] == '\0')
		*end = '\0';
	/* In a pipe, nothing means that the program before this one failed. */
	if (line.len == 0 || !line.data[0]) {
		err_set(e, ERR_USAGE,
			"no %s on standard input (did the command before the pipe fail?)",
			what);
		return NULL;
	}
	if (strlen(line.data) + (end ? 1 : 0) != line.len ||
	    strchr(line.data, '\n')) {
		err_set(e, ERR_USAGE, "standard input is not one line with one %s",
			what);
		return NULL;
	}
	return buf_steal(&line);
}

int cli_open_file(const char *object, int *fd, struct err *e)
{
	*fd = -1;
	if (strncmp(object, "oci:", 4) == 0)
		return 0;
	*fd = open(object, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (*fd < 0 && (errno != ENOENT || strchr("./", *object) ||
			strstr(object, ".eif")))
		return err_sys(e, "cannot open '%s'", object);
	return 0;
}
