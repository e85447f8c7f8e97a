/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outfile.c - a file that appears whole or not at all
 */
#include "base/outfile.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/xalloc.h"

#define RANDOM_DIGITS 16
#define SUFFIX ".tmp"
#define TRIES 100

/* Is this entry "BASE.<16 hex digits>.tmp"? */
static bool is_ours(const char *entry, const char *base, size_t base_len)
{
	const char *random = entry + base_len + 1;

	return strncmp(entry, base, base_len) == 0 && entry[base_len] == '.' &&
	       strspn(random, "0123456789abcdef") == RANDOM_DIGITS &&
	       strcmp(random + RANDOM_DIGITS, SUFFIX) == 0;
}

/* "a/b/" of "a/b/c", "." of "c"; the caller frees it. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? xstrndup(path, (size_t)(slash - path) + 1) :
		       xstrdup(".");
}

/* Removes what killed writers of the same prefix left; best effort. */
static void sweep(int dirfd, const char *prefix)
{
	const char *slash = strrchr(prefix, '/');
	const char *base = slash ? slash + 1 : prefix;
	AUTO_FREE char *folder = folder_of(prefix);
	int fd = openat(dirfd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry;
	DIR *dir;

	if (fd < 0)
		return;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return;
	}
	while ((entry = readdir(dir))) {
		AUTO_CLOSE int temp = -1;

		if (!is_ours(entry->d_name, base, strlen(base)))
			continue;
		temp = openat(fd, entry->d_name,
			      O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (temp >= 0 && flock(temp, LOCK_EX | LOCK_NB) == 0)
			unlinkat(fd, entry->d_name, 0);
	}
	closedir(dir);
}

/* Between open and flock a sweeper may have taken the file for abandoned. */
static bool still_there(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_nlink > 0;
}

/* A file without a name in the folder of prefix.  -1 with EOPNOTSUPP where the
 * file system has none, or where /proc, through which it gets a name, is not
 * there; -1 with another errno when nothing can be made there. */
static int open_nameless(int dirfd, const char *prefix)
{
	AUTO_FREE char *folder = folder_of(prefix);
	int fd = -1;

	if (access("/proc/self/fd", X_OK) == 0)
		fd = openat(dirfd, folder, O_TMPFILE | O_RDWR | O_CLOEXEC,
			    0600);
	else
		errno = EOPNOTSUPP;
	/* What kernels and file systems without O_TMPFILE say. */
	if (fd < 0 && (errno == EISDIR || errno == EINVAL || errno == ENOENT))
		errno = EOPNOTSUPP;
	return fd;
}

static int choose_temp(struct outfile *f, const char *prefix, struct err *e)
{
	uint64_t random;
	int n;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return err_sys(e, "cannot get random bytes");
	n = snprintf(f->temp, sizeof(f->temp), "%s.%016jx" SUFFIX, prefix,
		     (uintmax_t)random);
	if (n < 0 || (size_t)n >= sizeof(f->temp))
		return err_set(e, ERR_USAGE, "name '%s' is too long", prefix);
	return 0;
}

int outfile_open(struct outfile *f, int dirfd, const char *prefix,
		 struct err *e)
{
	sweep(dirfd, prefix);
	f->dirfd = dirfd;
	f->named = false;
	f->synced = false;
	f->holds = false;
	if (choose_temp(f, prefix, e) < 0)
		return -1;
	f->fd = open_nameless(dirfd, prefix);
	if (f->fd >= 0)
		return 0;
	if (errno != EOPNOTSUPP)
		return err_sys(e, "cannot create '%s'", f->temp);
	for (int i = 0; i < TRIES; i++) {
		if (choose_temp(f, prefix, e) < 0)
			return -1;
		f->fd = openat(dirfd, f->temp,
			       O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (f->fd < 0 && errno == EEXIST)
			continue;
		if (f->fd < 0)
			return err_sys(e, "cannot create '%s'", f->temp);
		f->named = true;
		if (flock(f->fd, LOCK_EX | LOCK_NB) == 0 && still_there(f->fd))
			return 0;
		outfile_abort(f);
	}
	return err_set(e, ERR_SYS, "cannot create a temporary file '%s'",
		       prefix);
}

/* May path's name pass to a new file?  A device, a pipe or a folder would be
 * lost ("-o /dev/null" as root), and /dev/stdout is a link into /proc. */
static bool replaceable(const char *path)
{
	char target[sizeof("/proc/") - 1];
	struct stat st;

	if (readlink(path, target, sizeof(target)) == sizeof(target) &&
	    memcmp(target, "/proc/", sizeof(target)) == 0)
		return false;
	return stat(path, &st) < 0 || S_ISREG(st.st_mode);
}

/* What comes after the folders. */
static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int outfile_check(const char *path, struct err *e)
{
	if (!*base_of(path))
		return err_set(e, ERR_USAGE, "'%s' names no file", path);
	if (strcmp(path, "-") == 0)
		return err_set(e, ERR_USAGE,
			       "this output goes to a file, not to standard output: name one");
	if (!replaceable(path))
		return err_set(e, ERR_USAGE,
			       "'%s' is not a regular file, and the output would take its place: give another name",
			       path);
	return 0;
}

int outfile_open_beside(struct outfile *f, const char *path, struct err *e)
{
	const char *base = base_of(path);
	AUTO_FREE char *prefix = xasprintf("%.*s.%s", (int)(base - path), path,
					   base);
	AUTO_FREE char *folder = folder_of(path);

	if (outfile_check(path, e) < 0)
		return -1;
	if (outfile_open(f, AT_FDCWD, prefix, e) == 0)
		return 0;
	/* What the temporary would have been called helps nobody. */
	if (access(folder, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR))
		return err_set(e, ERR_SYS,
			       "cannot create '%s': there is no folder '%s'",
			       path, folder);
	return -1;
}

/* The mode a plain open() would have given: fchmod knows no umask. */
static mode_t masked(mode_t mode)
{
	mode_t mask = umask(077);

	umask(mask);
	return mode & ~mask;
}

/* Between a temporary name and the rename Ctrl-C and its like wait, or the name
 * would stay.  Returns whether they did not wait before. */
static bool hold_signals(int how)
{
	sigset_t ends, before;

	sigemptyset(&ends);
	sigaddset(&ends, SIGHUP);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	return pthread_sigmask(how, &ends, &before) == 0 &&
	       !sigismember(&before, SIGINT);
}

static void let_signals(struct outfile *f)
{
	if (f->holds)
		hold_signals(SIG_UNBLOCK);
	f->holds = false;
}

/* linkat() replaces nothing, so what is to be renamed needs a name first.  It
 * is locked before, or a sweeper would take it for abandoned. */
static int give_name(struct outfile *f)
{
	char path[64];

	if (f->named)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", f->fd);
	/* Of two outputs the first holds them for both. */
	f->holds = hold_signals(SIG_BLOCK);
	if (flock(f->fd, LOCK_EX | LOCK_NB) < 0 ||
	    linkat(AT_FDCWD, path, f->dirfd, f->temp, AT_SYMLINK_FOLLOW) < 0)
		return -1;
	f->named = true;
	return 0;
}

/* Some file systems, those over a network above all, tell of a lost write when
 * a descriptor is closed; f->fd stays, for the lock. */
static int close_check(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return copy < 0 ? -1 : close(copy);
}

int outfile_sync(struct outfile *f, const char *name, mode_t mode,
		 struct err *e)
{
	if (fchmod(f->fd, masked(mode)) < 0 || fsync(f->fd) < 0 ||
	    close_check(f->fd) < 0 || give_name(f) < 0) {
		err_sys(e, "cannot write '%s'", name);
		outfile_abort(f);
		return -1;
	}
	f->synced = true;
	return 0;
}

int outfile_commit(struct outfile *f, const char *name, mode_t mode,
		   struct err *e)
{
	if (!f->synced && outfile_sync(f, name, mode, e) < 0)
		return -1;
	if (renameat(f->dirfd, f->temp, f->dirfd, name) < 0) {
		err_sys(e, "cannot write '%s'", name);
		outfile_abort(f);
		return -1;
	}
	f->named = false;	/* the name is another's now */
	let_signals(f);
	close(steal_fd(&f->fd));	/* checked by outfile_sync() */
	return 0;
}

void outfile_abort(struct outfile *f)
{
	int saved = errno;

	if (f->fd >= 0) {
		if (f->named)
			unlinkat(f->dirfd, f->temp, 0);
		close(f->fd);
	}
	f->fd = -1;
	f->named = false;
	let_signals(f);
	errno = saved;
}

int outfile_put(int dirfd, const char *prefix, const char *name,
		const void *data, size_t len, mode_t mode, struct err *e)
{
	AUTO_OUTFILE struct outfile f = OUTFILE_INIT;

	if (outfile_open(&f, dirfd, prefix, e) < 0)
		return -1;
	if (io_write(f.fd, data, len) < 0)
		return err_sys(e, "cannot write '%s'", name);
	return outfile_commit(&f, name, mode, e);
}
