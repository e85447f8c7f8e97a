/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ne_sys.c - files and folders of /sys
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "enclave/ne_parts.h"

static void auto_closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

int ne_sys_text(const char *path, char *text, size_t size)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = io_read(fd, text, size);
	if (n < 0)
		return -1;
	if ((size_t)n == size) {
		errno = EFBIG;
		return -1;
	}
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return 0;
}

/* Is name PREFIX, digits, SUFFIX? */
static bool numbered(const char *name, const char *prefix, const char *suffix,
		     unsigned long *n)
{
	size_t len = strlen(prefix);
	char *end;

	if (strncmp(name, prefix, len) != 0 || name[len] < '0' ||
	    name[len] > '9')
		return false;
	errno = 0;
	*n = strtoul(name + len, &end, 10);
	return errno == 0 && strcmp(end, suffix) == 0;
}

int ne_sys_numbered(const char *folder, const char *prefix, const char *suffix,
		    void (*fn)(void *arg, unsigned long n), void *arg)
{
	AUTO_CLOSE int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(auto_closedirp) DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	unsigned long n;

	if (!d)
		return -1;
	steal_fd(&fd);		/* closedir() closes it */
	while ((entry = readdir(d)) != NULL)
		if (numbered(entry->d_name, prefix, suffix, &n))
			fn(arg, n);
	return 0;
}
