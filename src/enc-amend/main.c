/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - enc-amend: image path in, path of the amended image out
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/confine.h"
#include "eif/sign.h"
#include "enc-amend/amend.h"
#include "enc-amend/odyn.h"
#include "enclave/process.h"
#include "image/image.h"

static const char help[] =
"usage: enc-amend -f MANIFEST [--odyn FILE|IMAGE] [--log-buffer SIZE] [IMAGE]\n"
"       enc-amend -f MANIFEST --sources\n"
"\n"
"Adds the manifest, odyn and the description of the process to an image as one\n"
"layer, makes odyn its entrypoint, and prints the path of the new image.\n"
"\n"
"  -f, --file MANIFEST     enclaver.yaml; - is standard input\n"
"      --odyn FILE|IMAGE   the supervisor: a file, or an image that holds\n"
"                          /usr/local/bin/odyn\n"
"      --log-buffer SIZE   how much of the application's output odyn keeps (128k)\n"
"      --sources           print the images that the manifest names instead\n"
"  -q, --quiet             no notes\n"
"  -v, --verbose           say more\n"
"  -h, --help              this text\n"
"  -V, --version           the version\n"
"\n"
"IMAGE is an image path, oci:DIR:NAME@sha256:HEX; without one, or with -, it is\n"
"read from standard input.\n";

struct options {
	const char *file, *odyn, *image;
	uint64_t log_buffer;	/* 0: as odyn has it */
	bool sources;
};

enum { OPT_ODYN = 256, OPT_LOG_BUFFER, OPT_SOURCES };

static const struct option longs[] = {
	{ "file", required_argument, NULL, 'f' },
	{ "odyn", required_argument, NULL, OPT_ODYN },
	{ "log-buffer", required_argument, NULL, OPT_LOG_BUFFER },
	{ "sources", no_argument, NULL, OPT_SOURCES },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};

/* odyn would refuse it, in an enclave that was built and started. */
static uint64_t log_buffer(const char *text)
{
	uint64_t size = cli_size("--log-buffer", text);

	if (size > PROCESS_LOG_BUFFER_MAX)
		cli_usage("--log-buffer is at most 1G, not '%s'", text);
	return size;
}

static void parse(int argc, char **argv, struct options *o)
{
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "+:f:qvhV", longs, NULL)) != -1) {
		switch (c) {
		case 'f': o->file = optarg; break;
		case OPT_ODYN: o->odyn = optarg; break;
		case OPT_LOG_BUFFER: o->log_buffer = log_buffer(optarg); break;
		case OPT_SOURCES: o->sources = true; break;
		case 'q': cli_set_quiet(true); break;
		case 'v': cli_set_verbose(true); break;
		case 'h': cli_help(help);
		case 'V': cli_version();
		default: cli_bad_option(c, argv);
		}
	}
	o->image = argv[optind];
	if (o->image && argv[optind + 1])
		cli_usage("more than one image: '%s'", argv[optind + 1]);
	if (!o->file)
		cli_usage("no manifest: give --file enclaver.yaml");
	if (o->sources && (o->image || o->odyn || o->log_buffer))
		cli_usage("--sources takes no image, no --odyn and no --log-buffer");
	if (!o->sources && strcmp(o->file, "-") == 0 &&
	    (!o->image || strcmp(o->image, "-") == 0))
		cli_usage("standard input is the manifest: give the image as an argument");
}

/* What the steps after this one would stumble over, minutes later. */
static int check_manifest(const struct manifest *m, const char *file,
			  struct err *e)
{
	char cert[SHA256_HEX];
	struct ref ref;

	if (ref_parse(m->target, &ref, e) < 0) {
		e->class = ERR_INPUT;
		return err_wrap(e, "%s: target '%s'", file, m->target);
	}
	if (m->certificate && cert_file_sha256(m->certificate, cert, e) < 0)
		return err_wrap(e, "%s: signature", file);
	return 0;
}

/* For scripts: a part and what the manifest says of it, a line each. */
static int print_sources(const struct manifest *m)
{
	printf("app %s\n", m->app);
	if (m->odyn)
		printf("odyn %s\n", m->odyn);
	if (m->sleeve)
		printf("sleeve %s\n", m->sleeve);
	printf("target %s\n", m->target);
	return 0;
}

/* The image's layout, which gets the new one, the certificate and odyn. */
static int confine(const struct amend *a, const char *image, struct err *e)
{
	AUTO_SANDBOX struct sandbox box = SANDBOX_INIT;
	AUTO_FREE char *folder = image_folder(image);

	image_needs(image, &box);
	sandbox_change(&box, folder);
	sandbox_read(&box, a->manifest->certificate);
	odyn_needs(a->odyn, a->manifest->odyn, &box);
	return cli_confine(&box, e);
}

int main(int argc, char **argv)
{
	AUTO_MANIFEST struct manifest m = { 0 };
	AUTO_FREE char *image = NULL, *out = NULL;
	struct options o = { 0 };
	struct amend a;
	struct err e;

	cli_init("enc-amend");
	parse(argc, argv, &o);
	if (cli_confine_check(&e) < 0 ||
	    manifest_load(o.file, &m, &e) < 0 ||
	    check_manifest(&m, o.file, &e) < 0)
		return cli_fail(&e);
	if (o.sources)
		return print_sources(&m);
	image = cli_object(o.image, "image path", &e);
	if (!image)
		return cli_fail(&e);
	cli_debug("amending '%s' with odyn '%s'", image,
		  o.odyn ? o.odyn : m.odyn ? m.odyn : "builtin");
	a = (struct amend){ .manifest = &m, .odyn = o.odyn,
			    .log_buffer = o.log_buffer };
	if (confine(&a, image, &e) < 0)
		return cli_fail(&e);
	out = amend_image(&a, image, &e);
	if (!out)
		return cli_fail(&e);
	if (a.healthcheck)
		cli_warn("the image's HEALTHCHECK is kept, but nobody runs it in an enclave");
	printf("%s\n", out);
	return 0;
}
