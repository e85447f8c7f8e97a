/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blobs.h - the kernel and what goes with it: the "blobs folder"
 *
 * contract.md section 2: bzImage or Image, its .config, cmdline, and perhaps
 * init, nsm.ko and modules/X.ko.  From a folder, or out of an image.  One that
 * serves several architectures has them in folders of its own, x86_64 and
 * aarch64.
 */
#ifndef ENC_EIF_BLOBS_H
#define ENC_EIF_BLOBS_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/sandbox.h"
#include "eif/eif.h"
#include "image/spool.h"

#define BLOBS_IMAGE_FOLDER "usr/share/nitro_enclaves/blobs"
#define BLOBS_MAX	   512	/* files */

struct blob {			/* a file, or a slice of one */
	char	*name;		/* "bzImage", "modules/vsock.ko" */
	int	 fd;		/* its own */
	uint64_t offset, size;
};

struct blobs {
	char	    *where;	/* for messages: the folder, or the image */
	bool	     is_image;	/* that is not read yet, and where its files go: */
	struct spool spool;
	struct blob *all;	/* sorted by name once settled */
	size_t	     n;

	/* after blobs_settle(); borrowed from all, NULL when not there */
	enum eif_arch	   arch;
	const struct blob *kernel;	/* never NULL */
	const struct blob *init;
	char		  *cmdline;	/* trimmed */
	char		  *os, *version;	/* "Linux", "6.12.117" */
};

#define AUTO_BLOBS AUTO(blobs_release)
#define BLOBS_INIT { .where = NULL, .spool = SPOOL_INIT, .all = NULL, .n = 0, \
	.kernel = NULL }

/* Finds the blobs and opens a folder's: where is --blobs, an image or a
 * folder, or NULL: $ENCLAVER_BLOBS, AWS's folder, our own.  ERR_INPUT that
 * names every way to get them when there are none. */
int blobs_open(const char *where, struct blobs *b, struct err *e) MUST_CHECK;
/* What blobs_settle() will read. */
void blobs_needs(const struct blobs *b, struct sandbox *s);
/* Takes an image's out of it, and chooses those for the architecture. */
int blobs_settle(struct blobs *b, enum eif_arch arch, struct err *e)
	MUST_CHECK;
void blobs_release(struct blobs *b);

/* Takes a file into the collection; fd is duplicated.  ERR_INPUT when there
 * are too many. */
int blobs_take(struct blobs *b, const char *name, int fd, uint64_t offset,
	       uint64_t size, struct err *e) MUST_CHECK;

/* blobs_folder.c: opens the files of a folder, and of those below it that count:
 * their names are "modules/X", "aarch64/X" and the like. */
int blobs_take_folder(struct blobs *b, const char *folder, struct err *e)
	MUST_CHECK;

/* blobs_image.c: takes what is below BLOBS_IMAGE_FOLDER of the image, names
 * relative to it, once the temporary file is there. */
int blobs_open_image(struct blobs *b, struct err *e) MUST_CHECK;
int blobs_take_image(struct blobs *b, struct err *e) MUST_CHECK;

/* The file of that name, or NULL. */
const struct blob *blobs_get(const struct blobs *b, const char *name);

/* How a command line or a line of a .config file is read; new strings. */
char *cmdline_trim(const char *text, size_t len);
void kernel_config_version(const char *config, char **os, char **version);

#endif
