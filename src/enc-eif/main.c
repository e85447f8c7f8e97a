/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - enc-eif: from an image, or from parts, to an enclave image
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/outfile.h"
#include "base/xalloc.h"
#include "cli/cli.h"
#include "enc-eif/enc-eif.h"
#include "enclave/manifest.h"
#include "image/layer.h"

#define MTIME_MAX INT64_C(253402300799)		/* the year 9999 */

static const char help[] =
"usage: enc-eif [OPTION]... [IMAGE]\n"
"       enc-eif [OPTION]... --kernel FILE --cmdline TEXT --ramdisk FILE...\n"
"Write an enclave image (EIF) and print its path.\n"
"\n"
"IMAGE is an image path (oci:DIR:NAME@sha256:HEX); without it, or with \"-\",\n"
"it is read from standard input.\n"
"\n"
"  -f, --file MANIFEST      sign as this enclaver.yaml says (\"signature\")\n"
"  -o, --output EIF         the file to write (./application.eif)\n"
"      --blobs DIR|IMAGE    where the kernel is\n"
"      --init own|blobs     whose init starts the enclave (own)\n"
"      --cmdline TEXT       the kernel's command line\n"
"      --mtime SECONDS      no file is younger (SOURCE_DATE_EPOCH)\n"
"      --max-size SIZE      the most that the image's files may have (64G)\n"
"      --name NAME          ImageName of the metadata\n"
"      --image-version TEXT ImageVersion of the metadata\n"
"      --sign-cert FILE     certificate, PEM\n"
"      --sign-key FILE      its private key, PEM\n"
"      --measurements FILE  write the PCRs there, as JSON\n"
"      --json               print a JSON object in place of the path\n"
"      --kernel FILE        of parts: the kernel\n"
"      --ramdisk FILE       of parts: a ramdisk; may be repeated\n"
"      --metadata FILE      of parts: the text of the metadata section\n"
"  -q, --quiet              no messages but errors\n"
"  -v, --verbose            more messages\n"
"  -h, --help               this text\n"
"  -V, --version            the version\n";

enum {
	OPT_BLOBS = 256, OPT_INIT, OPT_CMDLINE, OPT_MTIME, OPT_NAME,
	OPT_IMAGE_VERSION, OPT_SIGN_CERT, OPT_SIGN_KEY, OPT_MEASUREMENTS,
	OPT_JSON, OPT_KERNEL, OPT_RAMDISK, OPT_METADATA, OPT_MAX_SIZE,
};

static const struct option longopts[] = {
	{ "file", required_argument, NULL, 'f' },
	{ "output", required_argument, NULL, 'o' },
	{ "blobs", required_argument, NULL, OPT_BLOBS },
	{ "init", required_argument, NULL, OPT_INIT },
	{ "cmdline", required_argument, NULL, OPT_CMDLINE },
	{ "mtime", required_argument, NULL, OPT_MTIME },
	{ "max-size", required_argument, NULL, OPT_MAX_SIZE },
	{ "name", required_argument, NULL, OPT_NAME },
	{ "image-version", required_argument, NULL, OPT_IMAGE_VERSION },
	{ "sign-cert", required_argument, NULL, OPT_SIGN_CERT },
	{ "sign-key", required_argument, NULL, OPT_SIGN_KEY },
	{ "measurements", required_argument, NULL, OPT_MEASUREMENTS },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "kernel", required_argument, NULL, OPT_KERNEL },
	{ "ramdisk", required_argument, NULL, OPT_RAMDISK },
	{ "metadata", required_argument, NULL, OPT_METADATA },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

struct cmd {
	struct eif_options o;
	const char *manifest, *cert, *key, *measurements;
	bool	    blobs_init, json;
};

static int64_t parse_seconds(const char *text)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (errno || end == text || *end || n < 0 || n > MTIME_MAX)
		cli_usage("--mtime '%s' is not a number of seconds since 1970",
			  text);
	return n;
}

static void set_init(struct cmd *c, const char *whose)
{
	c->blobs_init = strcmp(whose, "blobs") == 0;
	if (!c->blobs_init && strcmp(whose, "own") != 0)
		cli_usage("--init '%s': give 'own' or 'blobs'", whose);
}

static void add_ramdisk(struct eif_options *o, const char *path)
{
	o->ramdisks = xreallocarray(o->ramdisks, o->n_ramdisks + 1,
				    sizeof(*o->ramdisks));
	o->ramdisks[o->n_ramdisks++] = path;
}

static void set(struct cmd *c, int opt, char **argv)
{
	switch (opt) {
	case 'f': c->manifest = optarg; break;
	case 'o': c->o.output = optarg; break;
	case OPT_BLOBS: c->o.blobs = optarg; break;
	case OPT_INIT: set_init(c, optarg); break;
	case OPT_CMDLINE: c->o.cmdline = optarg; break;
	case OPT_MTIME:
		c->o.mtime = parse_seconds(optarg);
		c->o.has_mtime = true;
		break;
	case OPT_MAX_SIZE:
		c->o.max_size = cli_size("--max-size", optarg);
		break;
	case OPT_NAME: c->o.name = optarg; break;
	case OPT_IMAGE_VERSION: c->o.version = optarg; break;
	case OPT_SIGN_CERT: c->cert = optarg; break;
	case OPT_SIGN_KEY: c->key = optarg; break;
	case OPT_MEASUREMENTS: c->measurements = optarg; break;
	case OPT_JSON: c->json = true; break;
	case OPT_KERNEL: c->o.kernel = optarg; break;
	case OPT_RAMDISK: add_ramdisk(&c->o, optarg); break;
	case OPT_METADATA: c->o.metadata = optarg; break;
	case 'q': cli_set_quiet(true); break;
	case 'v': cli_set_verbose(true); break;
	case 'h': cli_help(help);
	case 'V': cli_version();
	default: cli_bad_option(opt, argv);
	}
}

static bool parts_mode(const struct cmd *c)
{
	return c->o.kernel || c->o.n_ramdisks > 0 || c->o.metadata;
}

static void check_usage(const struct cmd *c, int args)
{
	const struct eif_options *o = &c->o;

	if (!c->cert != !c->key)
		cli_usage("--sign-cert and --sign-key go together");
	if (strcmp(o->output, "-") == 0)
		cli_usage("an EIF is written to a file, not to standard output");
	if (strchr(o->output, '\n'))
		cli_usage("the output's path must be one line");
	if (c->measurements && strcmp(c->measurements, o->output) == 0)
		cli_usage("--measurements and --output name the same file");
	if (!parts_mode(c)) {
		if (args > 1)
			cli_usage("one image only");
		return;
	}
	if (!o->kernel || !o->cmdline || o->n_ramdisks == 0)
		cli_usage("parts are --kernel, --cmdline and one --ramdisk at least");
	if (args > 0)
		cli_usage("an image and parts do not go together");
	if (o->blobs || c->blobs_init)
		cli_usage("--blobs and --init are for images, not for parts");
	if (o->metadata && (o->name || o->version))
		cli_usage("--metadata holds the name and the version already");
}

/* The command line's certificate before the manifest's. */
static int open_signer(struct cmd *c, const struct manifest *m,
		       struct signer **s, struct err *e)
{
	const char *cert = c->cert ? c->cert : m->certificate;
	const char *key = c->key ? c->key : m->key;

	if (!cert)
		return 0;
	*s = signer_open(cert, key, e);
	c->o.signer = *s;
	return *s ? 0 : -1;
}

static int set_dates(struct eif_options *o, struct err *e)
{
	if (clock_source_date(&o->date, &o->has_date, e) < 0)
		return -1;
	if (!o->has_mtime && o->has_date) {
		o->mtime = o->date;
		o->has_mtime = true;
	}
	return 0;
}

static int make(struct cmd *c, struct err *e)
{
	AUTO_OUTFILE struct outfile out = OUTFILE_INIT;
	AUTO_OUTFILE struct outfile pcrs = OUTFILE_INIT;
	AUTO_SANDBOX struct sandbox box = SANDBOX_INIT;
	struct eif_report report = { .size = 0 };
	AUTO_FREE char *json = NULL;
	int result;

	if (outfile_open_beside(&out, c->o.output, e) < 0)
		return -1;
	sandbox_publish(&box, c->o.output);
	if (c->measurements) {
		if (outfile_open_beside(&pcrs, c->measurements, e) < 0)
			return -1;
		sandbox_publish(&box, c->measurements);
	}
	c->o.box = &box;
	result = parts_mode(c) ? parts_to_eif(&c->o, out.fd, &report, e) :
				 image_to_eif(&c->o, out.fd, &report, e);
	if (result < 0 || outfile_sync(&out, c->o.output, 0666, e) < 0)
		return -1;
	/* All that takes room is done when the first of the two appears. */
	if (c->measurements &&
	    report_measurements(&report, &pcrs, c->measurements, e) < 0)
		return -1;
	if (outfile_commit(&out, c->o.output, 0666, e) < 0)
		return -1;
	report_print(&report);
	json = report_json(&report, c->o.output);
	puts(c->json ? json : c->o.output);
	return 0;
}

static int run(struct cmd *c, const char *arg, struct err *e)
{
	AUTO_MANIFEST struct manifest m = { .name = NULL };
	AUTO_SIGNER struct signer *signer = NULL;
	AUTO_FREE char *image = NULL;

	if (c->manifest && manifest_load(c->manifest, &m, e) < 0)
		return -1;
	if (!c->o.name)
		c->o.name = m.name;
	if (set_dates(&c->o, e) < 0 || open_signer(c, &m, &signer, e) < 0)
		return -1;
	if (!parts_mode(c)) {
		image = cli_object(arg, "image path", e);
		c->o.image = image;
		if (!image)
			return -1;
	}
	return make(c, e);
}

int main(int argc, char **argv)
{
	struct cmd c = { .o = { .output = "./application.eif",
			      .max_size = LAYERS_SIZE_MAX } };
	struct err e = { .class = ERR_NONE };
	int opt, result;

	cli_init("enc-eif");
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "+:f:o:qvhV", longopts,
				  NULL)) != -1)
		set(&c, opt, argv);
	c.o.own_init = !c.blobs_init;
	check_usage(&c, argc - optind);
	result = run(&c, argv[optind], &e);
	free(c.o.ramdisks);
	return result < 0 ? cli_fail(&e) : 0;
}
