/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fail.c - a disk that fills or fails, or a kill, at the n-th call that uses it
 *
 * Preloaded (LD_PRELOAD).  Counted are the calls that change a file system:
 * regular files written, extended, synced, closed, made, renamed; or those
 * that read it.  Descriptors 0 to 2 are not, so that messages get out.
 *
 *   FAIL_READS=1    count reads, not changes
 *   FAIL_AT=N       which call, from 1; without it none fails
 *   FAIL_ERRNO=N    how.  After ENOSPC and EDQUOT all that follow fail too, as
 *                   a full disk stays full; any other error is of one call
 *   FAIL_KILL=N     instead: SIGKILL, N nanoseconds later
 *   FAIL_TELL=FD    instead: a byte to the socket FD, and the call waits for the
 *                   other side of it, that is, to be killed
 *   FAIL_SHORT=1    every second read and write is interrupted, and those
 *                   between do half of what they could
 *   FAIL_NAMED=1    there is no O_TMPFILE, as on some file systems
 *   FAIL_COUNT=FILE gets the name of each counted call, and what is opened; a line
 *                   each
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static atomic_long calls;

static long number(const char *name)
{
	const char *text = getenv(name);

	return text ? strtol(text, NULL, 10) : 0;
}

/* Opened before the program confines itself, by calls that are not counted,
 * and out of the way of the program's own descriptors. */
static int count_fd = -1;

__attribute__((constructor)) static void open_count(void)
{
	const char *file = getenv("FAIL_COUNT");
	int fd;

	if (!file)
		return;
	fd = (int)syscall(SYS_openat, AT_FDCWD, file,
			  O_WRONLY | O_CREAT | O_APPEND, 0600);
	count_fd = fcntl(fd, F_DUPFD_CLOEXEC, 100);
	if (count_fd < 0)
		abort();
	syscall(SYS_close, fd);
}

static void note(const char *name, const char *path)
{
	char line[200];
	int len = snprintf(line, sizeof(line), "%s %s\n", name, path);

	if (count_fd >= 0 && ((size_t)len >= sizeof(line) ||
	    syscall(SYS_write, count_fd, line, (size_t)len) != len))
		abort();
}

/* A byte to who kills us. */
static void tell(int fd)
{
	char byte = 0;

	if (syscall(SYS_write, fd, &byte, 1) != 1)
		abort();
	syscall(SYS_read, fd, &byte, 1);
}

/* By a timer: nobody outside is as exact. */
static void kill_after(long ns)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
				  .sigev_signo = SIGKILL };
	struct itimerspec when = { .it_value = { ns / 1000000000,
						 ns % 1000000000 } };
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0 ||
	    timer_settime(timer, 0, &when, NULL) < 0)
		abort();
}

/* Counts a call, with a path for who reads the count: does it fail? */
static bool fails_on(const char *name, const char *path, bool reads)
{
	long at = number("FAIL_AT"), error = number("FAIL_ERRNO");
	bool stays = error == ENOSPC || error == EDQUOT;
	long n;

	if (reads != (number("FAIL_READS") != 0))
		return false;
	n = atomic_fetch_add(&calls, 1) + 1;
	note(name, path);
	if (at == 0 || n < at || (n > at && !stays))
		return false;
	if (number("FAIL_TELL"))
		tell((int)number("FAIL_TELL"));
	if (number("FAIL_KILL"))
		kill_after(number("FAIL_KILL"));
	if (error == 0)
		return false;
	errno = (int)error;
	return true;
}

static bool fails(const char *name, bool reads)
{
	return fails_on(name, "", reads);
}

/* Under FAIL_SHORT: is this call interrupted, or how much may it do? */
static bool interrupted(size_t *n)
{
	static atomic_long shortened;

	if (!number("FAIL_SHORT"))
		return false;
	*n = *n > 1 ? *n / 2 : *n;
	errno = EINTR;
	return atomic_fetch_add(&shortened, 1) % 2 == 0;
}

/* What the kernel makes up is no disk. */
static bool counts(int fd)
{
	struct stat st;
	struct statfs fs;

	return fd > 2 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       fstatfs(fd, &fs) == 0 && fs.f_type != SYSFS_MAGIC &&
	       fs.f_type != PROC_SUPER_MAGIC;
}

static void *next(const char *name)
{
	void *f = dlsym(RTLD_NEXT, name);

	if (!f)
		abort();
	return f;
}

/* Written to: a close tells of that, on some file systems. */
static bool counts_close(int fd)
{
	return counts(fd) && (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY;
}

/* Each stands before the C library's function of its name. */
#define ON_DATA(name, reads, fd, params, args)				\
	ssize_t name params						\
	{								\
		ssize_t (*real) params;					\
		*(void **)&real = next(#name);				\
		if (counts(fd) &&					\
		    (fails(#name, reads) || interrupted(&n)))		\
			return -1;					\
		return real args;					\
	}

#define ON_FILE(name, fd, params, args)					\
	int name params							\
	{								\
		int (*real) params;					\
		*(void **)&real = next(#name);				\
		return counts(fd) && fails(#name, false) ? -1 : real args; \
	}

#define ON_NAME(name, params, args)					\
	int name params							\
	{								\
		int (*real) params;					\
		*(void **)&real = next(#name);				\
		return fails(#name, false) ? -1 : real args;		\
	}

ON_DATA(read, true, fd, (int fd, void *p, size_t n), (fd, p, n))
ON_DATA(pread, true, fd, (int fd, void *p, size_t n, off_t at),
	(fd, p, n, at))
ON_DATA(pread64, true, fd, (int fd, void *p, size_t n, off64_t at),
	(fd, p, n, at))
ON_DATA(write, false, fd, (int fd, const void *p, size_t n), (fd, p, n))
ON_DATA(pwrite, false, fd, (int fd, const void *p, size_t n, off_t at),
	(fd, p, n, at))
ON_DATA(pwrite64, false, fd, (int fd, const void *p, size_t n, off64_t at),
	(fd, p, n, at))
ON_DATA(copy_file_range, false, out,
	(int in, off64_t *in_at, int out, off64_t *out_at, size_t n,
	 unsigned int flags), (in, in_at, out, out_at, n, flags))
ON_FILE(fsync, fd, (int fd), (fd))
ON_FILE(fdatasync, fd, (int fd), (fd))
ON_FILE(sync_file_range, fd, (int fd, off64_t at, off64_t n, unsigned int how),
	(fd, at, n, how))
ON_FILE(fchmod, fd, (int fd, mode_t mode), (fd, mode))
ON_FILE(ftruncate, fd, (int fd, off_t size), (fd, size))
ON_FILE(ftruncate64, fd, (int fd, off64_t size), (fd, size))
ON_FILE(fallocate, fd, (int fd, int mode, off_t at, off_t n),
	(fd, mode, at, n))
ON_FILE(fallocate64, fd, (int fd, int mode, off64_t at, off64_t n),
	(fd, mode, at, n))
ON_NAME(rename, (const char *from, const char *to), (from, to))
ON_NAME(renameat, (int dir, const char *from, int to_dir, const char *to),
	(dir, from, to_dir, to))
ON_NAME(linkat, (int dir, const char *from, int to_dir, const char *to,
		 int flags), (dir, from, to_dir, to, flags))
ON_NAME(mkdir, (const char *path, mode_t mode), (path, mode))
ON_NAME(mkdirat, (int dir, const char *path, mode_t mode), (dir, path, mode))

/* The descriptor is gone whatever close() says. */
int close(int fd)
{
	bool failed = counts_close(fd) && fails("close", false);
	int saved = errno;

	if (!failed)
		return (int)syscall(SYS_close, fd);
	syscall(SYS_close, fd);
	errno = saved;
	return -1;
}

/* What waits for a lock may be interrupted. */
int flock(int fd, int how)
{
	size_t none = 0;

	if (!(how & (LOCK_NB | LOCK_UN)) && interrupted(&none))
		return -1;
	return (int)syscall(SYS_flock, fd, how);
}

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

/* What was opened to be read, when it is a file; O_PATH reads nothing. */
static int checked(int fd, int flags, const char *name, const char *path)
{
	if ((flags & O_PATH) || !counts(fd) ||
	    !fails_on(name, path, true))
		return fd;
	syscall(SYS_close, fd);
	return -1;
}

/* The mode is there only when a file is made. */
#define OPEN(name, params, args)					\
	int name params							\
	{								\
		int (*real) params;					\
		mode_t mode = 0;					\
		*(void **)&real = next(#name);				\
		if (!makes(flags))					\
			return checked(real args, flags, #name, path);	\
		va_list ap;						\
		va_start(ap, flags);					\
		mode = va_arg(ap, mode_t);				\
		va_end(ap);						\
		if (lacks(flags) || fails_on(#name, path, false))	\
			return -1;					\
		return real args;					\
	}

OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
OPEN(open64, (const char *path, int flags, ...), (path, flags, mode))
OPEN(openat, (int dir, const char *path, int flags, ...),
     (dir, path, flags, mode))
OPEN(openat64, (int dir, const char *path, int flags, ...),
     (dir, path, flags, mode))
