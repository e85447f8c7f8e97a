/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - odyn, the supervisor in the enclave
 *
 * Runs as pid 1 and as a child of an init alike; odyn(8).  Trust: its command
 * line, its environment and process.json are measured.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "config.h"
#include "enclave/loopback.h"
#include "odyn/console.h"
#include "odyn/supervisor.h"

#define EXIT_OURS 125		/* odyn's own failure: never an application's
				 * status that means something to anybody */

static const char help[] =
"usage: odyn [--config-dir DIR] [--no-bootstrap] [--no-console]\n"
"            [--] [COMMAND [ARGUMENT...]]\n"
"Runs the application that DIR/process.json describes, or COMMAND.\n"
"\n"
"  --config-dir DIR  where process.json is (/etc/enclaver)\n"
"  --no-bootstrap    leave the loopback interface as it is\n"
"  --no-console      do not open /dev/console when there is no output\n"
"  -h, --help        print this and exit\n"
"  -V, --version     print the version and exit\n";

static struct options {
	const char *config_dir;
	bool bootstrap;
	bool console;
	char **command;		/* argv after the options, NULL-terminated */
} options = { .config_dir = "/etc/enclaver", .bootstrap = true,
	      .console = true };

/* 0, or the status to exit with (-1: exit with 0 at once). */
static int read_options(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "config-dir", required_argument, NULL, 'c' },
		{ "no-bootstrap", no_argument, NULL, 'B' },
		{ "no-console", no_argument, NULL, 'C' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "+:hV", longs, NULL)) != -1) {
		switch (c) {
		case 'c':
			options.config_dir = optarg;
			break;
		case 'B':
			options.bootstrap = false;
			break;
		case 'C':
			options.console = false;
			break;
		case 'h':
			fputs(help, stdout);
			return -1;
		case 'V':
			puts("odyn (enclaver) " PACKAGE_VERSION);
			return -1;
		default:
			console_say("%s '%s'; try 'odyn --help'", c == ':' ?
				    "no value for option" : "unknown option",
				    argv[optind - 1]);
			return 2;
		}
	}
	options.command = argv + optind;
	return 0;
}

static char **copy_words(char *const *words)
{
	size_t n = 0;
	char **copy;

	while (words[n])
		n++;
	copy = xcalloc(n + 1, sizeof(*copy));
	for (size_t i = 0; i < n; i++)
		copy[i] = xstrdup(words[i]);
	return copy;
}

/* Without a description: the words of our own command line, as who we are
 * (root, in an enclave), with the environment that we were given. */
static int process_from_command(struct process *p, struct err *e)
{
	int n_groups;

	if (!options.command[0])
		return err_set(e, ERR_USAGE, "no command, and no '%s/%s'",
			       options.config_dir, "process.json");
	p->groups = xcalloc(PROCESS_GROUPS_MAX, sizeof(*p->groups));
	n_groups = getgroups(PROCESS_GROUPS_MAX, p->groups);
	if (n_groups < 0)
		return err_sys(e, "cannot read our own groups");
	p->n_groups = (size_t)n_groups;
	p->uid = getuid();
	p->gid = getgid();
	p->argv = copy_words(options.command);
	p->env = copy_words(environ);
	p->cwd = xstrdup("/");
	p->stop_signal = SIGTERM;
	return 0;
}

static int process_load(struct process *p, struct err *e)
{
	AUTO_FREE char *path = xasprintf("%s/process.json",
					 options.config_dir);
	AUTO_BUF struct buf text = BUF_INIT(PROCESS_JSON_MAX);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return process_from_command(p, e);
	if (fd < 0)
		return err_sys(e, "cannot open '%s'", path);
	if (buf_read_fd(&text, fd, path, e) < 0 ||
	    process_parse(text.data, text.len, p, e) < 0)
		return -1;
	if (p->user)
		return err_set(e, ERR_INPUT, "'%s': the user is not resolved; "
			       "build the enclave image with enc-eif", path);
	return 0;
}

/* The enclave ends with odyn when that is pid 1.  Where it may not reboot it
 * is pid 1 of a container, which wants the status. */
static int end(int status)
{
	if (getpid() != 1)
		return status;
	sync();
	tcdrain(1);
	reboot(RB_AUTOBOOT);	/* as the kernel's reboot= has it */
	return status;
}

static int run(void)
{
	AUTO_PROCESS struct process p = { .argv = NULL };
	struct err e;
	int status;

	if (options.bootstrap && loopback_up(&e) < 0)
		console_say("%s", e.msg);	/* the application may do without */
	if (process_load(&p, &e) < 0 ||
	    supervisor_run(&p, &status, &e) < 0) {
		console_say("%s", e.msg);
		return e.class == ERR_USAGE ? 2 : EXIT_OURS;
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	int ret;

	supervisor_block_signals();
	ret = read_options(argc, argv);
	if (ret < 0)
		return 0;
	console_open(options.console ? "/dev/console" : "/dev/null");
	return end(ret == 0 ? run() : ret);
}
