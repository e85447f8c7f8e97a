/* SPDX-License-Identifier: Apache-2.0 */
/*
 * archive.h - reading tar: members, their facts, their data in place
 *
 * The one place that knows libarchive.  ustar, pax (POSIX.1-2001) and GNU tar,
 * plain or compressed by gzip or zstd, which is found out from the bytes.
 * Hostile input: a fault or an early end is ERR_INPUT, never less data.
 *
 * Names are bytes.  libarchive converts those of pax headers to the locale's
 * character set and hands out the raw bytes only when it cannot; the programs
 * never call setlocale(), and from the C locale nothing but ASCII converts.
 *
 * As in GNU tar the archive ends at the first zero block or where the file
 * ends between two members; what follows is ignored.
 */
#ifndef ENC_ARCHIVE_H
#define ENC_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/err.h"

#define UNTAR_BLOCK	   (128 * 1024)	/* bytes of one read from a file */
#define UNTAR_XATTRS_MAX 256		/* extended attributes of one member */
#define UNTAR_XATTR_MAX	   65536	/* bytes of one: Linux's XATTR_SIZE_MAX */
#define UNTAR_XATTR_NAME_MAX 255	/* and XATTR_NAME_MAX */

struct untar;

/* Hands out the next bytes: *data points at them (valid until the next call),
 * their number is returned; 0 at the end, -1 with e filled in. */
typedef ssize_t untar_read_fn(void *ctx, const void **data, struct err *e);

/* New reader; name stands in messages.  read and ctx are used until
 * untar_free(). */
struct untar *untar_open(untar_read_fn *read, void *ctx,
				    const char *name, struct err *e) MUST_CHECK;

/* The same from a file, from where it stands; fd is borrowed.  The data of
 * members that nobody reads is skipped by seeking where that is possible. */
struct untar *untar_open_fd(int fd, const char *name, struct err *e)
	MUST_CHECK;

void untar_free(struct untar *r);

static inline void untar_freep(struct untar **r)
{
	untar_free(*r);
}
#define AUTO_UNTAR AUTO(untar_freep)

struct untar_xattr {
	const char *name;
	const void *value;
	size_t	    len;
};

struct untar_member {		/* all borrowed until the next untar_next() */
	const char *path;	/* as it stands there: "./a", "dir/", "/a" */
	const char *hardlink;	/* what it is another name of, or NULL */
	const char *symlink;	/* target, or NULL */
	mode_t	    mode;	/* type and permissions; of a hard link 0 type */
	uint32_t    uid, gid;
	int64_t	    mtime;	/* seconds since 1970 */
	uint64_t    size;	/* bytes of data, holes counted */
	uint32_t    rdev_major, rdev_minor;
	const struct untar_xattr *xattrs;
	size_t	    n_xattrs;
};

/* The next member: 1, 0 at the end of the archive, -1. */
int untar_next(struct untar *r, struct untar_member *m,
		 struct err *e) MUST_CHECK;

/* How many bytes of the archive, inflated, were passed so far. */
uint64_t untar_position(const struct untar *r);

/* The next piece of the member's data, in place (borrowed until the next
 * call): 1, 0 when there is no more, -1.  What offsets leave out, also at the
 * end, is a hole: zeros. */
int untar_data(struct untar *r, const void **data, size_t *len,
		 uint64_t *offset, struct err *e) MUST_CHECK;

#endif
