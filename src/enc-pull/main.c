/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - enc-pull: brings an image into the store and prints its path
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "cli/confine.h"
#include "cli/progress.h"
#include "cli/remote.h"
#include "image/source.h"

static const char help[] =
"usage: enc-pull [OPTION]... [IMAGE]\n"
"\n"
"Brings an image into the store and prints its path, oci:DIR:NAME@sha256:HEX.\n"
"IMAGE is a docker-style name, docker://NAME, docker-daemon:NAME,\n"
"oci:DIR[:REF], oci-archive:FILE[:REF] or docker-archive:FILE[:NAME]; without\n"
"it, or as -, it is one line on standard input.\n"
"\n"
"      --platform OS/ARCH[/VARIANT]  which image of an index (this machine's)\n"
"      --store DIR                   the store ($ENCLAVER_STORE, or the cache)\n"
"      --if-there                    docker-daemon: status 1, and no error,\n"
"                                    when it is not there\n"
"      --max-size SIZE               the most that its layers may have (64G)\n"
CLI_REMOTE_HELP
"  -q, --quiet                       no progress\n"
"  -v, --verbose                     say more\n"
"  -h, --help                        this text\n"
"  -V, --version                     the version\n";

enum { OPT_PLATFORM = 256, OPT_STORE, OPT_IF_THERE, OPT_MAX_SIZE };

static const struct option long_options[] = {
	{ "platform", required_argument, NULL, OPT_PLATFORM },
	{ "store", required_argument, NULL, OPT_STORE },
	{ "if-there", no_argument, NULL, OPT_IF_THERE },
	{ "max-size", required_argument, NULL, OPT_MAX_SIZE },
	CLI_REMOTE_OPTIONS,
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

struct options {
	struct pull_options pull;
	const char	   *store;
	const char	   *image;
	bool		    if_there;
};

static void parse_options(int argc, char **argv, struct options *o)
{
	struct platform ignored;
	struct err e;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "+:j:qvhV", long_options,
				NULL)) != -1) {
		switch (c) {
		case OPT_PLATFORM:
			if (platform_parse(optarg, &ignored, &e) < 0)
				cli_usage("--platform: %s", e.msg);
			o->pull.platform = optarg;
			break;
		case OPT_STORE:
			o->store = optarg;
			break;
		case OPT_IF_THERE:
			o->if_there = true;
			break;
		case OPT_MAX_SIZE:
			o->pull.max_size = cli_size("--max-size", optarg);
			break;
		case 'q':
			cli_set_quiet(true);
			break;
		case 'v':
			cli_set_verbose(true);
			break;
		case 'h':
			cli_help(help);
		case 'V':
			cli_version();
		default:
			if (!cli_remote_option(c, optarg, &o->pull.remote))
				cli_bad_option(c, argv);
		}
	}
	if (argc - optind > 1)
		cli_usage("one image at a time: what is '%s'?",
			  argv[optind + 1]);
	o->image = argv[optind];	/* NULL: standard input */
}

static int confine(const struct source *source, const struct store *store,
		   struct err *e)
{
	AUTO_SANDBOX struct sandbox box = SANDBOX_INIT;

	store_needs(store->dir, &box);
	sandbox_change(&box, store->dir);
	source_needs(source, &box);
	return cli_confine(&box, e);
}

/* Is it a name alone, of a registry's image, and that of a file here too? */
static bool is_file(const char *image)
{
	struct stat st;

	return !strchr(image, ':') && stat(image, &st) == 0 &&
	       S_ISREG(st.st_mode);
}

static void tell_of_file(const char *image, struct err *e)
{
	size_t len = strlen(e->msg);

	snprintf(e->msg + len, sizeof(e->msg) - len,
		 "; the file here is docker-archive:%s or oci-archive:%s", image,
		 image);
}

/* *opened says how far it came when it fails. */
static char *pull(const struct options *o, bool *opened, struct err *e)
{
	AUTO_FREE char *image = cli_object(o->image, "image", e);
	AUTO_STORE struct store store = STORE_INIT;
	AUTO_SOURCE struct source *source = NULL;
	bool file;
	char *path;

	if (!image)
		return NULL;
	file = is_file(image);
	if (o->if_there && strncmp(image, "docker-daemon:", 14) != 0)
		cli_usage("--if-there is for docker-daemon:NAME, not for '%s'",
			  image);
	source = source_open(image, &o->pull, e);
	*opened = source;
	if (!source || store_open(&store, o->store, e) < 0 ||
	    confine(source, &store, e) < 0)
		return NULL;
	cli_debug("pulling '%s' into '%s'", image, store.dir);
	path = source_pull(source, &store, e);
	cli_progress_end();
	if (!path && file && e->class == ERR_REMOTE)
		tell_of_file(image, e);
	return path;
}

/* A daemon that is there, but not for us, may have what is looked for: who
 * looks should know. */
static bool is_not_there(bool opened, const struct err *e)
{
	if (!opened && (e->class == ERR_SYS || e->class == ERR_REMOTE)) {
		cli_note("%s", e->msg);
		return true;
	}
	if (e->class != ERR_NO)
		return false;
	cli_debug("%s", e->msg);
	return true;
}

int main(int argc, char **argv)
{
	struct options o = { .pull = { .remote.jobs = JOBS_DEFAULT,
				       .max_size = PULL_SIZE_MAX } };
	struct err e = { 0 };
	AUTO_FREE char *path = NULL;
	bool opened = false;

	cli_init("enc-pull");
	parse_options(argc, argv, &o);
	o.pull.progress = cli_progress();
	path = pull(&o, &opened, &e);
	if (!path && o.if_there && is_not_there(opened, &e))
		return ERR_NO;
	if (!path && e.class == ERR_NO)
		e.class = ERR_REMOTE;
	if (!path)
		return cli_fail(&e);
	printf("%s\n", path);
	return 0;
}
