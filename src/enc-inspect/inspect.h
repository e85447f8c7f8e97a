/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inspect.h - what the files of enc-inspect share
 *
 * Each verb builds its whole output in a buffer, which main.c prints.
 */
#ifndef ENC_INSPECT_H
#define ENC_INSPECT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/cert.h"
#include "base/err.h"
#include "base/json.h"
#include "base/outfile.h"

#define OUTPUT_MAX ((size_t)512 << 20)	/* a listing of 2^20 long paths */
#define PRETTY_MAX ((size_t)64 << 20)	/* of 8 MiB of configuration, indented */

/* What verify asks for beyond soundness.  demands_read() fills the second half
 * from the options, which are borrowed and NULL when they were not given. */
struct demands {
	const char *expect_file, *nonce_text, *root_file, *at_text;
	json_t	   *expect;		/* NULL: any measurements */
	uint8_t	   *nonce;		/* NULL: any or none */
	size_t	    nonce_len;
	char	    root[SHA256_HEX];	/* of the root certificate: AWS's */
	int64_t	    at;			/* now, in seconds since 1970 */
};

int demands_read(struct demands *d, struct err *e) MUST_CHECK;
void demands_release(struct demands *d);

struct request {		/* strings are borrowed */
	const char *object;	/* an image path, a name in the store, a file */
	const char *part;	/* PATH of ls, SECTION of extract; or NULL */
	const char *output;	/* -o, or NULL */
	struct outfile file;	/* that, unless it is -; open */
	bool	    json;
	struct demands demands;
	const char *other;	/* of diff: the second object, of ... */
	int	    other_fd;	/* ... whose file this is, or -1 */
	bool	    differ;	/* what diff says: then the status is ERR_NO */
};

/* What main.c calls a verb by.  fd: the EIF or the document, opened; verbs of
 * images do not look at it.  What they append to out is printed when they
 * succeed, and when they fail with ERR_VERIFY, so that a wrong signature is
 * shown and told. */
typedef int inspect_verb(struct request *r, int fd, struct buf *out,
			 struct err *e);

inspect_verb eif_show, eif_pcrs, eif_extract, eif_verify;
inspect_verb document_show, document_verify;
inspect_verb image_show, image_config, image_history, image_layers;
inspect_verb image_ls, image_where, image_id, image_verify;
inspect_verb image_diff, eif_diff;

/* 1 when the file is an attestation document by its first bytes, 0 when not. */
int document_is_one(int fd, const char *name, struct err *e) MUST_CHECK;

/* eif.c: all that is in info, as the members that JSON has of it; the sections'
 * offsets and sizes are not among them.  ls.c: what an inode says of a file.
 * New references. */
struct eif_info;
struct inode;
json_t *eif_members(const struct eif_info *info);
json_t *file_json(const struct inode *i);

/* text.c: hostile bytes as text.  Control characters and what is not UTF-8
 * become \xNN, so that a terminal shows and does not obey them. */
void text_add(struct buf *out, const char *data, size_t len);
void text_adds(struct buf *out, const char *s);
/* "label     value" in a line; NULL is passed over. */
void text_row(struct buf *out, const char *label, const char *value);
/* One line of ASCII, sorted members. */
void text_json(struct buf *out, const json_t *j);
/* The same over many lines, for people; ERR_INPUT when that is longer than
 * PRETTY_MAX, as what is nested deeply is. */
int text_json_pretty(struct buf *out, const json_t *j, struct err *e)
	MUST_CHECK;
/* A string of hostile bytes, as text_add() makes them. */
json_t *text_json_string(const char *data, size_t len);
/* Members subject, issuer, not_before and not_after. */
void text_json_cert(json_t *j, const struct cert *cert);

#endif
