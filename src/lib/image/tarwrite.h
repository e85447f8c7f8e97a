/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tarwrite.h - a tar whose every byte is decided here
 *
 * For the layers and archives that the suite itself makes: POSIX.1-2001 pax
 * interchange format, a ustar header an entry and an extended header only where
 * ustar cannot say it (or padding is wanted).  Owner 0:0, no owner names.  The
 * bytes depend on the calls alone, not on a library's version.
 */
#ifndef ENC_TARWRITE_H
#define ENC_TARWRITE_H

#include <stdint.h>

#include "base/err.h"

#define TAR_BLOCK 512
#define TAR_PATH_MAX 4096

struct tar_writer {
	/* Where the bytes go; -1 with *e filled in on failure. */
	int (*write)(void *ctx, const void *data, size_t len, struct err *e);
	void	*ctx;
	int64_t	 mtime;		/* of every entry, seconds since 1970, >= 0 */
	uint64_t offset;	/* bytes so far */
	uint64_t left;		/* of the file that is being written */
};

/* An entry for a directory (path without a final '/') or a regular file.  Paths
 * are relative, without "./"; mode is the permission bits. */
int tar_dir(struct tar_writer *w, const char *path, uint32_t mode,
	    struct err *e) MUST_CHECK;

/* After it exactly size bytes follow, by tar_data() or tar_passed().  With an
 * align above 1 (a multiple of TAR_BLOCK) the data begins at a multiple of it:
 * an extended header with a "comment" of the right length comes before. */
int tar_file(struct tar_writer *w, const char *path, uint32_t mode,
	     uint64_t size, uint64_t align, struct err *e) MUST_CHECK;
int tar_data(struct tar_writer *w, const void *data, size_t len,
	     struct err *e) MUST_CHECK;
/* For a caller that put len bytes of the file to their place at w->offset by
 * itself; the next write goes after them. */
void tar_passed(struct tar_writer *w, uint64_t len);

/* A whole file from memory. */
int tar_put(struct tar_writer *w, const char *path, uint32_t mode,
	    const void *data, size_t len, struct err *e) MUST_CHECK;

/* A symbolic link; target has at most TAR_LINK_MAX bytes. */
#define TAR_LINK_MAX 100
int tar_symlink(struct tar_writer *w, const char *path, const char *target,
		struct err *e) MUST_CHECK;

/* The two blocks of zeros at the end. */
int tar_finish(struct tar_writer *w, struct err *e) MUST_CHECK;

/* A write function for a struct blob_writer *ctx (store.h). */
int tar_write_blob(void *ctx, const void *data, size_t len, struct err *e);

#endif
