/* SPDX-License-Identifier: Apache-2.0 */
/*
 * release.c - an EIF becomes an image that runs it
 *
 * Trust: the EIF may be anybody's.  It is read, measured and judged before a
 * byte is written.
 */
#include "enc-release/release.h"

#include <fcntl.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "image/annotation.h"
#include "image/copy.h"
#include "image/ref.h"

static int check_certificate(const struct manifest *m,
			     const struct eif_info *eif, const char *name,
			     struct err *e)
{
	char want[SHA256_HEX];

	if (!m->certificate)
		return 0;
	if (cert_file_sha256(m->certificate, want, e) < 0)
		return -1;
	if (!eif->signature_data)
		return err_set(e, ERR_VERIFY,
			       "'%s' is not signed, and the manifest asks for a signature: build it with enc-eif -f",
			       name);
	if (strcmp(eif->signature.cert.sha256, want) != 0)
		return err_set(e, ERR_VERIFY,
			       "'%s' is signed by '%s' (sha256:%s), not by the manifest's certificate '%s' (sha256:%s)",
			       name, eif->signature.cert.subject,
			       eif->signature.cert.sha256, m->certificate, want);
	return 0;
}

/* Kernels have some ten megabytes. */
static int hash_kernel(struct release *r, int fd, const char *name,
		       struct err *e)
{
	AUTO_DIGEST struct digest *d = digest_new(DIGEST_SHA256);
	const struct eif_section *s = r->eif.sections;

	while (s->type != EIF_KERNEL)	/* eif_read(): there is one */
		s++;
	if (digest_range(d, fd, s->offset, s->size) < 0)
		return err_sys(e, "cannot read '%s'", name);
	digest_final_hex(d, r->kernel);
	return 0;
}

static int read_eif(struct release *r, int fd, const char *name,
		    struct err *e)
{
	if (eif_read(fd, name, &r->eif, e) < 0 ||
	    eif_measure(fd, name, &r->eif, e) < 0 ||
	    eif_judge(&r->eif, name, clock_now(), e) < 0 ||
	    check_certificate(r->manifest, &r->eif, name, e) < 0)
		return -1;
	return hash_kernel(r, fd, name, e);
}

static int read_target(struct release *r, struct err *e)
{
	const char *text = r->target ? r->target : r->manifest->target;
	struct ref ref;

	if (ref_parse(text, &ref, e) < 0) {
		if (!r->target)
			e->class = ERR_INPUT;
		return err_wrap(e, "target '%s'", text);
	}
	if (ref.hex[0])
		return err_set(e, r->target ? ERR_USAGE : ERR_INPUT,
			       "target '%s' has a digest, which nobody knows yet: give a tag",
			       text);
	r->name = ref_name(&ref);
	return 0;
}

/* When the EIF was built, as it says itself: true when it does. */
static bool built_at(const struct eif_info *eif, char created[CLOCK_TEXT])
{
	AUTO_JSON json_t *j = NULL;
	struct err ignored;
	const char *text;
	int64_t seconds;

	j = json_parse_object(eif->metadata, eif->metadata_len, "metadata",
			      &ignored);
	text = json_str(json_object_get(j, "BuildMetadata"), "BuildTime");
	if (!text || clock_parse(text, &seconds) < 0)
		return false;
	clock_format(seconds, created);
	return true;
}

/* New reference. */
static json_t *builtin_config(const struct release *r, json_t *entrypoint,
			      const char *created)
{
	json_t *config = json_object(), *run = json_object();
	char built[CLOCK_TEXT];

	json_put_str(config, "architecture", eif_arch_oci(r->eif.arch));
	json_put_str(config, "os", "linux");
	json_put(run, "Entrypoint", entrypoint);
	json_put(config, "config", run);
	if (!created && built_at(&r->eif, built))
		created = built;
	if (created)
		json_put_str(config, "created", created);
	return config;
}

/* New reference. */
static json_t *new_config(const struct release *r, const char *created)
{
	json_t *entrypoint = json_array();

	json_add(entrypoint, json_string(RUNNER));
	if (r->builtin)
		return builtin_config(r, entrypoint, created);
	return image_config_for(&r->base, entrypoint, created, NULL);
}

static void put_hex(json_t *j, const char *key, const uint8_t *pcr)
{
	char hex[SHA384_HEX];

	hex_encode(pcr, SHA384_LEN, hex);
	json_put_str(j, key, hex);
}

static void put_digest(json_t *j, const char *key, const char *hex)
{
	AUTO_FREE char *text = xasprintf("sha256:%s", hex);

	json_put_str(j, key, text);
}

/* New reference. */
static json_t *annotations(const struct release *r)
{
	json_t *j = json_object();

	put_hex(j, ANNOTATION_PCR(0), r->eif.pcrs.pcr[0]);
	put_hex(j, ANNOTATION_PCR(1), r->eif.pcrs.pcr[1]);
	put_hex(j, ANNOTATION_PCR(2), r->eif.pcrs.pcr[2]);
	if (r->eif.pcrs.has_pcr8) {
		put_hex(j, ANNOTATION_PCR(8), r->eif.pcrs.pcr8);
		put_digest(j, ANNOTATION_CERTIFICATE,
			   r->eif.signature.cert.sha256);
	}
	if (r->builtin) {
		put_digest(j, ANNOTATION_RUNNER, r->runner.hex);
		return j;
	}
	if (*r->base.path.name)
		json_put_str(j, OCI_BASE_NAME, r->base.path.name);
	put_digest(j, OCI_BASE_DIGEST, r->base.desc.hex);
	return j;
}

static int compose(struct release *r, const struct image_layer *layers,
		   size_t n, struct err *e)
{
	const struct image *base = r->builtin ? NULL : &r->base;
	AUTO_JSON json_t *config = NULL, *notes = annotations(r);
	char created[CLOCK_TEXT];
	int64_t seconds;
	bool set;

	if (clock_source_date(&seconds, &set, e) < 0)
		return -1;
	if (set)
		clock_format(seconds, created);
	config = new_config(r, set ? created : NULL);
	if (image_compose(&r->into, base, config, layers, n, notes, &r->desc,
			  e) < 0)
		return -1;
	r->path = image_path_format(r->into.dir, r->name, r->desc.hex);
	return 0;
}

int release_open(struct release *r, const char *eif, struct err *e)
{
	/* eif_read() refuses what is no file; a pipe is not waited for. */
	r->fd = open(eif, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (r->fd < 0)
		return err_sys(e, "cannot open '%s'", eif);
	r->builtin = r->runner_file || (!r->sleeve && !r->manifest->sleeve);
	if (read_target(r, e) < 0 ||
	    (r->runner_file && runner_open(&r->runner, r->runner_file, e) < 0))
		return -1;
	return store_open(&r->into, r->store, e);
}

void release_needs(const struct release *r, struct sandbox *s)
{
	store_needs(r->into.dir, s);
	sandbox_change(s, r->into.dir);
	if (r->builtin)
		runner_needs(s);
	else
		image_needs(r->sleeve ? r->sleeve : r->manifest->sleeve, s);
	image_needs(r->amended, s);
	image_needs(r->nitro_cli, s);
	sandbox_read(s, r->manifest->certificate);
}

/* What the image begins with: *n layers of our own, or those of the sleeve. */
static int begin(struct release *r, struct image_layer *layers, size_t *n,
		 struct err *e)
{
	struct store *s = &r->into;

	*n = r->builtin ? 1 : 0;
	if (r->builtin)
		return runner_read(&r->runner, eif_arch_oci(r->eif.arch), e) < 0 ?
			       -1 : layer_of_runner(s, &r->runner, layers, e);
	if (sleeve_open(r, e) < 0)
		return -1;
	return copy_layers(&r->base, s, e);
}

int release_make(struct release *r, const char *eif, struct err *e)
{
	struct store *s = &r->into;
	struct image_layer layers[3];
	size_t n;

	if (read_eif(r, r->fd, eif, e) < 0 || begin(r, layers, &n, e) < 0 ||
	    layer_of_manifest(s, r->manifest, &layers[n++], e) < 0 ||
	    layer_of_eif(s, r->fd, r->eif.size, eif, r->progress, &layers[n++],
			 e) < 0)
		return -1;
	return compose(r, layers, n, e);
}

int release_file(struct release *r, struct err *e)
{
	return store_tag(&r->into, r->name, &r->desc, true, e);
}

void release_release(struct release *r)
{
	auto_closep(&r->fd);
	r->fd = -1;
	store_release(&r->into);
	runner_release(&r->runner);
	image_release(&r->base);
	eif_info_release(&r->eif);
	free(r->name);
	free(r->path);
	r->name = r->path = NULL;
}
