/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blobs_folder.c - the files of a blobs folder, and of those in it
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/xalloc.h"
#include "enc-eif/blobs.h"

static int take_file(struct blobs *b, int dirfd, const char *path,
		     const char *name, struct err *e)
{
	AUTO_CLOSE int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "cannot open '%s/%s'", b->where, name);
	if (!S_ISREG(st.st_mode))
		return 0;
	return blobs_take(b, name, fd, 0, (uint64_t)st.st_size, e);
}

/* prefix: "", or of the names that are below a folder of it, "modules/". */
static int take_entries(struct blobs *b, int folder, const char *prefix,
			struct err *e)
{
	int dirfd = openat(folder, *prefix ? prefix : ".",
			   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry;
	int result = 0;
	DIR *dir;

	if (dirfd < 0 && *prefix && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	dir = dirfd < 0 ? NULL : fdopendir(dirfd);
	if (!dir) {
		auto_closep(&dirfd);
		return err_sys(e, "cannot list '%s/%s'", b->where, prefix);
	}
	while (result == 0 && (entry = readdir(dir))) {
		AUTO_FREE char *name = xasprintf("%s%s", prefix, entry->d_name);

		if (entry->d_name[0] != '.')
			result = take_file(b, dirfd, entry->d_name, name, e);
	}
	closedir(dir);
	return result;
}

int blobs_take_folder(struct blobs *b, const char *folder, struct err *e)
{
	static const char *const prefixes[] = {
		"", "modules/",
		"x86_64/", "x86_64/modules/", "aarch64/", "aarch64/modules/",
	};
	AUTO_CLOSE int dirfd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dirfd < 0)
		return err_sys(e, "cannot open the blobs folder '%s'", folder);
	b->where = xstrdup(folder);
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (take_entries(b, dirfd, prefixes[i], e) < 0)
			return -1;
	return 0;
}
