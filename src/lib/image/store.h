/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - the store: an OCI image layout that many may write at once
 *
 * OCI image spec 1.1, image-layout.md.  Blobs are content-addressed and appear
 * by rename, so a kill at any moment leaves the store sound; index.json is
 * replaced by rename under a flock on the folder.  Temporaries live in tmp/
 * and are removed by the next writer when theirs was killed.
 */
#ifndef ENC_STORE_H
#define ENC_STORE_H

#include "base/buf.h"
#include "base/outfile.h"
#include "base/sandbox.h"
#include "image/oci.h"

struct store {
	int   dirfd;
	char *dir;		/* as it stands in image paths; absolute */
};

#define STORE_INIT { .dirfd = -1, .dir = NULL }
#define AUTO_STORE AUTO(store_release)

/* The usual store: $ENCLAVER_STORE, else $XDG_CACHE_HOME/enclaver,
 * ~/.cache/enclaver, for root /var/cache/enclaver.  New, caller frees.
 * ERR_USAGE when none of them is set. */
char *store_default(struct err *e) MUST_CHECK;

/* Opens DIR, or with NULL store_default(); makes what is missing. */
int store_open(struct store *s, const char *dir, struct err *e) MUST_CHECK;

/* Opens the folder of a store that may be another's, or not begun yet, to look
 * something up; creates nothing. */
int store_open_folder(struct store *s, const char *dir, struct err *e)
	MUST_CHECK;

/* The same, and ERR_INPUT when it is no layout. */
int store_open_existing(struct store *s, const char *dir, struct err *e)
	MUST_CHECK;
void store_release(struct store *s);

/* For a program that will read the layout DIR in a sandbox: the folder, and
 * what symbolic links in it lead to, up to SANDBOX_LINKS_MAX.  Bazel makes its
 * layouts of links. */
void store_needs(const char *dir, struct sandbox *s);

/* Is the blob here, with that size? */
bool store_has(const struct store *s, const struct descriptor *d);

/* Is a blob with the digest d->hex here?  Fills in d->size. */
bool store_look_up(const struct store *s, struct descriptor *d);

/* A descriptor for reading; the bytes are not verified yet.  ERR_INPUT when
 * the blob is missing, with what to do. */
int store_open_blob(const struct store *s, const struct descriptor *d,
		    struct err *e) MUST_CHECK;

/* Appends a whole blob whose size and digest were verified.  A blob larger
 * than the buffer's ceiling is ERR_INPUT. */
int store_read_blob(const struct store *s, const struct descriptor *d,
		    struct buf *b, struct err *e) MUST_CHECK;

/* Appends a whole file of the layout that no digest vouches for, "index.json"
 * say.  ERR_INPUT when it is no regular file: a pipe would never end. */
int store_read_text(const struct store *s, const char *path, struct buf *b,
		    struct err *e) MUST_CHECK;

/* A blob on its way in. */
struct blob_writer {
	struct store  *store;	/* borrowed */
	struct outfile file;
	struct digest *digest;
	uint64_t       size;	/* bytes so far */
};

#define BLOB_WRITER_INIT { .store = NULL, .file = OUTFILE_INIT, .digest = NULL, .size = 0 }
#define AUTO_BLOB_WRITER AUTO(blob_abort)

int blob_begin(struct blob_writer *w, struct store *s, struct err *e)
	MUST_CHECK;
int blob_write(struct blob_writer *w, const void *data, size_t len,
	       struct err *e) MUST_CHECK;

/* Publishes the blob when its size and digest are those of want (ERR_VERIFY
 * otherwise); name stands in messages. */
int blob_commit(struct blob_writer *w, const struct descriptor *want,
		const char *name, struct err *e) MUST_CHECK;

/* Publishes what came and fills got's hex and size. */
int blob_commit_any(struct blob_writer *w, struct descriptor *got,
		    struct err *e) MUST_CHECK;

/* For a caller that wrote w->file.fd itself and knows size and digest. */
int blob_commit_as(struct blob_writer *w, const struct descriptor *is,
		   struct err *e) MUST_CHECK;
void blob_abort(struct blob_writer *w);

/* A whole blob at once; fills d's hex and size. */
int store_put_blob(struct store *s, const void *data, size_t len,
		   struct descriptor *d, struct err *e) MUST_CHECK;

/* Enters an image into index.json: "NAME@sha256:HEX" and, when moving, NAME
 * too, which it takes from whichever image had it. */
int store_tag(struct store *s, const char *name, const struct descriptor *d,
	      bool moving, struct err *e) MUST_CHECK;

/* The same for an image whose name ends in another digest than that of d, its
 * entry: Docker's manifest, which is not for OCI's readers, is in the store
 * beside its twin d, which is (source.c). */
int store_tag_as(struct store *s, const char *name, const char *hex,
		 const struct descriptor *d, bool moving, struct err *e)
	MUST_CHECK;

/* Appends the names in an index's array "manifests", with ", " between them and
 * as many as fit: what there is, for messages. */
#define INDEX_NAMES_MAX 512	/* bytes */
void index_names(const json_t *manifests, struct buf *listed);

/* Looks a ref.name up in index.json ("NAME" or "NAME@sha256:HEX"), or the
 * only image there is when ref_name is NULL.  ERR_NO with what
 * there is when it is not there. */
int store_find(const struct store *s, const char *ref_name,
	       struct descriptor *d, struct err *e) MUST_CHECK;

#endif
