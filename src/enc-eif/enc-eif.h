/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enc-eif.h - what the files of enc-eif share
 *
 * main.c reads the options and opens the output; image mode (image_to_eif) or
 * parts mode (parts_to_eif) writes it; report.c says what came out.
 */
#ifndef ENC_EIF_PROGRAM_H
#define ENC_EIF_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "base/outfile.h"
#include "base/sandbox.h"
#include "eif/eif.h"
#include "eif/sign.h"

struct eif_options {		/* all borrowed, read-only when main is done */
	struct sandbox *box;	/* knows of the outputs; each mode adds what it
				 * reads, and enters */
	const char *image;	/* an image path; NULL: parts mode */
	const char *output;	/* path of the EIF: spool files go beside it */
	const char *blobs;	/* --blobs, or NULL */
	bool	    own_init;	/* --init=own, the default */
	const char *cmdline;	/* --cmdline, or NULL: the blobs' own */
	bool	    has_mtime;	/* --mtime, else SOURCE_DATE_EPOCH: */
	int64_t	    mtime;	/* no file in a ramdisk is younger */
	bool	    has_date;	/* SOURCE_DATE_EPOCH: */
	int64_t	    date;	/* BuildTime */
	const char *name;	/* ImageName: --name, or the manifest's; or NULL */
	const char *version;	/* ImageVersion, or NULL */
	struct signer *signer;	/* NULL: not signed */
	uint64_t    max_size;	/* of the image's files together, bytes */

	const char *kernel;	/* parts mode from here on */
	const char *metadata;	/* file, or NULL */
	const char **ramdisks;
	size_t	     n_ramdisks;
};

struct eif_report {
	enum eif_arch arch;
	uint64_t    size;	/* of the EIF, bytes */
	uint64_t    ramdisks;	/* bytes of all of them in the EIF */
	uint64_t    unpacked;	/* what they take in the enclave's root */
	struct pcrs pcrs;
};

/* Each writes the whole EIF onto fd (the temporary of an outfile, empty) and
 * fills the report. */
int image_to_eif(const struct eif_options *o, int fd, struct eif_report *r,
		 struct err *e) MUST_CHECK;
int parts_to_eif(const struct eif_options *o, int fd, struct eif_report *r,
		 struct err *e) MUST_CHECK;

/* The metadata section, as AWS's builder serialises it. */
struct eif_identity {
	const char   *name, *version;
	int64_t	      build_time;	/* seconds since 1970 */
	const char   *os, *kernel;	/* "Linux", "6.12.117" */
	const json_t *docker_info;	/* borrowed; NULL: null */
};
/* Returns new, caller frees.  Never NULL. */
char *identity_text(const struct eif_identity *id);

/* report.c: to stderr, in lines; the measurements as Enclaver's JSON has them,
 * in a file (out, opened beside it and committed here); and the object of
 * --json.  path is that of the EIF. */
void report_print(const struct eif_report *r);
int report_measurements(const struct eif_report *r, struct outfile *out,
			const char *file, struct err *e) MUST_CHECK;
/* Returns new, caller frees. */
char *report_json(const struct eif_report *r, const char *path);

#endif
