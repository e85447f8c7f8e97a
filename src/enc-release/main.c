/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - enc-release: path of an EIF in, path of the release image out
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "cli/cli.h"
#include "cli/confine.h"
#include "cli/progress.h"
#include "cli/remote.h"
#include "enc-release/release.h"
#include "image/export.h"
#include "image/push.h"
#include "image/ref.h"

static const char help[] =
"usage: enc-release -f MANIFEST [OPTION]... [EIF]\n"
"\n"
"Puts enc-run, or a sleeve image, the manifest and an EIF together, files the\n"
"result under the manifest's target, and prints its path.\n"
"\n"
"  -f, --file MANIFEST     enclaver.yaml; - is standard input\n"
"      --sleeve IMAGE      the image to build on (sources.sleeve, else none)\n"
"      --runner FILE       build on this enc-run alone\n"
"      --target NAME       what the image is called (target)\n"
"      --store DIR         where it is filed\n"
"      --output WHERE      put it there too: oci-archive:FILE,\n"
"                          docker-archive:FILE, or docker-daemon:[NAME], where\n"
"                          it is called NAME (target)\n"
"      --push              push it to the registry that its name says\n"
"      --json              print Enclaver's JSON of a build instead of the path\n"
"      --amended IMAGE     for --json: the image that the EIF was made of\n"
"      --nitro-cli IMAGE   for --json: the image that its kernel is from\n"
"  -q, --quiet             no notes\n"
"  -v, --verbose           say more\n"
"  -h, --help              this text\n"
"  -V, --version           the version\n"
"\n"
"With --push:\n"
CLI_REMOTE_HELP
"\n"
"EIF is the path of a file; without one, or with -, it is read from standard\n"
"input.\n";

struct options {
	const char *file, *eif, *output, *output_file;
	enum export_kind kind;
	char *name;		/* for the daemon; NULL: the target */
	bool json, push;
	struct push_options pushing;	/* for push */
};

static void options_release(struct options *o)
{
	free(o->name);
}

enum { OPT_SLEEVE = 256, OPT_RUNNER, OPT_TARGET, OPT_STORE, OPT_OUTPUT,
       OPT_JSON, OPT_AMENDED, OPT_NITRO_CLI, OPT_PUSH };

static const struct option longs[] = {
	{ "file", required_argument, NULL, 'f' },
	{ "sleeve", required_argument, NULL, OPT_SLEEVE },
	{ "runner", required_argument, NULL, OPT_RUNNER },
	{ "target", required_argument, NULL, OPT_TARGET },
	{ "store", required_argument, NULL, OPT_STORE },
	{ "output", required_argument, NULL, OPT_OUTPUT },
	{ "push", no_argument, NULL, OPT_PUSH },
	CLI_REMOTE_OPTIONS,
	{ "json", no_argument, NULL, OPT_JSON },
	{ "amended", required_argument, NULL, OPT_AMENDED },
	{ "nitro-cli", required_argument, NULL, OPT_NITRO_CLI },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};

static void parse(int argc, char **argv, struct options *o, struct release *r)
{
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "+:f:j:qvhV", longs, NULL)) != -1) {
		switch (c) {
		case 'f': o->file = optarg; break;
		case OPT_SLEEVE: r->sleeve = optarg; break;
		case OPT_RUNNER: r->runner_file = optarg; break;
		case OPT_TARGET: r->target = optarg; break;
		case OPT_STORE: r->store = optarg; break;
		case OPT_OUTPUT: o->output = optarg; break;
		case OPT_PUSH: o->push = true; break;
		case OPT_JSON: o->json = true; break;
		case OPT_AMENDED: r->amended = optarg; break;
		case OPT_NITRO_CLI: r->nitro_cli = optarg; break;
		case 'q': cli_set_quiet(true); break;
		case 'v': cli_set_verbose(true); break;
		case 'h': cli_help(help);
		case 'V': cli_version();
		default:
			if (!cli_remote_option(c, optarg, &o->pushing.remote))
				cli_bad_option(c, argv);
		}
	}
	o->eif = argv[optind];
	if (o->eif && argv[optind + 1])
		cli_usage("more than one EIF: '%s'", argv[optind + 1]);
}

static void check(struct options *o, const struct release *r)
{
	const struct remote_options *remote = &o->pushing.remote;
	struct ref ref;
	struct err e;

	if (!o->file)
		cli_usage("no manifest: give --file enclaver.yaml");
	if (r->sleeve && r->runner_file)
		cli_usage("--runner is for an image without a sleeve, and --sleeve names one");
	if ((r->amended || r->nitro_cli) && !o->json)
		cli_usage("--%s is for --json",
			  r->amended ? "amended" : "nitro-cli");
	if (!o->push && (remote->authfile || remote->ca_file || remote->tls))
		cli_usage("--authfile, --ca-file and --tls-verify are for --push");
	if (strcmp(o->file, "-") == 0 && (!o->eif || strcmp(o->eif, "-") == 0))
		cli_usage("standard input is the manifest: give the EIF as an argument");
	if (o->output &&
	    export_parse(o->output, &o->kind, &o->output_file, &e) < 0)
		cli_usage("%s", e.msg);
	if (o->output && o->kind == EXPORT_DAEMON && *o->output_file) {
		if (ref_parse_name(o->output_file, &ref, &e) < 0)
			cli_usage("output '%s': %s", o->output, e.msg);
		if (*ref.hex)
			cli_usage("output '%s' has a digest, which nobody knows yet: give a tag",
				  o->output);
		o->name = ref_name(&ref);
	}
}

struct output {			/* open before we are confined */
	struct outfile file;
	struct daemon  daemon;
	struct push    push;
};

#define OUTPUT_INIT { OUTFILE_INIT, DAEMON_INIT, PUSH_INIT }

static void output_release(struct output *to)
{
	outfile_abort(&to->file);
	daemon_release(&to->daemon);
	push_release(&to->push);
}

static int open_output(const struct options *o, struct output *to,
		       struct sandbox *box, struct err *e)
{
	if (o->kind == EXPORT_DAEMON) {
		if (daemon_open(&to->daemon, e) < 0) {
			if (e->class == ERR_NO)
				e->class = ERR_REMOTE;
			return -1;
		}
		daemon_needs(&to->daemon, box);
		return 0;
	}
	sandbox_publish(box, o->output_file);
	return outfile_open_beside(&to->file, o->output_file, e);
}

static int confine(const struct options *o, const struct release *r,
		   struct output *to, struct err *e)
{
	AUTO_SANDBOX struct sandbox box = SANDBOX_INIT;

	release_needs(r, &box);
	if ((o->output && open_output(o, to, &box, e) < 0) ||
	    (o->push && push_open(&to->push, &o->pushing, e) < 0))
		return -1;
	if (o->push)
		push_needs(&to->push, &box);
	return cli_confine(&box, e);
}

/* The daemon has it when this returns, a file is not there yet. */
static int export(const struct options *o, const struct release *r,
		  struct output *to, struct err *e)
{
	AUTO_IMAGE struct image img = IMAGE_INIT;

	if (!o->output)
		return 0;
	if (image_open(&img, r->path, e) < 0)
		return -1;
	if (o->kind == EXPORT_DAEMON)
		return export_to_daemon(&to->daemon, &img,
					o->name ? o->name : r->name,
					r->progress, e);
	return export_image(&img, o->kind, r->name, o->output_file, &to->file,
			    e);
}

/* By then the image has its name in the store: a registry that was down costs
 * no other build. */
static int push(const struct options *o, const struct release *r,
		struct output *to, struct err *e)
{
	AUTO_IMAGE struct image img = IMAGE_INIT;

	if (!o->push)
		return 0;
	if (image_open(&img, r->path, e) < 0)
		return -1;
	if (push_image(&to->push, &img, r->name, e) < 0)
		return err_wrap(e, "'%s' is made, and not pushed", r->name);
	return 0;
}

static char *run(const struct options *o, struct release *r, const char *eif,
		 struct err *e)
{
	AUTO(output_release) struct output to = OUTPUT_INIT;
	AUTO_FREE char *out = NULL;

	if (release_open(r, eif, e) < 0 || confine(o, r, &to, e) < 0 ||
	    release_make(r, eif, e) < 0 || export(o, r, &to, e) < 0)
		return NULL;
	out = o->json ? release_json(r, e) : xstrdup(r->path);
	/* The name and the file appear when all that takes room is done. */
	if (!out || release_file(r, e) < 0)
		return NULL;
	if (o->output && o->kind != EXPORT_DAEMON &&
	    outfile_commit(&to.file, o->output_file, 0666, e) < 0)
		return NULL;
	if (push(o, r, &to, e) < 0)
		return NULL;
	return steal_ptr(&out);
}

int main(int argc, char **argv)
{
	AUTO_RELEASE struct release r = RELEASE_INIT;
	AUTO_MANIFEST struct manifest m = { 0 };
	AUTO_FREE char *eif = NULL, *out = NULL;
	AUTO(options_release) struct options o = {
		.pushing.remote.jobs = JOBS_DEFAULT,
	};
	struct err e;

	cli_init("enc-release");
	parse(argc, argv, &o, &r);
	check(&o, &r);
	if (manifest_load(o.file, &m, &e) < 0)
		return cli_fail(&e);
	eif = cli_object(o.eif, "path of an EIF", &e);
	if (!eif)
		return cli_fail(&e);
	r.manifest = &m;
	r.progress = o.pushing.progress = cli_progress();
	out = run(&o, &r, eif, &e);
	cli_progress_end();
	if (!out)
		return cli_fail(&e);
	cli_debug("'%s' is built on %s '%s'", r.name,
		  r.builtin ? "runner" : "sleeve",
		  r.builtin ? r.runner.path : r.sleeve ? r.sleeve : m.sleeve);
	printf("%s\n", out);
	return 0;
}
