/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot.h - what a ramdisk says of the command that is started from it
 *
 * enclaver-init(8).  /cmd and /env hold a word a line, as nitro-cli writes
 * them; /xattrs, which is our own, what a cpio archive has no place for.
 */
#ifndef ENC_BOOT_H
#define ENC_BOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

#define BOOT_ROOTFS "/rootfs"
#define BOOT_CMD    "/cmd"
#define BOOT_ENV    "/env"
#define BOOT_XATTRS "/xattrs"

#define BOOT_WORDS_MAX	(4u << 20)	/* bytes of /cmd and of /env */
#define BOOT_XATTRS_MAX (64u << 20)	/* bytes of /xattrs */
#define BOOT_XATTR_MAX	65536		/* the kernel's XATTR_SIZE_MAX */

/* The lines of text (len bytes, a last line may lack its newline) as a
 * NULL-terminated array of strings, all new memory; an empty line is an empty
 * word.  NULL when it holds a NUL. */
char **boot_words(const char *text, size_t len);
/* A new array of the words that are NAME=value, and of PATH when there is none
 * among them. */
char **boot_env(char **words);

/* A record of /xattrs: "PATH\0NAME\0HEXVALUE\0". */
struct boot_xattr {
	const char *path;	/* below the root, no leading slash */
	const char *name;
	const char *hex;
};

/* Cuts the next record off *at, which ends at end: 1, 0 at the end, -1 when it
 * is not a record. */
int boot_xattr_next(const char **at, const char *end, struct boot_xattr *r)
	MUST_CHECK;
/* The length of its value, or -1 when that is not lower-case hex of
 * BOOT_XATTR_MAX bytes at most. */
ssize_t boot_xattr_value(const struct boot_xattr *r,
			 unsigned char value[BOOT_XATTR_MAX]) MUST_CHECK;

/* Has the folder no files?  The root can be written to: an image with files in
 * /tmp or /run keeps them, as it does in Docker, instead of having them hidden
 * by a mount. */
bool boot_is_empty(const char *path);
/* Opens a name of the image's, in the root, as open(2) does: no link of /proc
 * leads to what a process has open or is in.  O_CLOEXEC is set.  Before Linux
 * 5.6 one does: have nothing there that the image may not have. */
int boot_open(const char *path, int flags, mode_t mode);
/* /etc/hosts with localhost, where the image has none or an empty one: engines
 * give a container this file and keep it out of the image, and without it
 * "localhost" is not found. */
int boot_hosts(struct err *e) MUST_CHECK;

#endif
