/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layers.c - the layers of a release image
 *
 * Plain tar.  The EIF's bytes begin at a multiple of 4096 in theirs: a file
 * system that can shares the blocks of the file that was there already, and
 * enc-run reads the EIF in place.
 */
#include <string.h>

#include "base/io.h"
#include "enc-release/release.h"
#include "image/tarwrite.h"

#define CREATED_BY "enc-release"
#define EIF_ALIGN  4096
#define COPY_STEP  ((uint64_t)8 << 20)	/* copied and hashed while in cache */

void layer_describe(struct image_layer *layer)
{
	/* Not compressed: the blob is the tar. */
	memcpy(layer->diff_id, layer->desc.hex, sizeof(layer->diff_id));
	layer->created_by = CREATED_BY;
}

int layer_of_manifest(struct store *s, const struct manifest *m,
		      struct image_layer *layer, struct err *e)
{
	AUTO_BLOB_WRITER struct blob_writer blob = BLOB_WRITER_INIT;
	struct tar_writer w = { .write = tar_write_blob, .ctx = &blob };

	layer->desc = (struct descriptor){ .media_type = OCI_LAYER };
	if (blob_begin(&blob, s, e) < 0 ||
	    tar_dir(&w, "enclave", 0755, e) < 0 ||
	    tar_put(&w, "enclave/enclaver.yaml", 0644, m->text, m->len, e) < 0 ||
	    tar_finish(&w, e) < 0 ||
	    blob_commit_any(&blob, &layer->desc, e) < 0)
		return -1;
	layer_describe(layer);
	return 0;
}

static int copy_eif(struct tar_writer *w, struct blob_writer *blob, int fd,
		    uint64_t size, const char *name, struct progress *p,
		    struct err *e)
{
	for (uint64_t done = 0; done < size;) {
		uint64_t step = size - done < COPY_STEP ? size - done :
							  COPY_STEP;

		if (io_copy_range(fd, done, blob->file.fd, w->offset, step) < 0)
			return err_sys(e, "cannot copy '%s' into store '%s'",
				       name, blob->store->dir);
		/* The digest is of what was written, so a source that changes
		 * meanwhile makes another layer, not a wrong one. */
		if (digest_range(blob->digest, blob->file.fd, w->offset, step) < 0)
			return err_sys(e, "cannot read back from store '%s'",
				       blob->store->dir);
		io_write_behind(blob->file.fd, w->offset, w->offset + step);
		tar_passed(w, step);
		blob->size += step;
		done += step;
		progress_update(p, "release", done, size);
	}
	/* copy_file_range does not move the file's own position. */
	if (lseek(blob->file.fd, (off_t)w->offset, SEEK_SET) < 0)
		return err_sys(e, "cannot write to store '%s'",
			       blob->store->dir);
	return 0;
}

int layer_of_eif(struct store *s, int fd, uint64_t size, const char *name,
		 struct progress *p, struct image_layer *layer, struct err *e)
{
	AUTO_BLOB_WRITER struct blob_writer blob = BLOB_WRITER_INIT;
	struct tar_writer w = { .write = tar_write_blob, .ctx = &blob };

	layer->desc = (struct descriptor){ .media_type = OCI_LAYER };
	if (blob_begin(&blob, s, e) < 0 ||
	    tar_file(&w, "enclave/application.eif", 0644, size, EIF_ALIGN,
		     e) < 0 ||
	    copy_eif(&w, &blob, fd, size, name, p, e) < 0 ||
	    tar_finish(&w, e) < 0 ||
	    blob_commit_any(&blob, &layer->desc, e) < 0)
		return -1;
	layer_describe(layer);
	return 0;
}
