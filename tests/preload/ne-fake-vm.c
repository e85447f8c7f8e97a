/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ne-fake-vm.c - the hypervisor's part: one process for each enclave
 *
 * It has the slot, the cores and the CID, as locks that go with it, and ends
 * with its life line to who made it: nothing is left then, and only then is
 * that line closed.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ne-fake.h"

#define CID_FIRST 16
#define SAID_MAX  131072
#define BEAT	  0xb7

struct hypervisor {
	int	 rpc, fd;	/* fd: the other end of the enclave's */
	unsigned cid;
	pid_t	 command;	/* 0: none */
	int	 output;	/* of the command */
	int	 console, client;
	char	 said[SAID_MAX];
	size_t	 len;
};

static void put(unsigned cid, const char *what, const char *text)
{
	char path[FAKE_PATH];
	int fd;

	fake_path(path, "cid-%u%s", cid, what);
	fd = fake_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	dprintf(fd, "%s\n", text);
	close(fd);
}

/* As an init does: no answer is the end. */
static bool beat(unsigned cid)
{
	struct sockaddr_un to = fake_address("vsock/9000");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	unsigned char byte = BEAT;
	bool echoed;

	if (getenv("NE_FAKE_SILENT"))
		return true;
	echoed = connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
		 send(fd, &byte, 1, MSG_NOSIGNAL) == 1 &&
		 recv(fd, &byte, 1, 0) == 1 && byte == BEAT;
	put(cid, ".heartbeat", echoed ? "echoed" : "refused");
	close(fd);
	return echoed;
}

static void run(struct hypervisor *h, int output)
{
	const char *command = getenv("NE_FAKE_RUN");
	char path[FAKE_PATH], cid[16];

	snprintf(cid, sizeof(cid), "%u", h->cid);
	fake_path(path, "cid-%u/v", h->cid);
	setenv("NE_FAKE_CID", cid, 1);
	setenv("NE_FAKE_VSOCK", path, 1);
	dup2(output, 1);
	dup2(output, 2);
	if (!beat(h->cid))
		_exit(1);
	execl("/bin/sh", "sh", "-c", command ? command : "sleep 600",
	      (char *)NULL);
	_exit(127);
}

static int listen_at(struct sockaddr_un here)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0 ||
	    listen(fd, 8) < 0)
		abort();
	return fd;
}

static bool take_cid(struct hypervisor *h, uint64_t want)
{
	uint64_t cid = want ? want : CID_FIRST;
	char name[32];

	for (; cid < CID_FIRST + 16 || cid == want; cid++) {
		snprintf(name, sizeof(name), "cid.%u", (unsigned)cid);
		if (fake_lock(name, false) >= 0) {
			h->cid = (unsigned)cid;
			return true;
		}
		if (want)
			break;
	}
	return false;
}

/* The enclave's calls to its parent go where the host listens. */
static void link_port(unsigned cid, unsigned port)
{
	char from[FAKE_PATH], to[FAKE_PATH];

	fake_path(from, "vsock/%u", port);
	fake_path(to, "cid-%u/v_%u", cid, port);
	if (symlink(from, to) < 0 && errno != EEXIST)
		abort();
}

static void furnish(struct hypervisor *h, const struct fake_call *c)
{
	char path[FAKE_PATH], text[256] = "";
	size_t n = 0;

	fake_path(path, "cid-%u", h->cid);
	mkdir(path, 0777);
	for (int i = 0; i < FAKE_CPUS; i++)
		if (c->cpus >> i & 1)
			n += (size_t)snprintf(text + n, sizeof(text) - n,
					      "%s%d", n ? "," : "", i);
	put(h->cid, ".cpus", text);
	snprintf(text, sizeof(text), "%d", (int)getpid());
	put(h->cid, "/pid", text);
	link_port(h->cid, 9000);
	link_port(h->cid, 17002);
	link_port(h->cid, 65536 + h->cid);
	if (c->debug)
		h->console = listen_at(fake_address("cid-%u/console", h->cid));
}

static int start(struct hypervisor *h, const struct fake_call *c)
{
	int out[2];

	if (!take_cid(h, c->arg))
		return EINVAL;
	furnish(h, c);
	if (pipe2(out, O_CLOEXEC) < 0)
		return errno;
	h->output = out[0];
	h->command = fork();
	if (h->command == 0)
		run(h, out[1]);
	close(out[1]);
	return 0;
}

static int slot(struct fake_answer *a)
{
	char name[16];

	for (unsigned i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "slot.%u", i);
		if (fake_lock(name, false) >= 0) {
			a->value = i + 1;
			return 0;
		}
	}
	return ENOSPC;
}

static int core(const struct fake_call *c)
{
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "core.%u", (unsigned)c->arg);
	fd = fake_lock(name, false);
	if (fd < 0)
		return EBUSY;
	if (c->op == FAKE_CORE_FREE)
		close(fd);
	return 0;
}

/* A byte with a descriptor is the other end of the enclave's.  false: nobody
 * asks any more. */
static bool answer(struct hypervisor *h)
{
	char room[CMSG_SPACE(sizeof(int))];
	struct fake_answer a = { 0 };
	struct fake_call c;
	struct iovec io = { &c, sizeof(c) };
	struct msghdr msg = { .msg_iov = &io, .msg_iovlen = 1,
			      .msg_control = room,
			      .msg_controllen = sizeof(room) };
	ssize_t n = recvmsg(h->rpc, &msg, MSG_CMSG_CLOEXEC);

	if (n == 1 && CMSG_FIRSTHDR(&msg))
		memcpy(&h->fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	if (n != sizeof(c))
		return n > 0;
	switch (c.op) {
	case FAKE_SLOT:
		a.fault = slot(&a);
		break;
	case FAKE_CORE_FREE:
	case FAKE_CORE_TAKE:
		a.fault = core(&c);
		break;
	case FAKE_START:
		a.fault = start(h, &c);
		a.value = h->cid;
		break;
	}
	return send(h->rpc, &a, sizeof(a), MSG_NOSIGNAL) == sizeof(a);
}

static void listen_to(struct hypervisor *h)
{
	ssize_t n = read(h->output, h->said + h->len, SAID_MAX - h->len);

	if (n > 0) {
		if (h->client >= 0)
			send(h->client, h->said + h->len, (size_t)n,
			     MSG_NOSIGNAL);
		h->len += (size_t)n;
		return;
	}
	/* Nobody writes any more: the command has ended. */
	close(h->output);
	h->output = -1;
	if (h->client >= 0)
		shutdown(h->client, SHUT_WR);
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
}

static void show(struct hypervisor *h)
{
	if (h->client >= 0)
		close(h->client);
	h->client = accept4(h->console, NULL, NULL, SOCK_CLOEXEC);
	if (h->client >= 0 && h->len)
		send(h->client, h->said, h->len, MSG_NOSIGNAL);
}

/* All that the command has started, whatever it did to get away. */
static void kill_all(void)
{
	char path[64], text[4096], *p;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children",
		 (int)getpid());
	do {
		fd = fake_open(AT_FDCWD, path, O_RDONLY, 0);
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
		text[n > 0 ? n : 0] = '\0';
		for (p = text; *p; p += *p == ' ') {
			pid_t pid = (pid_t)strtol(p, &p, 10);

			if (pid > 0)
				kill(pid, SIGKILL);
		}
		/* One of them; its children are ours then. */
		if (n > 0)
			waitpid(-1, NULL, 0);
	} while (n > 0);
}

static void clear(const struct hypervisor *h)
{
	static const char *const names[] = {
		"/pid", "/v", "/v_9000", "/v_17002", "/console",
	};
	char path[FAKE_PATH];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		fake_path(path, "cid-%u%s", h->cid, names[i]);
		unlink(path);
	}
	fake_path(path, "cid-%u/v_%u", h->cid, 65536 + h->cid);
	unlink(path);
	fake_path(path, "cid-%u", h->cid);
	rmdir(path);
}

void fake_vm(int rpc)
{
	struct hypervisor h = { .rpc = rpc, .fd = -1, .output = -1,
				.console = -1, .client = -1 };

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		struct pollfd p[] = {
			{ .fd = h.rpc, .events = POLLIN },
			{ .fd = h.output, .events = POLLIN },
			{ .fd = h.console, .events = POLLIN },
		};

		poll(p, 3, -1);
		if (p[0].revents && !answer(&h))
			break;
		if (p[1].revents)
			listen_to(&h);
		if (p[2].revents)
			show(&h);
	}
	kill_all();
	if (h.cid)
		clear(&h);
}
