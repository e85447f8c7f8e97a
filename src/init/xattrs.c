/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xattrs.c - extended attributes, which a cpio archive cannot hold
 *
 * /xattrs is written by enc-eif, sorted and measured: records of
 * "PATH\0NAME\0HEXVALUE\0".  File capabilities above all.
 */
#include "init/init.h"

#include <errno.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define LIST_MAX  (64u << 20)
#define VALUE_MAX 65536		/* the kernel's XATTR_SIZE_MAX */

int xattr_next(const char **at, const char *end, struct xattr_record *r)
{
	const char **part[] = { &r->path, &r->name, &r->hex };

	if (*at == end)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(part); i++) {
		const char *nul = memchr(*at, '\0', (size_t)(end - *at));

		if (!nul)
			return -1;
		*part[i] = *at;
		*at = nul + 1;
	}
	return *r->path && *r->path != '/' && *r->name ? 1 : -1;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* The length of the value, or -1. */
static ssize_t decode(const char *hex, unsigned char *value)
{
	size_t n = 0;

	for (; hex[0]; hex += 2) {
		int high = digit(hex[0]);
		int low = high < 0 ? -1 : digit(hex[1]);

		if (low < 0 || n == VALUE_MAX)
			return -1;
		value[n++] = (unsigned char)(high << 4 | low);
	}
	return (ssize_t)n;
}

/* Runs with /rootfs as the working directory. */
static void apply(const struct xattr_record *r)
{
	static unsigned char value[VALUE_MAX];
	ssize_t len = decode(r->hex, value);

	if (len < 0)
		errno = EINVAL;
	if (len < 0 || lsetxattr(r->path, r->name, value, (size_t)len, 0) < 0)
		say_errno("cannot set '%s' of '/%s'", r->name, r->path);
}

void xattrs_apply(void)
{
	struct xattr_record r;
	const char *at, *end;
	char *list;
	ssize_t len = ramdisk_map(XATTRS_FILE, LIST_MAX, &list);
	int more;

	if (len <= 0)
		return;
	if (chdir(ROOTFS) < 0) {
		say_errno("cannot enter '" ROOTFS "'");
		return;
	}
	at = list;
	end = list + len;
	while ((more = xattr_next(&at, end, &r)) > 0)
		apply(&r);
	if (more < 0)
		say("'" XATTRS_FILE "' is damaged after %zu bytes",
		    (size_t)(at - list));
}
