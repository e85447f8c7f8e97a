/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fail.c - a disk that fills or fails, or a kill, at the n-th change to it
 *
 * Preloaded (LD_PRELOAD).  Counted are the calls that change a file system:
 * regular files written, extended, synced, made, renamed; descriptors 0 to 2
 * are not, so that messages get out.
 *
 *   FAIL_AT=N       which call, from 1; without it none fails
 *   FAIL_ERRNO=N    how: 28 is ENOSPC, and all calls after it fail too, as a
 *                   full disk stays full; any other number fails one alone
 *   FAIL_KILL=1     SIGKILL instead, before the call
 *   FAIL_NAMED=1    there is no O_TMPFILE, as on some file systems
 *   FAIL_COUNT=FILE gets the name of each counted call, a line each
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_long calls;

static long number(const char *name)
{
	const char *text = getenv(name);

	return text ? strtol(text, NULL, 10) : 0;
}

/* By system calls, which are not counted. */
static void note(const char *name)
{
	const char *file = getenv("FAIL_COUNT");
	char line[32];
	int len = snprintf(line, sizeof(line), "%s\n", name);
	int fd;

	if (!file)
		return;
	fd = (int)syscall(SYS_openat, AT_FDCWD, file,
			  O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0 || syscall(SYS_write, fd, line, (size_t)len) != len)
		abort();
	close(fd);
}

/* Counts a call: does it fail? */
static bool fails(const char *name)
{
	long at = number("FAIL_AT"), error = number("FAIL_ERRNO");
	long n = atomic_fetch_add(&calls, 1) + 1;

	note(name);
	if (at == 0 || n < at || (n > at && error != ENOSPC))
		return false;
	if (number("FAIL_KILL"))
		raise(SIGKILL);
	errno = (int)error;
	return true;
}

static bool counts(int fd)
{
	struct stat st;

	return fd > 2 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

static void *next(const char *name)
{
	void *f = dlsym(RTLD_NEXT, name);

	if (!f)
		abort();
	return f;
}

/* Each stands before the C library's function of its name. */
#define ON_FILE(type, name, failed, fd, params, args)			\
	type name params						\
	{								\
		type (*real) params;					\
		*(void **)&real = next(#name);				\
		return counts(fd) && fails(#name) ? failed : real args;	\
	}

#define ON_NAME(name, params, args)					\
	int name params							\
	{								\
		int (*real) params;					\
		*(void **)&real = next(#name);				\
		return fails(#name) ? -1 : real args;			\
	}

ON_FILE(ssize_t, write, -1, fd, (int fd, const void *p, size_t n), (fd, p, n))
ON_FILE(ssize_t, pwrite, -1, fd, (int fd, const void *p, size_t n, off_t at),
	(fd, p, n, at))
ON_FILE(ssize_t, pwrite64, -1, fd,
	(int fd, const void *p, size_t n, off64_t at), (fd, p, n, at))
ON_FILE(ssize_t, copy_file_range, -1, out,
	(int in, off64_t *in_at, int out, off64_t *out_at, size_t n,
	 unsigned int flags), (in, in_at, out, out_at, n, flags))
ON_FILE(int, fsync, -1, fd, (int fd), (fd))
ON_FILE(int, ftruncate, -1, fd, (int fd, off_t size), (fd, size))
ON_FILE(int, ftruncate64, -1, fd, (int fd, off64_t size), (fd, size))
ON_FILE(int, fallocate, -1, fd, (int fd, int mode, off_t at, off_t n),
	(fd, mode, at, n))
ON_FILE(int, fallocate64, -1, fd, (int fd, int mode, off64_t at, off64_t n),
	(fd, mode, at, n))
ON_NAME(rename, (const char *from, const char *to), (from, to))
ON_NAME(renameat, (int dir, const char *from, int to_dir, const char *to),
	(dir, from, to_dir, to))
ON_NAME(linkat, (int dir, const char *from, int to_dir, const char *to,
		 int flags), (dir, from, to_dir, to, flags))
ON_NAME(mkdir, (const char *path, mode_t mode), (path, mode))
ON_NAME(mkdirat, (int dir, const char *path, mode_t mode), (dir, path, mode))

static bool makes(int flags)
{
	return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
}

/* A file system without O_TMPFILE? */
static bool lacks(int flags)
{
	if ((flags & O_TMPFILE) != O_TMPFILE || !number("FAIL_NAMED"))
		return false;
	errno = EOPNOTSUPP;
	return true;
}

/* The mode is there only when a file is made. */
#define OPEN(name, params, args)					\
	int name params							\
	{								\
		int (*real) params;					\
		mode_t mode = 0;					\
		*(void **)&real = next(#name);				\
		if (makes(flags)) {					\
			va_list ap;					\
			va_start(ap, flags);				\
			mode = va_arg(ap, mode_t);			\
			va_end(ap);					\
			if (lacks(flags) || fails(#name))		\
				return -1;				\
		}							\
		return real args;					\
	}

OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
OPEN(open64, (const char *path, int flags, ...), (path, flags, mode))
OPEN(openat, (int dir, const char *path, int flags, ...),
     (dir, path, flags, mode))
OPEN(openat64, (int dir, const char *path, int flags, ...),
     (dir, path, flags, mode))
