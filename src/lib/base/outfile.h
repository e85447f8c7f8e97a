/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outfile.h - a file that appears whole or not at all
 *
 * The bytes go to a file without a name, which is fsynced, named and renamed at
 * the end: a writer that is killed leaves nothing, but between naming and
 * renaming, where SIGHUP, SIGINT and SIGTERM wait.  Where the file system has
 * no nameless files it is a temporary, locked while its writer lives: what a
 * killed one left is found unlocked and removed by the next outfile_open()
 * with the same folder and prefix.
 */
#ifndef ENC_OUTFILE_H
#define ENC_OUTFILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/err.h"

#define OUTFILE_NAME_MAX 4096

struct outfile {
	int  fd;			/* write here; -1 when closed */
	int  dirfd;			/* borrowed: what names are below */
	bool named;			/* temp is there, and locked */
	char temp[OUTFILE_NAME_MAX];	/* below dirfd */
	bool synced;			/* there is nothing more to write */
	bool holds;			/* signals wait for the rename */
};

#define OUTFILE_INIT { .fd = -1, .dirfd = -1, .named = false, .temp = "", \
	.synced = false, .holds = false }
#define AUTO_OUTFILE AUTO(outfile_abort)

/* Makes a temporary, "PREFIX.HEX.tmp" when it must have a name, below dirfd
 * (borrowed, AT_FDCWD will do; it must stay open until commit or abort).
 * prefix may contain folders, which must exist.  Opened for reading and
 * writing. */
int outfile_open(struct outfile *f, int dirfd, const char *prefix,
		 struct err *e) MUST_CHECK;

/* ERR_USAGE for "-", for what names no file, and when what has the name now is
 * no regular file.  For a look before the work is done. */
int outfile_check(const char *path, struct err *e) MUST_CHECK;

/* The usual case: a temporary ".NAME.HEX.tmp" beside path, for
 * outfile_commit(f, path), after outfile_check(). */
int outfile_open_beside(struct outfile *f, const char *path, struct err *e)
	MUST_CHECK;

/* All that a full disk can prevent of a commit: mode & ~umask, fsync.  For a
 * program with two outputs, which would have both or none.  On failure nothing
 * is left; what is written later is not synced any more. */
int outfile_sync(struct outfile *f, const char *name, mode_t mode,
		 struct err *e) MUST_CHECK;

/* outfile_sync() unless it was called before, rename to name (below dirfd, replacing what is
 * there).  On failure nothing is left. */
int outfile_commit(struct outfile *f, const char *name, mode_t mode,
		   struct err *e) MUST_CHECK;

/* Removes the temporary; nothing happens after a commit or without an open. */
void outfile_abort(struct outfile *f);

/* All of data under name below dirfd, by the above. */
int outfile_put(int dirfd, const char *prefix, const char *name,
		const void *data, size_t len, mode_t mode, struct err *e)
	MUST_CHECK;

#endif
