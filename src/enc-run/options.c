/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.c - the command line of enc-run
 *
 * Enclaver's enclaver-run spells its options with underscores in some releases
 * and with hyphens in others: both are taken.
 */
#include "enc-run/options.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "cli/cli.h"

#define GRACE_DEFAULT	10
#define SECONDS_MAX	86400
#define CPUS_MAX	4096
#define MEMORY_MAX	(1u << 30)	/* MiB */
#define PUBLISH_MAX	1024
#define RESTART_MAX	1000000
#define CID_MIN		4		/* 0 to 3 are the host and its kin */
#define CID_MAX		(UINT32_MAX - 1)

static const char help[] =
"usage: enc-run [OPTION]... [RELEASE or EIF]\n"
"       enc-run [OPTION]... print-manifest | describe-eif [RELEASE or EIF]\n"
"       enc-run ps [--json]\n"
"\n"
"Starts an enclave, carries its connections, prints the application's output\n"
"and ends with the application's status.\n"
"\n"
"RELEASE is an image path (oci:DIR:NAME@sha256:HEX) or the name of a release\n"
"image in the store, EIF a file with enclaver.yaml beside it; - reads either\n"
"from standard input.  Without one, /enclave is run.\n"
"\n"
"      --launcher HOW      nitro, nitro-cli, qemu, sandbox, or auto, the first\n"
"                          of them that this machine has\n"
"  -p, --publish PORTS     [ADDRESS:]HOST:ENCLAVE, again for each port (all of\n"
"                          the manifest's, each under its own number); none\n"
"      --resolver ADDRESS[:PORT]\n"
"                          the name server for what goes out (the host's)\n"
"      --eif-file FILE     the EIF, instead of the release's\n"
"      --manifest-file FILE\n"
"                          the manifest, instead of the release's\n"
"      --cpu-count N       vCPUs (defaults.cpu_count)\n"
"      --memory-mb N       MiB of memory (defaults.memory_mb)\n"
"      --cid N             the enclave's vsock address (any that is free)\n"
"  -d, --debug-mode        show the console; the measurements are zeros then\n"
"      --expect FILE       start only what has these measurements\n"
"      --check             say what would fail, and start nothing\n"
"      --status-fd N       write what happens there, a line of JSON each\n"
"      --grace SECONDS     from a request to stop to the end (10)\n"
"      --boot-timeout SECONDS\n"
"                          until the application runs (90 or more, by size)\n"
"      --restart N         start it again, up to N times, when it fails (0)\n"
"      --json              for ps: JSON\n"
"  -q, --quiet             no notes\n"
"  -v, --verbose           say more, and show the console\n"
"  -h, --help              this text\n"
"  -V, --version           the version\n";

enum { OPT_LAUNCHER = 256, OPT_EIF, OPT_MANIFEST, OPT_CPUS, OPT_MEMORY,
       OPT_CID, OPT_EXPECT, OPT_CHECK, OPT_STATUS_FD, OPT_GRACE, OPT_BOOT,
       OPT_RESTART, OPT_RESOLVER, OPT_JSON };

static const struct option longs[] = {
	{ "launcher", required_argument, NULL, OPT_LAUNCHER },
	{ "publish", required_argument, NULL, 'p' },
	{ "eif-file", required_argument, NULL, OPT_EIF },
	{ "manifest-file", required_argument, NULL, OPT_MANIFEST },
	{ "cpu-count", required_argument, NULL, OPT_CPUS },
	{ "memory-mb", required_argument, NULL, OPT_MEMORY },
	{ "cid", required_argument, NULL, OPT_CID },
	{ "debug-mode", no_argument, NULL, 'd' },
	{ "expect", required_argument, NULL, OPT_EXPECT },
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "status-fd", required_argument, NULL, OPT_STATUS_FD },
	{ "grace", required_argument, NULL, OPT_GRACE },
	{ "boot-timeout", required_argument, NULL, OPT_BOOT },
	{ "resolver", required_argument, NULL, OPT_RESOLVER },
	{ "restart", required_argument, NULL, OPT_RESTART },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};

static uint32_t number(const char *option, uint32_t min, uint32_t max)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(optarg, &end, 10);
	if (*optarg < '0' || *optarg > '9' || *end || errno || n < min ||
	    n > max)
		cli_usage("%s is a number from %u to %u, not '%s'", option,
			  min, max, optarg);
	return (uint32_t)n;
}

static void add_publish(struct options *o)
{
	struct err e;

	if (strcmp(optarg, "none") == 0) {
		o->no_publish = true;
		return;
	}
	if (o->n_publish == PUBLISH_MAX)
		cli_usage("more than %u ports", PUBLISH_MAX);
	o->publish = xreallocarray(o->publish, o->n_publish + 1,
				   sizeof(*o->publish));
	if (publish_parse(optarg, &o->publish[o->n_publish], &e) < 0)
		cli_usage("%s", e.msg);
	o->n_publish++;
}

static void set_resolver(struct options *o)
{
	struct err e;

	if (resolver_check(optarg, &e) < 0)
		cli_usage("--resolver: %s", e.msg);
	o->resolver = optarg;
}

static void set_status_fd(struct options *o)
{
	o->status_fd = (int)number("--status-fd", 0, INT32_MAX);
	if (fcntl(o->status_fd, F_GETFD) < 0)
		cli_usage("--status-fd %s is not open", optarg);
	/* It is nobody's but ours. */
	fcntl(o->status_fd, F_SETFD, FD_CLOEXEC);
}

static void set(struct options *o, int c, char **argv)
{
	switch (c) {
	case OPT_LAUNCHER: o->launcher = optarg; break;
	case 'p': add_publish(o); break;
	case OPT_EIF: o->eif_file = optarg; break;
	case OPT_MANIFEST: o->manifest_file = optarg; break;
	case OPT_CPUS: o->cpu_count = number("--cpu-count", 1, CPUS_MAX); break;
	case OPT_MEMORY: o->memory_mib = number("--memory-mb", 1, MEMORY_MAX); break;
	case OPT_CID: o->cid = number("--cid", CID_MIN, CID_MAX); break;
	case 'd': o->debug = true; break;
	case OPT_EXPECT: o->expect = optarg; break;
	case OPT_CHECK: o->verb = VERB_CHECK; break;
	case OPT_STATUS_FD: set_status_fd(o); break;
	case OPT_GRACE: o->grace = number("--grace", 0, SECONDS_MAX); break;
	case OPT_BOOT: o->boot_timeout = number("--boot-timeout", 1, SECONDS_MAX); break;
	case OPT_RESTART: o->restart = number("--restart", 0, RESTART_MAX); break;
	case OPT_RESOLVER: set_resolver(o); break;
	case OPT_JSON: o->json = true; break;
	case 'q': cli_set_quiet(true); break;
	case 'v': cli_set_verbose(true); break;
	case 'h': cli_help(help);
	case 'V': cli_version();
	default: cli_bad_option(c, argv);
	}
}

/* "--cpu_count" is "--cpu-count"; a value may have underscores. */
static void hyphens(char *word)
{
	for (char *p = word; *p && *p != '='; p++)
		if (*p == '_')
			*p = '-';
}

static enum run_verb verb_of(const char *word)
{
	static const struct {
		const char   *word;
		enum run_verb verb;
	} verbs[] = {
		{ "print-manifest", VERB_MANIFEST },
		{ "describe-eif", VERB_DESCRIBE },
		{ "ps", VERB_PS },
	};

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(word, verbs[i].word) == 0)
			return verbs[i].verb;
	return VERB_RUN;
}

/* Options may stand behind the verb and the object too.  Returns the words
 * that are none, of which there are n. */
static size_t read_words(int argc, char **argv, struct options *o,
			 const char *words[2])
{
	bool literal = false;
	size_t n = 0;
	int c;

	while (optind < argc) {
		while (!literal && (c = getopt_long(argc, argv, "+:p:dqvhV",
						    longs, NULL)) != -1)
			set(o, c, argv);
		literal = literal ||
			  (optind > 1 && strcmp(argv[optind - 1], "--") == 0);
		if (optind == argc)
			break;
		if (n == 2)
			cli_usage("too many arguments: '%s'", argv[optind]);
		words[n++] = argv[optind++];
	}
	return n;
}

static void check(const struct options *o)
{
	if (o->verb == VERB_PS && o->object)
		cli_usage("'ps' takes no argument: '%s'", o->object);
	if (o->json && o->verb != VERB_PS)
		cli_usage("--json is for 'ps'");
	if (o->eif_file && o->object)
		cli_usage("an EIF and '%s': give one of them", o->object);
	if (o->no_publish && o->n_publish > 0)
		cli_usage("'none' goes with no other --publish");
}

void options_read(int argc, char **argv, struct options *o)
{
	const char *words[2] = { NULL, NULL };
	size_t n, at = 0;
	enum run_verb verb;

	*o = (struct options){ .status_fd = -1, .grace = GRACE_DEFAULT };
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strncmp(argv[i], "--", 2) == 0)
			hyphens(argv[i]);
	opterr = 0;
	n = read_words(argc, argv, o, words);
	verb = n > 0 ? verb_of(words[0]) : VERB_RUN;
	if (verb != VERB_RUN) {
		o->verb = verb;
		at = 1;
	}
	o->object = words[at];
	if (at + 1 < n && at == 0)
		cli_usage("more than one image: '%s'", words[1]);
	check(o);
}

void options_release(struct options *o)
{
	for (size_t i = 0; i < o->n_publish; i++)
		free(o->publish[i].address);
	free(o->publish);
}
