/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ramdisk.c - what the kernel unpacked, and whether it is all of it
 *
 * A kernel that runs out of memory while it unpacks an initramfs says so in
 * its log and goes on with what it has: the application would run on half of
 * its files.  init/initramfs.c of Linux.
 */
#include "init/init.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "enclave/boot.h"

#define KMSG_RECORD 8192	/* the kernel's own CONSOLE_EXT_LOG_MAX */

/* The words of every kernel from 4.14 on; the second are those of one that
 * also takes an initrd. */
static bool says_failed(const char *record)
{
	return strstr(record, "nitramfs unpacking failed") ||
	       strstr(record, "rootfs image is not initramfs");
}

static bool log_has_failure(void)
{
	AUTO_CLOSE int fd = open("/dev/kmsg",
				 O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char record[KMSG_RECORD + 1];

	if (fd < 0)
		return false;		/* no log: the files must tell */
	for (;;) {
		ssize_t n = read(fd, record, KMSG_RECORD);

		if (n < 0 && (errno == EPIPE || errno == EINTR))
			continue;	/* the log was overwritten: go on */
		if (n <= 0)
			return false;
		record[n] = '\0';
		if (says_failed(record))
			return true;
	}
}

bool ramdisk_complete(void)
{
	struct stat st;

	if (!log_has_failure() && stat(BOOT_ROOTFS, &st) == 0 &&
	    S_ISDIR(st.st_mode) && stat(BOOT_CMD, &st) == 0)
		return true;
	say("the ramdisk did not unpack: give the enclave more memory");
	return false;
}

ssize_t ramdisk_map(const char *path, size_t max, char **data)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *map;

	*data = NULL;
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0) {
		say_errno("cannot open '%s'", path);
		return -1;
	}
	if (st.st_size == 0)
		return 0;
	if ((size_t)st.st_size > max) {
		say("'%s' is larger than %zu bytes", path, max);
		return -1;
	}
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED) {
		say_errno("cannot read '%s'", path);
		return -1;
	}
	*data = map;
	return st.st_size;
}
