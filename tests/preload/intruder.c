/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intruder.c - what somebody would try who has taken a program over
 *
 * Preloaded (LD_PRELOAD).  When the program looks at the first bytes that are
 * not its user's own (JSON, a digest, an archive), each thing is tried once,
 * by system calls, and a line "THING: refused" or "THING: allowed" goes to
 * descriptor INTRUDER_FD.
 *
 *   INTRUDER_ON      the function at whose first call that is, not any: accept4
 *                    for odyn, which reads its own JSON before
 *   INTRUDER_PORTS   and what odyn lacks is tried too, with these TCP ports of
 *                    127.0.0.1, which nobody listens on
 *   INTRUDER_PATHS   lines "VERB PATH": read, write, make, list, remove, mode
 *   INTRUDER_ABI=N   the kernel's Landlock says that it is of this ABI
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

typedef long syscall_fn(long number, ...);

static void *next(const char *name)
{
	void *f = dlsym(RTLD_NEXT, name);

	if (!f)
		abort();
	return f;
}

static syscall_fn *call;	/* the C library's own */
static int out = -1;

static void tell(const char *thing, const char *what, long result)
{
	char line[600];
	int refused = result < 0 && (errno == EPERM || errno == EACCES ||
				     errno == ENOSYS);
	int len = snprintf(line, sizeof(line), "%s%s%s: %s\n", thing,
			   *what ? " " : "", what,
			   refused ? "refused" : "allowed");

	if (call(SYS_write, out, line, len) != len)
		abort();
	if (result < 0 && !refused)
		errno = 0;
}

static long open_it(const char *path, int flags)
{
	long fd = call(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0600);

	if (fd >= 0)
		call(SYS_close, fd);
	return fd;
}

static long on_path(const char *verb, const char *path)
{
	if (strcmp(verb, "read") == 0)
		return open_it(path, O_RDONLY);
	if (strcmp(verb, "write") == 0)
		return open_it(path, O_WRONLY);
	if (strcmp(verb, "make") == 0)
		return open_it(path, O_WRONLY | O_CREAT | O_EXCL);
	if (strcmp(verb, "list") == 0)
		return open_it(path, O_RDONLY | O_DIRECTORY);
	if (strcmp(verb, "remove") == 0)
		return call(SYS_unlinkat, AT_FDCWD, path, 0);
	if (strcmp(verb, "mode") == 0)
		return call(SYS_fchmodat, AT_FDCWD, path, 0644);
	abort();
}

static void try_paths(void)
{
	const char *list = getenv("INTRUDER_PATHS");
	char *copy = strdup(list ? list : ""), *state = NULL;

	for (char *line = strtok_r(copy, "\n", &state); line;
	     line = strtok_r(NULL, "\n", &state)) {
		char *path = strchr(line, ' ');

		if (!path)
			abort();
		*path++ = '\0';
		tell(line, path, on_path(line, path));
	}
	free(copy);
}

static void try_socket(const char *name, int family, int type)
{
	long fd = call(SYS_socket, family, type | SOCK_CLOEXEC, 0);

	tell("socket", name, fd);
	if (fd >= 0 && family == AF_INET)
		tell("listen", "", call(SYS_listen, fd, 1));
	if (fd >= 0)
		call(SYS_close, fd);
}

static long try_fork(void)
{
	long child = call(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (child == 0)
		call(SYS_exit_group, 0);
	if (child > 0)
		waitpid((pid_t)child, NULL, 0);
	return child;
}

/* Each does no harm where it is allowed: what it works on is not there. */
static void try_calls(void)
{
	const char *const none[] = { NULL };
	char byte = 0, copy;
	struct iovec to = { &copy, 1 }, from = { &byte, 1 };
	int pair[2];

	try_socket("unix", AF_UNIX, SOCK_STREAM);
	try_socket("inet", AF_INET, SOCK_STREAM);
	try_socket("inet6", AF_INET6, SOCK_DGRAM);
	try_socket("netlink", AF_NETLINK, SOCK_RAW);
	try_socket("vsock", AF_VSOCK, SOCK_STREAM);
	tell("socketpair", "",
	     call(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, pair));
	tell("execve", "", call(SYS_execve, "/nonexistent", none, none));
	tell("execveat", "",
	     call(SYS_execveat, -1, "nonexistent", none, none, 0));
	tell("clone", "", try_fork());
	tell("clone", "new user",
	     call(SYS_clone, CLONE_NEWUSER | CLONE_THREAD, 0, 0, 0, 0));
	tell("unshare", "", call(SYS_unshare, 0));
	tell("kill", "parent", call(SYS_kill, getppid(), 0));
	tell("tgkill", "parent",
	     call(SYS_tgkill, getppid(), getppid(), 0));
	tell("tgkill", "self", call(SYS_tgkill, getpid(), getpid(), 0));
	tell("ptrace", "", call(SYS_ptrace, PTRACE_PEEKDATA, getppid(), 0, 0));
	tell("process_vm_readv", "",
	     call(SYS_process_vm_readv, getpid(), &to, 1, &from, 1, 0));
	tell("personality", "", call(SYS_personality, 0xffffffffL));
	tell("ioctl", "TIOCSTI", call(SYS_ioctl, out, TIOCSTI, &byte));
}

static void try_port(const char *text)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	long fd = call(SYS_socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	to.sin_port = htons((in_port_t)strtoul(text, NULL, 10));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	tell("connect", text, call(SYS_connect, fd, &to, sizeof(to)));
	call(SYS_close, fd);
}

/* Where the system call is allowed, it fails for what it is given. */
static void try_more(const char *ports)
{
	char *copy = strdup(ports), *state = NULL;
	struct sockaddr_in any = { .sin_family = AF_INET };
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	long fd;

	for (char *port = strtok_r(copy, " ", &state); port;
	     port = strtok_r(NULL, " ", &state))
		try_port(port);
	free(copy);
	fd = call(SYS_socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	tell("bind", "", call(SYS_bind, fd, &any, sizeof(any)));
	call(SYS_close, fd);
	tell("socket", "datagram",
	     call(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	tell("mmap", "executable",
	     call(SYS_mmap, NULL, page, PROT_READ | PROT_EXEC,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L));
	tell("mprotect", "executable",
	     call(SYS_mprotect, NULL, 0L, PROT_READ | PROT_EXEC));
	tell("memfd_create", "", call(SYS_memfd_create, "x", 1));
	tell("pidfd_open", "", call(SYS_pidfd_open, getppid(), 0));
	tell("fchdir", "", call(SYS_fchdir, -1));
	tell("setuid", "", call(SYS_setuid, getuid()));
	tell("prctl", "", call(SYS_prctl, -1, 0L, 0L, 0L, 0L));
	tell("mount", "", call(SYS_mount, "none", "/nonexistent", "tmpfs", 0L,
			       NULL));
	tell("reboot", "", call(SYS_reboot, 0, 0, 0, NULL));
}

static void once(const char *where)
{
	static atomic_flag done = ATOMIC_FLAG_INIT;
	const char *fd = getenv("INTRUDER_FD"), *on = getenv("INTRUDER_ON");
	const char *ports = getenv("INTRUDER_PORTS");

	if (!fd || (on && strcmp(on, where) != 0) ||
	    atomic_flag_test_and_set(&done))
		return;
	out = (int)strtol(fd, NULL, 10);
	call = (syscall_fn *)next("syscall");
	try_paths();
	try_calls();
	if (ports)
		try_more(ports);
}

/* Each stands before the function of its name. */
#define BEFORE(type, name, params, args)	\
	type name params			\
	{					\
		type (*real) params;		\
		*(void **)&real = next(#name);	\
		once(#name);			\
		return real args;		\
	}

BEFORE(void *, json_loadb, (const char *s, size_t n, size_t flags, void *e),
       (s, n, flags, e))
BEFORE(int, EVP_DigestUpdate, (void *ctx, const void *p, size_t n),
       (ctx, p, n))
BEFORE(int, EVP_Digest, (const void *p, size_t n, unsigned char *md,
			 unsigned int *size, const void *type, void *engine),
       (p, n, md, size, type, engine))
BEFORE(int, archive_read_next_header, (void *a, void *entry), (a, entry))
BEFORE(int, accept4, (int fd, struct sockaddr *from, socklen_t *len, int flags),
       (fd, from, len, flags))

/* The one answer that older kernels give otherwise. */
long syscall(long number, ...)
{
	const char *abi = getenv("INTRUDER_ABI");
	syscall_fn *real = (syscall_fn *)next("syscall");
	long a[6], answer;
	va_list ap;

	va_start(ap, number);
	for (size_t i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	answer = real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (abi && number == SYS_landlock_create_ruleset && a[2] == 1 &&
	    answer > strtol(abi, NULL, 10))
		return strtol(abi, NULL, 10);
	return answer;
}
