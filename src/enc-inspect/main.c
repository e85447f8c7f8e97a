/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - enc-inspect: look into images, EIFs and attestation documents
 */
#include <getopt.h>
#include <string.h>

#include "base/io.h"
#include "base/xalloc.h"
#include "cli/cli.h"
#include "cli/confine.h"
#include "eif/eif_read.h"
#include "enc-inspect/inspect.h"
#include "image/image.h"

#define OPERANDS_MAX 3

static const char help[] =
"usage: enc-inspect [OPTION]... [VERB] [OBJECT [PATH|SECTION|OBJECT]]\n"
"Look into an image, an enclave image (EIF) or an attestation document.\n"
"\n"
"OBJECT is an image path (oci:DIR:NAME@sha256:HEX), the name of an image in\n"
"the store, or the file of an EIF or a document; without it, or with \"-\", it\n"
"is read from standard input.\n"
"\n"
"  show                     what it is (the default)\n"
"  verify                   whether it is what it says, and what is expected\n"
"  config, history, layers  of an image\n"
"  path, id                 the image path of an image; its ID with docker\n"
"  ls [PATH]                files of an image, its layers merged\n"
"  pcrs                     measurements of an EIF, computed from its bytes\n"
"  diff OBJECT OBJECT       what differs between two images, or two EIFs\n"
"  extract OBJECT SECTION   kernel, cmdline, metadata, signature, ramdisk:0...\n"
"\n"
"      --expect FILE        verify: these measurements (enclaver build's)\n"
"      --nonce BASE64       verify: this nonce, of a document\n"
"      --root FILE          verify: this root of its chain, in place of AWS's\n"
"      --at TIME            verify: when certificates must be valid (now)\n"
"      --json               print one JSON object\n"
"  -o, --output FILE        where extract writes (standard output)\n"
"  -q, --quiet              no messages but errors\n"
"  -v, --verbose            more messages\n"
"  -h, --help               this text\n"
"  -V, --version            the version\n";

enum { OPT_JSON = 256, OPT_EXPECT, OPT_NONCE, OPT_ROOT, OPT_AT };

static const struct option longopts[] = {
	{ "expect", required_argument, NULL, OPT_EXPECT },
	{ "nonce", required_argument, NULL, OPT_NONCE },
	{ "root", required_argument, NULL, OPT_ROOT },
	{ "at", required_argument, NULL, OPT_AT },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "output", required_argument, NULL, 'o' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

enum kind { IMAGE, EIF, DOCUMENT, KINDS };

static const struct {
	const char *one, *many;
} kinds[KINDS] = {
	[IMAGE] = { "an image", "images" },
	[EIF] = { "an EIF", "EIFs" },
	[DOCUMENT] = { "an attestation document", "attestation documents" },
};

static const struct verb {
	const char   *name;
	inspect_verb *of[KINDS];
	bool	      has_part;
} verbs[] = {
	{ "show", { image_show, eif_show, document_show }, false },
	{ "verify", { image_verify, eif_verify, document_verify }, false },
	{ "config", { image_config }, false },
	{ "history", { image_history }, false },
	{ "layers", { image_layers }, false },
	{ "ls", { image_ls }, true },
	{ "path", { image_where }, false },
	{ "id", { image_id }, false },
	{ "pcrs", { [EIF] = eif_pcrs }, false },
	{ "diff", { image_diff, eif_diff }, true },
	{ "extract", { [EIF] = eif_extract }, true },
};

struct words {
	const char *at[OPERANDS_MAX];
	size_t	    n;
};

static void set(struct request *r, int opt, char **argv)
{
	switch (opt) {
	case OPT_EXPECT: r->demands.expect_file = optarg; break;
	case OPT_NONCE: r->demands.nonce_text = optarg; break;
	case OPT_ROOT: r->demands.root_file = optarg; break;
	case OPT_AT: r->demands.at_text = optarg; break;
	case OPT_JSON: r->json = true; break;
	case 'o': r->output = optarg; break;
	case 'q': cli_set_quiet(true); break;
	case 'v': cli_set_verbose(true); break;
	case 'h': cli_help(help);
	case 'V': cli_version();
	default: cli_bad_option(opt, argv);
	}
}

static void add_word(struct words *words, const char *word)
{
	if (words->n == OPERANDS_MAX)
		cli_usage("too many arguments");
	words->at[words->n++] = word;
}

/* Options may stand behind a verb or an object too, as "-o FILE" does. */
static void read_options(int argc, char **argv, struct request *r,
			 struct words *words)
{
	int opt;

	while (optind < argc) {
		while ((opt = getopt_long(argc, argv, "+:o:qvhV", longopts,
					  NULL)) != -1)
			set(r, opt, argv);
		if (optind > 1 && strcmp(argv[optind - 1], "--") == 0) {
			while (optind < argc)
				add_word(words, argv[optind++]);
			return;
		}
		if (optind < argc)
			add_word(words, argv[optind++]);
	}
}

static const struct verb *take_verb(struct words *words)
{
	for (size_t i = 0; words->n > 0 && i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(words->at[0], verbs[i].name) != 0)
			continue;
		words->n--;
		memmove(words->at, words->at + 1,
			words->n * sizeof(*words->at));
		return &verbs[i];
	}
	return &verbs[0];
}

/* The second object of diff. */
static int open_other(struct request *r, struct err *e)
{
	if (!r->other)
		return 0;
	return cli_open_file(r->other, &r->other_fd, e);
}

/* Nothing but the object, or both: an EIF is open, an image is in a layout; and
 * of extract the output. */
static int confine(struct request *r, int eif, struct err *e)
{
	AUTO_SANDBOX struct sandbox box = SANDBOX_INIT;

	if (eif < 0)
		image_needs(r->object, &box);
	if (r->other_fd < 0)
		image_needs(r->other, &box);
	if (eif >= 0 && r->output && strcmp(r->output, "-") != 0) {
		if (outfile_open_beside(&r->file, r->output, e) < 0)
			return -1;
		sandbox_publish(&box, r->output);
	}
	return cli_confine(&box, e);
}

/* What it is by its first bytes; ERR_INPUT when it is none of the three. */
static int find_kind(const char *object, int fd, enum kind *kind,
		     struct err *e)
{
	int is_one = 1;

	*kind = fd >= 0 ? EIF : IMAGE;
	if (fd >= 0)
		is_one = eif_is_one(fd, object, e);
	if (is_one == 0) {
		*kind = DOCUMENT;
		is_one = document_is_one(fd, object, e);
	}
	if (is_one < 0)
		return -1;
	if (!is_one)
		return err_set(e, ERR_INPUT,
			       "'%s' is neither an EIF nor an attestation document nor an image path (oci:DIR:NAME@sha256:HEX)",
			       object);
	cli_debug("'%s' is %s", object, kinds[*kind].one);
	return 0;
}

/* Is what the options demand a question that this kind has an answer to? */
static int check_demands(const struct demands *d, enum kind kind,
			 struct err *e)
{
	const char *option = NULL;

	if (kind != DOCUMENT)
		option = d->nonce_text ? "nonce" : d->root_file ? "root" : NULL;
	if (kind == IMAGE && !option)
		option = d->expect_file ? "expect" : d->at_text ? "at" : NULL;
	if (!option)
		return 0;
	return err_set(e, ERR_USAGE, "--%s demands nothing of %s", option,
		       kinds[kind].one);
}

/* Diff's second object is of the kind of the first. */
static int check_other(const struct request *r, enum kind kind,
		       struct err *e)
{
	enum kind other;

	if (!r->other)
		return 0;
	if (find_kind(r->other, r->other_fd, &other, e) < 0)
		return -1;
	if (other == kind)
		return 0;
	return err_set(e, ERR_USAGE,
		       "'%s' is %s, and '%s' is %s: give two of a kind",
		       r->object, kinds[kind].one, r->other, kinds[other].one);
}

static int run(const struct verb *verb, struct request *r, struct buf *out,
	       struct err *e)
{
	AUTO_CLOSE int fd = -1;
	enum kind kind, fits = IMAGE;

	if (cli_open_file(r->object, &fd, e) < 0 || open_other(r, e) < 0 ||
	    demands_read(&r->demands, e) < 0 || confine(r, fd, e) < 0 ||
	    find_kind(r->object, fd, &kind, e) < 0 ||
	    check_demands(&r->demands, kind, e) < 0 ||
	    check_other(r, kind, e) < 0)
		return -1;
	if (verb->of[kind])
		return verb->of[kind](r, fd, out, e);
	while (!verb->of[fits])
		fits++;
	return err_set(e, ERR_USAGE, "'%s' is for %s%s, and '%s' is %s",
		       verb->name, kinds[fits].many,
		       fits == IMAGE && verb->of[EIF] ? " and EIFs" : "",
		       r->object, kinds[kind].one);
}

static bool has_demands(const struct demands *d)
{
	return d->expect_file || d->nonce_text || d->root_file || d->at_text;
}

/* Of diff's two one at most comes from standard input. */
static void check_two(const struct words *words)
{
	if (words->n != 2)
		cli_usage("'diff' compares two objects: 'diff OBJECT OBJECT'");
	if (strcmp(words->at[0], "-") == 0 && strcmp(words->at[1], "-") == 0)
		cli_usage("only one of two objects can be '-'");
}

static void request_release(struct request *r)
{
	outfile_abort(&r->file);
	demands_release(&r->demands);
	auto_closep(&r->other_fd);
}

int main(int argc, char **argv)
{
	AUTO(request_release) struct request r = {
		.file = OUTFILE_INIT, .other_fd = -1,
	};
	struct words words = { .n = 0 };
	AUTO_BUF struct buf out = BUF_INIT(OUTPUT_MAX);
	AUTO_FREE char *object = NULL, *other = NULL;
	struct err e = { .class = ERR_NONE };
	const struct verb *verb;
	bool is_diff;
	int result;
	size_t n;

	cli_init("enc-inspect");
	opterr = 0;
	read_options(argc, argv, &r, &words);
	n = words.n;
	verb = take_verb(&words);
	is_diff = verb->of[EIF] == eif_diff;
	if (words.n == n && n > 1)
		cli_usage("unknown verb '%s'", words.at[0]);
	if (words.n > (verb->has_part ? 2 : 1))
		cli_usage("too many arguments for '%s'", verb->name);
	if (r.output && verb->of[EIF] != eif_extract)
		cli_usage("--output is for 'extract'");
	if (has_demands(&r.demands) && verb->of[EIF] != eif_verify)
		cli_usage("--expect, --nonce, --root and --at are for 'verify'");
	if (is_diff)
		check_two(&words);
	r.part = words.n > 1 ? words.at[1] : NULL;
	object = cli_object(words.n > 0 ? words.at[0] : NULL, "image, EIF or document",
			    &e);
	if (object && is_diff)
		r.other = other = cli_object(r.part, "image or EIF", &e);
	if (!object || (is_diff && !other))
		return cli_fail(&e);
	r.object = object;
	result = run(verb, &r, &out, &e);
	/* A wrong signature is told, and shown too. */
	if (out.len > 0 && (result == 0 || e.class == ERR_VERIFY))
		fwrite(out.data, 1, out.len, stdout);
	return result < 0 ? cli_fail(&e) : r.differ ? ERR_NO : 0;
}
