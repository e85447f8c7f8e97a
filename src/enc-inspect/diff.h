/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff.h - two objects beside each other
 *
 * diff_image.c and diff_eif.c read the objects and compare them in three ways:
 * members of JSON, sections, and files.  What differs is gathered here.
 */
#ifndef ENC_INSPECT_DIFF_H
#define ENC_INSPECT_DIFF_H

#include <stddef.h>

#include "enc-inspect/inspect.h"
#include "image/tree.h"

/* Of each of the three parts; together they are less than OUTPUT_MAX. */
#define DIFF_PART_MAX ((size_t)160 << 20)

struct diff {			/* a part is empty: nothing of it differs */
	bool	   json;
	struct buf members;	/* lines, or elements of an array of JSON */
	struct buf sections;
	struct buf files;
};

#define DIFF_INIT { .members = BUF_INIT(DIFF_PART_MAX), \
	.sections = BUF_INIT(DIFF_PART_MAX), .files = BUF_INIT(DIFF_PART_MAX) }
#define AUTO_DIFF AUTO(diff_release)

void diff_release(struct diff *d);

/* ERR_INPUT when the text that comes next, which has len bytes before they are
 * escaped, may not go into the part any more. */
int diff_room(const struct buf *part, size_t len, struct err *e) MUST_CHECK;
/* One more element of an array; one is an object, taken. */
void diff_add_json(struct buf *part, json_t *one);

/* The whole answer; of is "image" or "eif".  Says in r whether they differ. */
void diff_print(const struct diff *d, const char *of, struct request *r,
		struct buf *out);

/* diff_members.c: two values (NULL: not there) member by member, their names
 * joined by dots.  "Env" goes by the variable's name. */
int diff_members(struct diff *d, json_t *a, json_t *b, struct err *e)
	MUST_CHECK;

/* One name of an object's files.  Borrowed until the next look. */
struct diff_entry {
	const char  *path;
	struct inode inode;	/* of which nlink and number mean nothing */
	const char  *link;	/* what the same inode was named before, or NULL */
};

/* The files of one object, or of one ramdisk of it. */
struct diff_files {
	size_t n;
	/* The i-th of them: sorted by path, bytewise. */
	void (*get)(const struct diff_files *f, size_t i,
		    struct diff_entry *entry);
	int    fd;		/* where their bodies are, or what stands for them */
	bool   digests;		/* a SHA-256 does */
	const char *name;	/* of the object, for messages */
};

/* diff_files.c: all files of both.  ramdisk: the number that they are of, or -1:
 * those of an image, whose paths begin at the root. */
int diff_files(struct diff *d, const struct diff_files *a,
	       const struct diff_files *b, int ramdisk, struct err *e)
	MUST_CHECK;

/* What of a file is not the same. */
enum diff_what {
	CHANGED_TYPE = 1 << 0, CHANGED_MODE = 1 << 1, CHANGED_OWNER = 1 << 2,
	CHANGED_SIZE = 1 << 3, CHANGED_CONTENT = 1 << 4,
	CHANGED_TARGET = 1 << 5, CHANGED_LINK = 1 << 6,
	CHANGED_DEVICE = 1 << 7, CHANGED_MTIME = 1 << 8,
	CHANGED_XATTRS = 1 << 9,
};

/* One path in both objects; where the path is NULL it is in the other alone. */
struct diff_pair {
	struct diff *d;
	int	     ramdisk;	/* as below */
	struct diff_entry a, b;
};

/* diff_change.c: adds a pair to what differs.  changes is 0 when only one of
 * them is there. */
int diff_change(const struct diff_pair *p, unsigned int changes,
		struct err *e) MUST_CHECK;
bool diff_same_xattr(const struct xattr *a, const struct xattr *b);

/* diff_bytes.c: are both ranges the same?  1, 0, or -1. */
struct diff_range {
	int	    fd;
	uint64_t    offset, size;
	const char *name;	/* for messages */
};
int diff_bytes(const struct diff_range *a, const struct diff_range *b,
	       struct err *e) MUST_CHECK;

/* diff_ramdisk.c: the files of size bytes of fd at offset.  0, or -1 and *why:
 * they are no archive, or one that is too large; ERR_SYS is the caller's. */
struct ramdisk_files;
struct ramdisk_files *ramdisk_files_new(const struct diff_range *range,
					struct err *why);
const struct diff_files *ramdisk_files_all(const struct ramdisk_files *f);
void ramdisk_files_free(struct ramdisk_files *f);

static inline void ramdisk_files_freep(struct ramdisk_files **f)
{
	ramdisk_files_free(*f);
}
#define AUTO_RAMDISK_FILES AUTO(ramdisk_files_freep)

#endif
