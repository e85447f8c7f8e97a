/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - odyn, the supervisor in the enclave
 *
 * Runs as pid 1 and as a child of an init alike; odyn(8).  Trust: its command
 * line, its environment, process.json and enclaver.yaml are measured; whoever
 * talks to its ports is not.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/reboot.h>
#include <termios.h>
#include <unistd.h>

#include "config.h"
#include "odyn/console.h"
#include "odyn/odyn.h"
#include "odyn/output.h"
#include "odyn/supervisor.h"

#define LINGER	10		/* contract with the parent: status.h */
#define GRACE	10		/* as Docker has it */
#define SECONDS_MAX 86400

static const char help[] =
"usage: odyn [OPTION...] [--] [COMMAND [ARGUMENT...]]\n"
"Runs the application that DIR/process.json describes, or COMMAND, with what\n"
"DIR/enclaver.yaml wants around it.\n"
"\n"
"  --config-dir DIR    where both are (/etc/enclaver)\n"
"  --grace SECONDS     from SIGTERM to SIGKILL for the application (10)\n"
"  --linger SECONDS    how long the end waits for a reader of the status (10)\n"
"  --log-buffer BYTES  how much of the output is kept (131072)\n"
"  --no-bootstrap      leave loopback interface, clock and randomness alone\n"
"  --no-console        leave the output of the application alone\n"
"  --vsock PATH        hybrid vsock: a UNIX socket instead of AF_VSOCK\n"
"  -h, --help          print this and exit\n"
"  -V, --version       print the version and exit\n";

static struct odyn_options options = {
	.config_dir = "/etc/enclaver",
	.bootstrap = true,
	.console = true,
	.log_buffer = OUTPUT_RING,
	.grace = GRACE,
	.linger = LINGER,
};

/* -1 when the text is no number from min to max. */
static long number(const char *text, long min, long max)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	return *text < '0' || *text > '9' || *end || errno || n < min ||
	       n > max ? -1 : n;
}

static int bad_value(const char *option, const char *value)
{
	console_say("'%s' is no value for '--%s'; try 'odyn --help'", value,
		    option);
	return 2;
}

/* 0, or the status to exit with (-1: exit with 0 at once). */
static int read_options(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "config-dir", required_argument, NULL, 'c' },
		{ "grace", required_argument, NULL, 'g' },
		{ "linger", required_argument, NULL, 'l' },
		{ "log-buffer", required_argument, NULL, 'b' },
		{ "no-bootstrap", no_argument, NULL, 'B' },
		{ "no-console", no_argument, NULL, 'C' },
		{ "vsock", required_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int c, at = 0;
	long n;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "+:hV", longs, &at)) != -1) {
		switch (c) {
		case 'c':
			options.config_dir = optarg;
			break;
		case 'g':
		case 'l':
			n = number(optarg, 0, SECONDS_MAX);
			if (n < 0)
				return bad_value(longs[at].name, optarg);
			*(c == 'g' ? &options.grace : &options.linger) =
				(unsigned)n;
			break;
		case 'b':
			n = number(optarg, 1, OUTPUT_RING_MAX);
			if (n < 0)
				return bad_value(longs[at].name, optarg);
			options.log_buffer = (size_t)n;
			break;
		case 'v':
			options.vsock = optarg;
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

int main(int argc, char **argv)
{
	int ret;

	supervisor_block_signals();
	ret = read_options(argc, argv);
	if (ret < 0)
		return 0;
	console_open(options.console ? "/dev/console" : "/dev/null");
	return end(ret == 0 ? odyn_run(&options) : ret);
}
