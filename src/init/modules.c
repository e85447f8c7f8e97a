/* SPDX-License-Identifier: Apache-2.0 */
/*
 * modules.c - kernel modules of the boot ramdisk
 *
 * Which modules there are, and in which order, is decided where the blobs
 * folder is made: a kernel of AWS has nsm.ko at most.
 */
#include "init/init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#define MODULES "/modules"

/* A module that is already there (EEXIST), or built in, is no fault. */
static void load(const char *path)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		if (errno != ENOENT)
			say_errno("cannot open module '%s'", path);
		return;
	}
	if (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST)
		say_errno("cannot load module '%s'", path);
}

static int is_module(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return len > 3 && strcmp(d->d_name + len - 3, ".ko") == 0;
}

/* alphasort() would follow a locale. */
static int bytewise(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

void modules_load(void)
{
	struct dirent **names;
	int n;

	load("/nsm.ko");
	n = scandir(MODULES, &names, is_module, bytewise);
	if (n < 0) {
		if (errno != ENOENT)
			say_errno("cannot read '" MODULES "'");
		return;
	}
	for (int i = 0; i < n; i++) {
		char path[sizeof(MODULES) + sizeof(names[i]->d_name) + 1];

		snprintf(path, sizeof(path), MODULES "/%s", names[i]->d_name);
		load(path);
		free(names[i]);
	}
	free(names);
}
