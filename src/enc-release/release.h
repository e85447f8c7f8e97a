/* SPDX-License-Identifier: Apache-2.0 */
/*
 * release.h - an EIF becomes an image that runs it
 */
#ifndef ENC_RELEASE_H
#define ENC_RELEASE_H

#include "base/progress.h"
#include "eif/eif_read.h"
#include "enclave/manifest.h"
#include "image/image.h"

/* Where the program is in a release image: the entrypoint. */
#define RUNNER	   "/usr/local/bin/enclaver-run"
#define RUNNER_MAX ((size_t)64 << 20)	/* bytes */

/* Our own enc-run, which a release image without a sleeve begins with. */
struct runner {
	int   fd;
	char *path;
	struct buf bytes;
	char hex[SHA256_HEX];	/* of the file */
};

#define RUNNER_INIT { .fd = -1, .path = NULL, .bytes = BUF_INIT(RUNNER_MAX) }

struct release {
	const struct manifest *manifest;
	const char *sleeve;	/* --sleeve, or NULL */
	const char *runner_file;	/* --runner, or NULL */
	const char *target;	/* --target, or NULL */
	const char *store;	/* --store, or NULL */
	const char *amended;	/* --amended, or NULL: for the report alone */
	const char *nitro_cli;	/* --nitro-cli, or NULL: so is this */
	struct progress *progress;	/* may be NULL */

	/* filled in by release_open() */
	int   fd;		/* the EIF */
	char *name;		/* the target, normalised */
	struct store into;
	bool  builtin;		/* there is no sleeve, but: */
	struct runner runner;

	/* and by release_make() */
	char *path;		/* image path of the release image */
	struct descriptor desc;	/* the release image's, in there */
	struct image base;	/* the sleeve, unless builtin */
	struct eif_info eif;	/* read, measured and judged */
	char kernel[SHA256_HEX];	/* of the kernel section's bytes */
};

#define RELEASE_INIT { .fd = -1, .into = STORE_INIT, .runner = RUNNER_INIT, \
	.base = IMAGE_INIT, .eif = EIF_INFO_INIT }
#define AUTO_RELEASE AUTO(release_release)

/* Opens the EIF, the store and what is built on when that is a file, and reads
 * nothing yet. */
int release_open(struct release *r, const char *eif, struct err *e) MUST_CHECK;
/* What the rest of it reads and writes. */
void release_needs(const struct release *r, struct sandbox *s);

/* Checks the EIF (sound, CRC, signature, and when the manifest asks for one
 * its certificate), and puts the sleeve or a layer with our enc-run, a layer
 * with the manifest and a layer with the EIF together: an image in the store
 * that has no name yet. */
int release_make(struct release *r, const char *eif, struct err *e) MUST_CHECK;

/* Files it under the target's name, when all else is done. */
int release_file(struct release *r, struct err *e) MUST_CHECK;
void release_release(struct release *r);

/* What "enclaver build" prints: {"Sources","Measurements","Image"}.  Returns
 * new, caller frees; NULL when an image that it tells of cannot be read. */
char *release_json(const struct release *r, struct err *e) MUST_CHECK;

/* runner.c: opens the file. */
int runner_open(struct runner *r, const char *file, struct err *e) MUST_CHECK;
/* What runner_read() will open when no file was. */
void runner_needs(struct sandbox *s);
/* Reads it; when none is open that of $ENCLAVER_LIBEXEC, else the one beside
 * this program, and for another architecture than this program's the one of
 * cli_libexec().  ERR_INPUT unless it is static and for arch, OCI's name. */
int runner_read(struct runner *r, const char *arch, struct err *e) MUST_CHECK;
/* A whole image: what a container engine needs, and it. */
int layer_of_runner(struct store *s, const struct runner *r,
		    struct image_layer *layer, struct err *e) MUST_CHECK;
void runner_release(struct runner *r);

/* sleeve.c: r->base becomes the sleeve that is named.  ERR_INPUT when it is not
 * there, not for the EIF's architecture, or has no program RUNNER, which takes
 * reading its layers once; ERR_VERIFY when one is not what its digest says. */
int sleeve_open(struct release *r, struct err *e) MUST_CHECK;

/* layers.c: what is said of a layer whose blob is a plain tar. */
void layer_describe(struct image_layer *layer);
/* The other two layers, written into the store. */
int layer_of_manifest(struct store *s, const struct manifest *m,
		      struct image_layer *layer, struct err *e) MUST_CHECK;
/* fd: size bytes, copied once; name stands in messages. */
int layer_of_eif(struct store *s, int fd, uint64_t size, const char *name,
		 struct progress *p, struct image_layer *layer, struct err *e)
	MUST_CHECK;

#endif
