/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ne-fake-host.c - the instance: its folder, its processes, and what is opened
 */
#include "ne-fake.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

int fake_device = -1;

const char *fake_dir(void)
{
	return getenv("NE_FAKE");
}

void *fake_next(const char *name)
{
	void *fn = dlsym(RTLD_NEXT, name);

	if (!fn)
		abort();
	return fn;
}

void fake_path(char out[FAKE_PATH], const char *fmt, ...)
{
	int n = snprintf(out, FAKE_PATH, "%s/", fake_dir());
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(out + n, FAKE_PATH - (size_t)n, fmt, ap);
	va_end(ap);
}

struct sockaddr_un fake_address(const char *fmt, ...)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t max = sizeof(a.sun_path);
	int n = snprintf(a.sun_path, max, "%s/", fake_dir());
	va_list ap;

	va_start(ap, fmt);
	if (n < 0 || (size_t)n >= max ||
	    vsnprintf(a.sun_path + n, max - (size_t)n, fmt, ap) >=
	    (int)(max - (size_t)n))
		abort();
	va_end(ap);
	return a;
}

int fake_open(int dir, const char *path, int flags, mode_t mode)
{
	int (*next)(int, const char *, int, ...) = fake_next("openat64");

	return next(dir, path, flags, mode);
}

void fake_text(char *out, size_t size, const char *path)
{
	char full[FAKE_PATH];
	ssize_t n = 0;
	int fd;

	fake_path(full, "%s", path);
	fd = fake_open(AT_FDCWD, full, O_RDONLY | O_CLOEXEC, 0);
	if (fd >= 0) {
		n = read(fd, out, size - 1);
		close(fd);
	}
	out[n > 0 ? n : 0] = '\0';
}

int fake_lock(const char *name, bool wait)
{
	char path[FAKE_PATH];
	int fd;

	fake_path(path, "locks");
	mkdir(path, 0777);
	fake_path(path, "locks/%s", name);
	fd = fake_open(AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		abort();
	if (flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB) == 0)
		return fd;
	close(fd);
	return -1;
}

int fake_spawn(void (*fn)(int fd), pid_t *pid)
{
	int pair[2], null;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		abort();
	*pid = fork();
	if (*pid < 0)
		abort();
	if (*pid > 0) {
		close(pair[1]);
		return pair[0];
	}
	/* What the process has is not this one's. */
	fake_vms_forget();
	fake_ports_forget();
	setsid();
	null = fake_open(AT_FDCWD, "/dev/null", O_RDWR, 0);
	for (int i = 0; i < 3; i++)
		dup2(null, i);
	dup2(pair[1], 3);
	close_range(4, ~0u, 0);
	fcntl(3, F_SETFD, FD_CLOEXEC);
	fn(3);
	_exit(0);
}

static int redirect(int dir, const char *path, int flags, mode_t mode)
{
	bool is_device = strcmp(path, "/dev/nitro_enclaves") == 0;
	char full[FAKE_PATH];
	int fd;

	if (!fake_dir() || (!is_device && strncmp(path, "/sys/", 5) != 0))
		return fake_open(dir, path, flags, mode);
	if (is_device && !(flags & O_PATH) && fake_injected("OPEN")) {
		errno = fake_injected("OPEN");
		return -1;
	}
	fake_path(full, "%s", path + 1);
	fd = fake_open(AT_FDCWD, full, flags, mode);
	if (is_device && !(flags & O_PATH))
		fake_device = fd;
	return fd;
}

int open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return redirect(AT_FDCWD, path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return redirect(dir, path, flags, mode);
}

/* Closing the enclave's descriptor returns when there is no enclave. */
int close(int fd)
{
	int (*next)(int) = fake_next("close");

	fake_vm_closed(fd);
	fake_port_closed(fd);
	if (fd == fake_device)
		fake_device = -1;
	return next(fd);
}
