/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_heartbeat.c - who is answered on port 9000, and who waits for it
 * (tests/preload/ne-fake.h)
 */
#include "enc-run/heartbeat.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/err.h"
#include "cli/cli.h"
#include "ne_instance.h"
#include "tap.h"
#include "turns.h"

#define BEAT "\xb7"

static int beats;

static void booted(void *arg)
{
	(void)arg;
	beats++;
	loop_stop(loop);
}

/* Makes us an enclave's process, or nobody's. */
static void be_enclave(unsigned cid, bool yes)
{
	char path[32], pid[16];

	snprintf(path, sizeof(path), "cid-%u/pid", cid);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	put_file(path, yes ? pid : NULL);
}

static int call_port(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct timeval limit = { .tv_sec = 10 };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%.64s/vsock/9000",
		 instance);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		close(fd);
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return fd;
}

/* The byte that comes, 0 at the end, -1 when there is neither. */
static int byte_from(int fd)
{
	unsigned char byte = 0;
	ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT);

	return n == 1 ? byte : n == 0 || errno == ECONNRESET ? 0 : -1;
}

static void test_turns(void)
{
	struct heartbeat *a, *b;
	struct err e = { .class = ERR_NONE };
	sigset_t set;

	a = heartbeat_listen(loop, 0, &e);
	ok(a != NULL, "a port that is free");
	b = heartbeat_listen(loop, 0, &e);
	ok(b == NULL && strstr(e.msg, "another enclave has been starting"),
	   "who finds it taken is told after a while");
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGTERM);
	b = heartbeat_listen(loop, 600000, &e);
	ok(b == NULL && strstr(e.msg, "interrupted"),
	   "and can be told not to wait");
	signal(SIGTERM, SIG_IGN);	/* takes it away */
	signal(SIGTERM, SIG_DFL);
	heartbeat_free(a);
	b = heartbeat_listen(loop, 0, &e);
	ok(b != NULL, "it is free when who had it is gone");
	heartbeat_free(b);
}

static void test_waiting(void)
{
	static struct heartbeat *a;	/* a child's, too */
	struct err e;
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe(ready) < 0)
		perror("pipe");
	pid = fork();
	if (pid == 0) {
		a = heartbeat_listen(loop, 0, &e);
		if (write(ready[1], a ? "y" : "n", 1) != 1)
			_exit(1);
		poll(NULL, 0, 200);
		raise(SIGKILL);
	}
	ok(read(ready[0], &byte, 1) == 1 && byte == 'y',
	   "somebody else has the port");
	a = heartbeat_listen(loop, 60000, &e);
	ok(a != NULL, "until he is killed");
	waitpid(pid, NULL, 0);
	heartbeat_free(a);
	close(ready[0]);
	close(ready[1]);
}

static void test_answers(void)
{
	struct err e;
	struct heartbeat *h = heartbeat_listen(loop, 0, &e), *next;
	int stranger, other, fd, idle;

	be_enclave(17, true);
	ok(h && heartbeat_answer(h, 16, booted, NULL, &e) == 0,
	   "the enclave 16 is waited for");
	stranger = call_port();
	other = call_port();
	ok(send(stranger, BEAT, 1, MSG_NOSIGNAL) == 1 &&
	   send(other, BEAT, 1, MSG_NOSIGNAL) == 1, "the enclave 17 calls");
	run(50);
	ok(byte_from(stranger) == 0 && byte_from(other) == 0 && beats == 0,
	   "it is hung up on");
	be_enclave(17, false);
	be_enclave(16, true);
	idle = call_port();
	fd = call_port();
	other = call_port();
	if (send(other, "x", 1, MSG_NOSIGNAL) != 1)
		ok(0, "it is sent");
	run(50);
	ok(byte_from(other) == 0 && beats == 0, "what is no heartbeat is none");
	ok(byte_from(fd) == -1, "a call that says nothing is kept");
	if (send(fd, BEAT, 1, MSG_NOSIGNAL) != 1)
		ok(0, "it is sent");
	run(10000);
	ok(beats == 1, "a heartbeat");
	ok(byte_from(fd) == 0xb7, "comes back");
	ok(byte_from(fd) == -1, "and its connection stays");
	ok(byte_from(idle) == 0, "the other call is over");
	ok(call_port() == -1, "nobody listens any more");
	next = heartbeat_listen(loop, 0, &e);
	ok(next != NULL, "it is the next one's turn");
	heartbeat_free(next);
	close(fd);
	run(50);
	ok(beats == 1, "that was all");
	heartbeat_free(h);
	be_enclave(16, false);
	close(idle);
	close(other);
	close(stranger);
}

int main(void)
{
	struct err e;

	cli_init("test_heartbeat");
	cli_set_quiet(true);
	make_instance();
	loop = loop_new(&e);
	test_turns();
	test_waiting();
	test_answers();
	loop_free(loop);
	remove_instance();
	return tap_done();
}
