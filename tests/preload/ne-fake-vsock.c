/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ne-fake-vsock.c - AF_VSOCK by UNIX sockets, as the host of enclaves sees it
 *
 * A port of the host is DIR/vsock/PORT.  Who calls is found by his process: it
 * descends from an enclave's hypervisor, or it is not in an enclave.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>		/* Linux 6.1's vm_sockets.h needs it */
#include <linux/vm_sockets.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "ne-fake.h"

#define PORTS  64
#define CIDS   64
#define WAIT_MS 10000

static struct {
	int fd, lock;		/* lock 0: free */
} ports[PORTS];

void fake_port_closed(int fd)
{
	int (*next)(int) = fake_next("close");

	for (int i = 0; i < PORTS; i++)
		if (ports[i].lock && ports[i].fd == fd) {
			next(ports[i].lock);
			ports[i].lock = 0;
		}
}

void fake_ports_forget(void)
{
	memset(ports, 0, sizeof(ports));
}

int socket(int family, int type, int protocol)
{
	int (*next)(int, int, int) = fake_next("socket");

	if (family == AF_VSOCK && fake_dir())
		family = AF_UNIX;
	return next(family, type, protocol);
}

static int bind_port(int fd, unsigned port)
{
	int (*next)(int, const struct sockaddr *, socklen_t) =
		fake_next("bind");
	struct sockaddr_un here = fake_address("vsock/%u", port);
	char name[FAKE_PATH];
	int i, lock;

	fake_path(name, "vsock");
	mkdir(name, 0777);
	snprintf(name, sizeof(name), "port.%u", port);
	lock = fake_lock(name, false);
	if (lock < 0) {
		errno = EADDRINUSE;
		return -1;
	}
	for (i = 0; i < PORTS && ports[i].lock; i++)
		;
	if (i == PORTS)
		abort();
	ports[i].fd = fd;
	ports[i].lock = lock;
	/* Whoever had it is gone. */
	unlink(here.sun_path);
	return next(fd, (struct sockaddr *)&here, sizeof(here));
}

int bind(int fd, const struct sockaddr *a, socklen_t len)
{
	int (*next)(int, const struct sockaddr *, socklen_t) =
		fake_next("bind");

	if (a->sa_family == AF_VSOCK && fake_dir())
		return bind_port(fd, ((const struct sockaddr_vm *)a)->svm_port);
	return next(fd, a, len);
}

static int call_unix(int fd, const struct sockaddr_un *to)
{
	int (*next)(int, const struct sockaddr *, socklen_t) =
		fake_next("connect");

	if (next(fd, (const struct sockaddr *)to, sizeof(*to)) == 0)
		return 0;
	errno = ECONNRESET;
	return -1;
}

/* An enclave's door, vsock.h; it answers at once. */
static int call_enclave(int fd, unsigned cid, unsigned port)
{
	struct sockaddr_un to = fake_address("cid-%u/v", cid);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char line[64];
	size_t n = 0;

	if (call_unix(fd, &to) < 0)
		return -1;
	snprintf(line, sizeof(line), "CONNECT %u\n", port);
	send(fd, line, strlen(line), MSG_NOSIGNAL);
	while (n < sizeof(line) && poll(&p, 1, WAIT_MS) == 1 &&
	       recv(fd, line + n, 1, 0) == 1)
		if (line[n++] == '\n')
			return 0;
	errno = ECONNRESET;
	return -1;
}

int connect(int fd, const struct sockaddr *a, socklen_t len)
{
	int (*next)(int, const struct sockaddr *, socklen_t) =
		fake_next("connect");
	const struct sockaddr_vm *vm = (const struct sockaddr_vm *)a;
	struct sockaddr_un to;

	if (a->sa_family != AF_VSOCK || !fake_dir())
		return next(fd, a, len);
	if (vm->svm_cid != VMADDR_CID_HYPERVISOR)
		return call_enclave(fd, vm->svm_cid, vm->svm_port);
	to = fake_address("cid-%u/console", vm->svm_port - 10000);
	return call_unix(fd, &to);
}

static pid_t parent_of(pid_t pid)
{
	char path[64], text[1024], *p;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = fake_open(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	p = strrchr(text, ')');		/* the name may have anything in it */
	return p && strlen(p) > 4 ? (pid_t)strtol(p + 4, NULL, 10) : 0;
}

static unsigned cid_of(pid_t pid)
{
	char path[32], text[32];

	for (; pid > 1; pid = parent_of(pid))
		for (unsigned cid = 4; cid < CIDS; cid++) {
			snprintf(path, sizeof(path), "cid-%u/pid", cid);
			fake_text(text, sizeof(text), path);
			if (*text && strtol(text, NULL, 10) == pid)
				return cid;
		}
	return VMADDR_CID_LOCAL;
}

int getpeername(int fd, struct sockaddr *a, socklen_t *len)
{
	int (*next)(int, struct sockaddr *, socklen_t *) =
		fake_next("getpeername");
	struct sockaddr_un here = { .sun_family = AF_UNSPEC };
	struct sockaddr_vm peer = { .svm_family = AF_VSOCK };
	struct ucred who;
	socklen_t size = sizeof(here), room = sizeof(who);
	char folder[FAKE_PATH];

	if (fake_dir() &&
	    getsockname(fd, (struct sockaddr *)&here, &size) == 0 &&
	    here.sun_family == AF_UNIX) {
		fake_path(folder, "vsock/");
		if (strncmp(here.sun_path, folder, strlen(folder)) == 0 &&
		    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &room) == 0) {
			peer.svm_cid = cid_of(who.pid);
			memcpy(a, &peer, *len < sizeof(peer) ? *len :
			       sizeof(peer));
			*len = sizeof(peer);
			return 0;
		}
	}
	return next(fd, a, len);
}
