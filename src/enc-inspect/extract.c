/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extract.c - one section of an EIF, as it is
 *
 * The layout of the file is checked, its contents are not: they are whatever
 * someone put in.
 */
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/xalloc.h"
#include "eif/eif_read.h"
#include "enc-inspect/inspect.h"

#define COPY_CHUNK ((size_t)1 << 18)

/* "kernel" or "ramdisk:1" into type and how many of that type to pass. */
static int parse_name(const char *name, enum eif_type *type,
		      unsigned long *skip, struct err *e)
{
	static const enum eif_type once[] = {
		EIF_KERNEL, EIF_CMDLINE, EIF_METADATA, EIF_SIGNATURE,
	};
	char *end;

	*skip = 0;
	for (size_t i = 0; i < ARRAY_SIZE(once); i++) {
		*type = once[i];
		if (strcmp(name, eif_type_name(*type)) == 0)
			return 0;
	}
	*type = EIF_RAMDISK;
	if (strncmp(name, "ramdisk:", 8) == 0 &&
	    strspn(name + 8, "0123456789") > 0) {
		*skip = strtoul(name + 8, &end, 10);
		if (!*end)
			return 0;
	}
	return err_set(e, ERR_USAGE,
		       "no section is called '%s': kernel, cmdline, metadata, signature, ramdisk:0, ramdisk:1...",
		       name);
}

static const struct eif_section *find(const struct eif_info *info,
				      enum eif_type type, unsigned long skip)
{
	for (size_t i = 0; i < info->n_sections; i++)
		if (info->sections[i].type == type && skip-- == 0)
			return &info->sections[i];
	return NULL;
}

static int copy(int in, const struct eif_section *s, int out, const char *name,
		struct err *e)
{
	AUTO_FREE char *chunk = xmalloc(COPY_CHUNK);
	uint64_t done = 0;

	while (done < s->size) {
		size_t n = s->size - done < COPY_CHUNK ?
			   (size_t)(s->size - done) : COPY_CHUNK;

		if (io_read_at(in, chunk, n, s->offset + done, name, e) < 0)
			return -1;
		if (io_write(out, chunk, n) < 0)
			return err_sys(e, "cannot write the section");
		done += n;
	}
	return 0;
}

int eif_extract(struct request *r, int fd, struct buf *out UNUSED,
		struct err *e)
{
	AUTO_EIF_INFO struct eif_info info = EIF_INFO_INIT;
	const struct eif_section *s;
	enum eif_type type;
	unsigned long skip;

	if (!r->part)
		return err_set(e, ERR_USAGE, "which section? 'extract EIF SECTION'");
	if (parse_name(r->part, &type, &skip, e) < 0 ||
	    eif_read(fd, r->object, &info, e) < 0)
		return -1;
	s = find(&info, type, skip);
	if (!s)
		return err_set(e, ERR_NO, "'%s' has no section '%s'",
			       r->object, r->part);
	if (r->file.fd < 0) {
		if (isatty(STDOUT_FILENO))
			return err_set(e, ERR_USAGE,
				       "a section is not for a terminal: give -o FILE");
		return copy(fd, s, STDOUT_FILENO, r->object, e);
	}
	if (copy(fd, s, r->file.fd, r->object, e) < 0)
		return -1;
	return outfile_commit(&r->file, r->output, 0666, e);
}
