/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xattrs.c - extended attributes, which a cpio archive cannot hold
 *
 * /xattrs is written by enc-eif, sorted and measured.  File capabilities above
 * all.
 */
#include "init/init.h"

#include <errno.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "enclave/boot.h"

/* Runs with /rootfs as the working directory. */
static void apply(const struct boot_xattr *r)
{
	static unsigned char value[BOOT_XATTR_MAX];
	ssize_t len = boot_xattr_value(r, value);

	if (len < 0)
		errno = EINVAL;
	if (len < 0 || lsetxattr(r->path, r->name, value, (size_t)len, 0) < 0)
		say_errno("cannot set '%s' of '/%s'", r->name, r->path);
}

void xattrs_apply(void)
{
	struct boot_xattr r;
	const char *at, *end;
	char *list;
	ssize_t len = ramdisk_map(BOOT_XATTRS, BOOT_XATTRS_MAX, &list);
	int more;

	if (len <= 0)
		return;
	if (chdir(BOOT_ROOTFS) < 0) {
		say_errno("cannot enter '" BOOT_ROOTFS "'");
		return;
	}
	at = list;
	end = list + len;
	while ((more = boot_xattr_next(&at, end, &r)) > 0)
		apply(&r);
	if (more < 0)
		say("'" BOOT_XATTRS "' is damaged after %zu bytes",
		    (size_t)(at - list));
}
