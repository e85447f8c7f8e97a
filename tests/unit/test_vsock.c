/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_vsock.c - hybrid vsock by Firecracker's convention, and listeners at
 * their limits
 */
#include "enclave/vsock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tap.h"
#include "turns.h"

static struct vsock *vsock;
static int got[16], n_got, wanted;

static void accepted(void *arg, int fd)
{
	(void)arg;
	got[n_got++] = fd;
	if (n_got == wanted)
		loop_stop(loop);
}

static void close_got(struct gate *g)
{
	while (n_got > 0) {
		close(got[--n_got]);
		if (g)
			gate_leave(g);
	}
}

/* A host: connects to P, blocking. */
static int host(const char *text)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = "P" };
	struct timeval limit = { .tv_sec = 10 };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		perror("# connect");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		perror("# send");
	return fd;
}

/* What the host reads next, up to and with the newline; "" at the end. */
static const char *line_from(int fd)
{
	static char line[64];
	size_t len = 0;

	while (len < sizeof(line) - 1 && read(fd, line + len, 1) == 1)
		if (line[len++] == '\n')
			break;
	line[len] = '\0';
	return line;
}

static void test_convention(struct gate *g)
{
	int fd, other;
	char text[8] = "";

	wanted = 1;
	fd = host("CONNECT 80\nrest");
	run(10000);
	ok(n_got == 1, "the listener of that port has it");
	same_str(line_from(fd), "OK 1073741824\n", "the host is told so");
	ok(recv(got[0], text, sizeof(text), 0) == 4 &&
	   strcmp(text, "rest") == 0, "what follows the line is not eaten");
	ok(fcntl(got[0], F_GETFL) & O_NONBLOCK, "non-blocking");
	wanted = 2;
	other = host("CONN");
	run(20);
	ok(send(other, "ECT 80\n", 7, 0) == 7, "a line in two parts");
	run(10000);
	same_str(line_from(other), "OK 1073741825\n", "is a line");
	close(fd);
	close(other);
	close_got(g);
}

static void test_refused(void)
{
	static const char *const lines[] = {
		"CONNECT 81\n", "CONNECT\n", "CONNECT 80 \n", "connect 80\n",
		"CONNECT -80\n", "CONNECT 4294967376\n", "CONNECT 0\n",
		"CONNECT 00000000000000000000000000000080\n", "\n",
	};

	wanted = 1;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		int fd = host(lines[i]);

		run(20);
		same_str(line_from(fd), "", "no line that asks for port 80");
		close(fd);
	}
	ok(n_got == 0, "nobody was let in");
}

static void test_full(struct gate *g)
{
	int fds[3];

	wanted = 3;
	for (int i = 0; i < 3; i++)
		fds[i] = host("CONNECT 80\n");
	run(50);
	ok(n_got == 2, "no more than the gate has room for");
	same_str(line_from(fds[0]), "OK 1073741826\n", "the first is in");
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	close_got(g);
	wanted = 1;
	fds[0] = host("CONNECT 80\n");
	run(10000);
	ok(n_got == 1, "when those have gone there is room again");
	close(fds[0]);
	close_got(g);
}

/* Calls to the parent. */
static int answer, answer_errno, calls;

static void answered(void *arg, int fd)
{
	(void)arg;
	answer = fd;
	answer_errno = errno;
	calls++;
	loop_stop(loop);
}

static int unix_listener(const char *path)
{
	struct sockaddr_un here = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(here.sun_path, sizeof(here.sun_path), "%s", path);
	if (bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0 ||
	    listen(fd, 16) < 0)
		perror("# listen");
	return fd;
}

static void test_calls(void)
{
	int parent = unix_listener("P_17002"), fd;

	vsock_call(vsock, 17002, answered, NULL);
	ok(calls == 0, "an answer never comes before the call returns");
	run(10000);
	ok(calls == 1 && answer >= 0, "the parent listens at P_PORT");
	fd = accept(parent, NULL, NULL);
	ok(fd >= 0 && write(answer, "x", 1) == 1, "and is connected");
	close(fd);
	close(answer);
	vsock_call(vsock, 17003, answered, NULL);
	run(10000);
	ok(calls == 2 && answer == -1 && answer_errno == ECONNREFUSED,
	   "nobody listens");
	vsock_hang_up(vsock_call(vsock, 17002, answered, NULL));
	run(20);
	ok(calls == 2, "who hangs up is not called");
	close(parent);
}

/* A listener without free descriptors waits, and loses nobody. */
static void test_descriptors(void)
{
	struct rlimit old, few;
	struct listener l;
	struct gate g = { .max = 16 };
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = "Q" };
	struct err e;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ok(listener_start(&l, loop, unix_listener("Q"), &g, accepted, NULL,
			  &e) == 0, "a listener");
	ok(connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0, "a client");
	getrlimit(RLIMIT_NOFILE, &old);
	few = old;
	few.rlim_cur = (rlim_t)fd + 1;
	setrlimit(RLIMIT_NOFILE, &few);
	wanted = 1;
	run(150);
	ok(n_got == 0, "no descriptor is free");
	setrlimit(RLIMIT_NOFILE, &old);
	run(10000);
	ok(n_got == 1, "one is: the connection is there");
	listener_stop(&l);
	close(fd);
	close_got(&g);
	ok(unlink("Q") == 0, "its socket");
}

/* Two listeners, one gate: both wait, both go on. */
static void test_queue(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct gate g = { .max = 1 };
	struct listener l[2];
	struct err e;
	int fds[4];

	for (int i = 0; i < 2; i++) {
		snprintf(to.sun_path, sizeof(to.sun_path), "R%d", i);
		if (listener_start(&l[i], loop, unix_listener(to.sun_path), &g,
				   accepted, NULL, &e) < 0)
			ok(0, e.msg);
		for (int j = 0; j < 2; j++) {
			fds[2 * i + j] = socket(AF_UNIX,
						SOCK_STREAM | SOCK_CLOEXEC, 0);
			if (connect(fds[2 * i + j], (struct sockaddr *)&to,
				    sizeof(to)) < 0)
				perror("# connect");
		}
	}
	for (int i = 1; i <= 4; i++) {
		wanted = i;
		run(10000);
		ok(n_got == i, "one at a time");
		wanted = 16;
		run(20);
		ok(n_got == i && g.open == 1, "the others wait");
		gate_leave(&g);
	}
	for (int i = 0; i < 2; i++)
		listener_stop(&l[i]);
	for (int i = 0; i < 4; i++)
		close(fds[i]);
	close_got(NULL);
}

static void test_paths(void)
{
	char path[200];
	struct stat st;
	struct err e;

	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	ok(!vsock_enclave(loop, path, &e) && e.class == ERR_USAGE,
	   "a path that is too long");
	close(open("file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	ok(!vsock_enclave(loop, "file", &e), "a file is not replaced");
	same_str(e.msg, "cannot listen on 'file': Address already in use",
		 "and that is said");
	ok(stat("file", &st) == 0 && S_ISREG(st.st_mode), "it is there");
}

int main(void)
{
	struct gate gate = { .max = 2 };
	struct listener l;
	char dir[] = "/tmp/test_vsock.XXXXXX";
	struct err e;

	if (!mkdtemp(dir) || chdir(dir) < 0)
		return 1;
	loop = loop_new(&e);
	vsock = vsock_enclave(loop, "P", &e);
	ok(vsock != NULL, "the enclave's side");
	ok(vsock_listen(vsock, 80, &l, &gate, accepted, NULL, &e) == 0,
	   "a port");
	test_convention(&gate);
	test_refused();
	test_full(&gate);
	test_calls();
	/* valgrind accepts, and closes what is above a limit: for it alone. */
	if (!getenv("LD_PRELOAD") || !strstr(getenv("LD_PRELOAD"), "vgpreload"))
		test_descriptors();
	test_queue();
	test_paths();
	vsock_free(vsock);
	ok(access("P", F_OK) < 0, "its socket is gone");
	vsock = vsock_enclave(loop, "P", &e);
	ok(vsock != NULL, "and comes again");
	close(host("CONNECT 80"));
	run(20);
	vsock_free(vsock);
	loop_free(loop);
	if (unlink("P_17002") < 0 || unlink("R0") < 0 ||
	    unlink("R1") < 0 || unlink("file") < 0 || chdir("/") < 0 ||
	    rmdir(dir) < 0)
		ok(0, "something was left behind");
	return tap_done();
}
