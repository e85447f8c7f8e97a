/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - enc-push: pushes an image of the store to a registry, to the docker
 * daemon or into a file
 */
#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/xalloc.h"
#include "cli/cli.h"
#include "cli/confine.h"
#include "cli/progress.h"
#include "cli/remote.h"
#include "enc-push/elsewhere.h"
#include "enclave/manifest.h"
#include "image/near.h"
#include "image/push.h"

static const char help[] =
"usage: enc-push [OPTION]... [IMAGE]\n"
"\n"
"Pushes an image of the store to the registry that its name says, and prints\n"
"what it is pulled by, HOST/PATH@sha256:HEX.  IMAGE is an image path or the\n"
"name of an image in the store; without it, or as -, it is one line on standard\n"
"input.\n"
"\n"
"  -f, --file MANIFEST               without IMAGE, push the release image that\n"
"                                    enclaver.yaml names; - is standard input\n"
"      --target NAME                 push it under this name;\n"
"                                    docker-daemon:[NAME], docker-archive:FILE or\n"
"                                    oci-archive:FILE: there, and print the name\n"
"      --store DIR                   the store ($ENCLAVER_STORE, or the cache)\n"
"      --json                        print what was done as JSON\n"
CLI_REMOTE_HELP
"  -q, --quiet                       no progress\n"
"  -v, --verbose                     say more\n"
"  -h, --help                        this text\n"
"  -V, --version                     the version\n";

enum { OPT_TARGET = 256, OPT_STORE, OPT_JSON };

static const struct option long_options[] = {
	{ "file", required_argument, NULL, 'f' },
	{ "target", required_argument, NULL, OPT_TARGET },
	{ "store", required_argument, NULL, OPT_STORE },
	{ "json", no_argument, NULL, OPT_JSON },
	CLI_REMOTE_OPTIONS,
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

struct options {
	struct push_options push;
	const char	   *image, *file, *target, *store;
	struct elsewhere    elsewhere;
	bool		    json;
};

static void parse_options(int argc, char **argv, struct options *o)
{
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "+:f:j:qvhV", long_options,
				NULL)) != -1) {
		switch (c) {
		case 'f': o->file = optarg; break;
		case OPT_TARGET: o->target = optarg; break;
		case OPT_STORE: o->store = optarg; break;
		case OPT_JSON: o->json = true; break;
		case 'q': cli_set_quiet(true); break;
		case 'v': cli_set_verbose(true); break;
		case 'h': cli_help(help);
		case 'V': cli_version();
		default:
			if (!cli_remote_option(c, optarg, &o->push.remote))
				cli_bad_option(c, argv);
		}
	}
	if (argc - optind > 1)
		cli_usage("one image at a time: what is '%s'?",
			  argv[optind + 1]);
	o->image = argv[optind];
	if (o->target)
		elsewhere_parse(&o->elsewhere, o->target);
	if (o->elsewhere.text && (o->json || o->push.remote.authfile ||
				  o->push.remote.ca_file || o->push.remote.tls))
		cli_usage("--json, --authfile, --ca-file and --tls-verify are for registries");
}

/* What the manifest names, or an argument, or standard input.  Returns new,
 * caller frees. */
static char *image_of(const struct options *o, struct err *e)
{
	AUTO_MANIFEST struct manifest m = { 0 };
	struct ref ref;

	if (o->image || !o->file)
		return cli_object(o->image, "image", e);
	if (manifest_load(o->file, &m, e) < 0)
		return NULL;
	if (ref_parse(m.target, &ref, e) < 0) {
		e->class = ERR_INPUT;
		err_wrap(e, "%s: target '%s'", o->file, m.target);
		return NULL;
	}
	return xstrdup(m.target);
}

/* A manifest without -f before it is a name like any other, but for the file
 * that is there. */
static bool is_file(const char *image)
{
	struct stat st;

	return image && stat(image, &st) == 0 && S_ISREG(st.st_mode);
}

/* The store is only read from. */
static int confine(struct options *o, struct push *p, const char *text,
		   struct err *e)
{
	AUTO_SANDBOX struct sandbox box = SANDBOX_INIT;

	image_needs(text, &box);
	if (o->store)
		store_needs(o->store, &box);
	if (o->elsewhere.text) {
		if (elsewhere_open(&o->elsewhere, &box, e) < 0)
			return -1;
	} else {
		if (push_open(p, &o->push, e) < 0)
			return -1;
		push_needs(p, &box);
	}
	return cli_confine(&box, e);
}

static int open_image(struct image *img, const struct options *o,
		      const char *text, struct err *e)
{
	int ret = o->store ? image_open_near(img, text, o->store, e) :
			     image_open(img, text, e);

	if (ret < 0 && is_file(o->image))
		return err_set(e, ERR_USAGE,
			       "'%s' is a file, not an image: to push the release image that a manifest names, give -f %s",
			       o->image, o->image);
	if (ret < 0 && !o->image && o->file)
		return err_wrap(e, "target of '%s' (is it built?)", o->file);
	return ret;
}

static json_t *digest_json(const char *hex)
{
	AUTO_FREE char *digest = xasprintf("sha256:%s", hex);

	return json_string(digest);
}

static char *push_json(const struct push *p, const struct image *img)
{
	static const char *const keys[] = {
		[PUSH_PRESENT] = "present",
		[PUSH_MOUNTED] = "mounted",
		[PUSH_UPLOADED] = "uploaded",
	};
	AUTO_JSON json_t *j = json_object();
	json_t *blobs = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		json_put(blobs, keys[i], json_array());
	for (size_t i = 0; i < p->n; i++)
		json_add(json_object_get(blobs, keys[p->blobs[i].how]),
			 digest_json(p->blobs[i].d->hex));
	json_put_str(j, "schema", "enc-push/1");
	json_put_str(j, "name", p->name);
	json_put(j, "digest", digest_json(img->desc.hex));
	json_put(j, "blobs", blobs);
	return json_text(j);
}

/* What is printed.  Returns new, caller frees. */
static char *push(struct options *o, struct err *e)
{
	AUTO_FREE char *text = image_of(o, e);
	AUTO_IMAGE struct image img = IMAGE_INIT;
	AUTO_PUSH struct push p = PUSH_INIT;

	if (!text || confine(o, &p, text, e) < 0 ||
	    open_image(&img, o, text, e) < 0)
		return NULL;
	if (o->elsewhere.text)
		return elsewhere_put(&o->elsewhere, &img, o->push.progress, e);
	if (push_image(&p, &img, o->target ? o->target : img.path.name, e) < 0)
		return NULL;
	return o->json ? push_json(&p, &img) : steal_ptr(&p.pinned);
}

static void options_release(struct options *o)
{
	elsewhere_release(&o->elsewhere);
}

int main(int argc, char **argv)
{
	AUTO(options_release) struct options o = {
		.push.remote.jobs = JOBS_DEFAULT,
		.elsewhere = ELSEWHERE_INIT,
	};
	AUTO_FREE char *out = NULL;
	struct err e = { 0 };

	cli_init("enc-push");
	parse_options(argc, argv, &o);
	o.push.progress = cli_progress();
	out = push(&o, &e);
	cli_progress_end();
	if (!out)
		return cli_fail(&e);
	printf("%s\n", out);
	return 0;
}
