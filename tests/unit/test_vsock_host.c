/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_vsock_host.c - the host's side of vsock: hybrid, against the enclave's
 * side and against monitors that say something else
 */
#include "enclave/vsock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <linux/vm_sockets.h>

#include "enclave/vsock_parts.h"
#include "tap.h"
#include "turns.h"

static struct vsock *host;
static int answer, answer_errno, calls;
static int got = -1, n_got;

static void answered(void *arg, int fd)
{
	(void)arg;
	answer = fd;
	answer_errno = errno;
	calls++;
	loop_stop(loop);
}

static void accepted(void *arg, int fd)
{
	(void)arg;
	got = fd;
	n_got++;
	loop_stop(loop);
}

/* Calls and runs until the answer, of which errno is left. */
static int call(uint32_t port)
{
	int before = calls;

	vsock_call(host, port, answered, NULL);
	ok(calls == before, "an answer never comes before the call returns");
	while (calls == before)
		run(20000);
	return answer < 0 ? answer_errno : 0;
}

static int unix_socket(const char *path, int (*use)(int fd,
		       const struct sockaddr *a, socklen_t len))
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	if (use(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		perror("# socket");
	return fd;
}

static void test_enclave(void)
{
	struct gate g = { .max = 4 };
	struct vsock *enclave;
	struct listener l;
	struct err e;
	char text[8] = "";

	ok(call(80) == ECONNREFUSED, "there is no enclave yet");
	enclave = vsock_enclave(loop, "P", &e);
	ok(enclave && vsock_listen(enclave, 80, &l, &g, accepted, NULL,
				   &e) == 0, "it listens");
	ok(call(81) == ECONNREFUSED, "but not on that port");
	ok(call(80) == 0, "a call");
	while (!n_got)
		run(20000);
	ok(write(got, "hi", 2) == 2 && write(answer, "ho", 2) == 2, "is joined");
	run(20);
	ok(read(answer, text, sizeof(text)) == 2 && strcmp(text, "hi") == 0,
	   "there");
	ok(read(got, text, sizeof(text)) == 2 && strcmp(text, "ho") == 0,
	   "and back");
	ok(fcntl(answer, F_GETFL) & O_NONBLOCK, "non-blocking");
	close(got);
	close(answer);
	vsock_hang_up(vsock_call(host, 80, answered, NULL));
	run(20);
	ok(calls == 3, "who hangs up is not called");
	listener_stop(&l);
	vsock_free(enclave);
}

/* A monitor that answers so to whatever it is asked: the call's errno. */
static int monitor(const char *says)
{
	int m, fd = unix_socket("P", bind), before = calls;
	char line[64] = "";

	ok(listen(fd, 4) == 0, "a monitor");
	vsock_call(host, 4294967295u, answered, NULL);
	run(20);
	m = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	ok(recv(m, line, sizeof(line) - 1, 0) > 0, "is asked");
	same_str(line, "CONNECT 4294967295\n", "for the port");
	for (; *says && calls == before; says++) {
		size_t n = *says == '\n' ? strlen(says) : 1;

		ok(send(m, says, n, MSG_NOSIGNAL) == (ssize_t)n, "a byte");
		run(2);
	}
	if (calls == before)
		shutdown(m, SHUT_WR);
	while (calls == before)
		run(20000);
	unlink("P");
	close(fd);
	close(m);
	return answer < 0 ? answer_errno : 0;
}

static void test_monitors(void)
{
	static const char *const junk[] = {
		"OK\n", "OK \n", "OK 12a\n", "ok 12\n", "OK 12", "\n",
		"HTTP/1.1 400 Bad Request\r\n",
		"OK 000000000000000000000000000012\n",
	};
	char rest[8] = "";

	ok(monitor("OK 12\nrest") == 0, "the answer in single bytes");
	ok(recv(answer, rest, sizeof(rest), 0) == 4 &&
	   strcmp(rest, "rest") == 0, "and not a byte of what follows");
	close(answer);
	ok(monitor("") == ECONNREFUSED, "closed: nobody listens");
	for (size_t i = 0; i < ARRAY_SIZE(junk); i++) {
		int want = strcmp(junk[i], "OK 12") == 0 ? ECONNREFUSED :
			   EPROTO;

		ok(monitor(junk[i]) == want, junk[i]);
	}
}

static void test_silent(void)
{
	int fd = unix_socket("P", bind);

	ok(listen(fd, 4) == 0, "a monitor that says nothing");
	host->call_ms = 50;
	ok(call(80) == ETIMEDOUT, "the call ends all the same");
	host->call_ms = VSOCK_CALL_MS;
	unlink("P");
	close(fd);
}

static void test_listen(void)
{
	struct gate g = { .max = 4 };
	struct listener l, other;
	struct stat st;
	struct err e;
	int fd;

	close(unix_socket("P_17002", bind));
	umask(022);
	ok(vsock_listen(host, 17002, &l, &g, accepted, NULL, &e) == 0,
	   "a socket that nobody listens on is replaced");
	ok(stat("P_17002", &st) == 0 && (st.st_mode & 0777) == 0777 &&
	   umask(022) == 022, "whoever gets there may call, whatever our umask");
	ok(vsock_listen(host, 17002, &other, &g, accepted, NULL, &e) < 0 &&
	   errno == EADDRINUSE, "one that somebody does is not");
	same_str(e.msg, "cannot listen on 'P_17002': Address already in use",
		 "and that is said");
	close(open("P_17003", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	ok(vsock_listen(host, 17003, &other, &g, accepted, NULL, &e) < 0 &&
	   errno == EADDRINUSE, "nor is a file");
	n_got = 0;
	fd = unix_socket("P_17002", connect);
	run(20000);
	ok(n_got > 0, "the enclave calls");
	close(fd);
	close(got);
	listener_stop(&l);
}

/* Who is not admitted is closed, and takes no room. */
static bool nobody(const struct listener *l, int fd)
{
	(void)fd;
	return l->peer == 0;
}

static void test_admits(void)
{
	struct gate g = { .max = 1 };
	struct listener l;
	struct err e;
	char byte;
	int fd;

	ok(vsock_listen(host, 17004, &l, &g, accepted, NULL, &e) == 0,
	   "a listener");
	l.admits = nobody;
	l.peer = 1;
	n_got = 0;
	for (int i = 0; i < 3; i++) {
		fd = unix_socket("P_17004", connect);
		run(20);
		ok(n_got == 0 && g.open == 0, "not admitted");
		ok(recv(fd, &byte, 1, MSG_DONTWAIT) == 0, "and closed");
		close(fd);
	}
	l.peer = 0;
	fd = unix_socket("P_17004", connect);
	run(20000);
	ok(n_got == 1 && g.open == 1, "another is");
	close(fd);
	close(got);
	listener_stop(&l);
}

/* No kernel has to have vsock for this: who is there is what we say. */
static struct sockaddr_vm peer;

int getpeername(int fd, struct sockaddr *restrict to, socklen_t *restrict len)
{
	(void)fd;
	memcpy(to, &peer, sizeof(peer));
	*len = sizeof(peer);
	return 0;
}

static void test_cid(void)
{
	struct vsock *v = vsock_host(loop, NULL, 16);
	struct gate g = { .max = 1 };
	struct listener l;
	struct err e;

	if (vsock_listen(v, VMADDR_PORT_ANY, &l, &g, accepted, NULL, &e) < 0) {
		printf("# no AF_VSOCK here: %s\n", e.msg);
		vsock_free(v);
		return;
	}
	peer.svm_family = AF_VSOCK;
	peer.svm_cid = 16;
	ok(l.admits(&l, 0), "our enclave");
	for (uint32_t cid = 0; cid < 100; cid++) {
		peer.svm_cid = cid;
		if (l.admits(&l, 0) != (cid == 16))
			ok(0, "the CID of another");
	}
	peer.svm_cid = 16;
	peer.svm_family = AF_UNIX;
	ok(!l.admits(&l, 0), "another family");
	listener_stop(&l);
	vsock_free(v);
}

int main(void)
{
	char dir[] = "/tmp/test_vsock_host.XXXXXX";
	struct err e;

	if (!mkdtemp(dir) || chdir(dir) < 0)
		return 1;
	loop = loop_new(&e);
	host = vsock_host(loop, "P", 0);
	test_enclave();
	test_monitors();
	test_silent();
	test_listen();
	test_admits();
	test_cid();
	vsock_free(host);
	ok(access("P_17002", F_OK) < 0 && access("P_17004", F_OK) < 0,
	   "its sockets are gone");
	ok(access("P_17003", F_OK) == 0, "and a file is not");
	loop_free(loop);
	if (unlink("P_17003") < 0 || chdir("/") < 0 || rmdir(dir) < 0)
		ok(0, "something was left behind");
	return tap_done();
}
