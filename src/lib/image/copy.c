/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy.c - blobs from one layout into another
 */
#include "image/copy.h"

#include "base/io.h"
#include "base/xalloc.h"

#define CHUNK ((size_t)1 << 20)

static int copy_blob(const struct store *from, struct store *to,
		     const struct descriptor *d, struct err *e)
{
	AUTO_BLOB_WRITER struct blob_writer w = BLOB_WRITER_INIT;
	AUTO_FREE char *chunk = xmalloc(CHUNK);
	AUTO_FREE char *name = xasprintf("blob 'sha256:%s'", d->hex);
	AUTO_CLOSE int fd = store_open_blob(from, d, e);

	if (fd < 0 || blob_begin(&w, to, e) < 0)
		return -1;
	for (;;) {
		ssize_t n = io_read(fd, chunk, CHUNK);

		if (n < 0)
			return err_sys(e, "cannot read %s", name);
		if (n == 0)
			return blob_commit(&w, d, name, e);
		if (blob_write(&w, chunk, (size_t)n, e) < 0)
			return -1;
	}
}

int copy_layers(const struct image *img, struct store *to, struct err *e)
{
	for (size_t i = 0; i < img->doc.n_layers; i++) {
		const struct descriptor *d = &img->doc.layers[i];

		if (!store_has(to, d) && copy_blob(&img->store, to, d, e) < 0)
			return -1;
	}
	return 0;
}
