/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_relay.c - two connections joined: short writes, ends, breaks
 *
 * Outside are the two peers, plain sockets; inside what the relay owns.
 */
#include "enclave/relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tap.h"
#include "turns.h"

#define BULK (3u << 20)

static struct relays *relays;
static int ended;

static void at_end(void *arg)
{
	(void)arg;
	ended++;
	loop_stop(loop);
}

static void unix_pair(int fds[2])
{
	int size = 4096;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		       fds) < 0)
		perror("# socketpair");
	for (int i = 0; i < 2; i++)
		setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

static void tcp_pair(int fds[2])
{
	struct sockaddr_in here = { .sin_family = AF_INET };
	socklen_t len = sizeof(here);
	int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(l, (struct sockaddr *)&here, len) < 0 || listen(l, 1) < 0 ||
	    getsockname(l, (struct sockaddr *)&here, &len) < 0)
		perror("# listen");
	fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fds[0], (struct sockaddr *)&here, sizeof(here)) < 0)
		perror("# connect");
	fds[1] = accept(l, NULL, NULL);
	close(l);
	for (int i = 0; i < 2; i++)
		fcntl(fds[i], F_SETFL, O_NONBLOCK);
}

/* out[i] is the peer of the relay's side i. */
static void join(int out[2], void (*pair)(int fds[2]), const char *first)
{
	struct stream s[2];

	for (int i = 0; i < 2; i++) {
		int fds[2];

		pair(fds);
		out[i] = fds[0];
		stream_init_plain(&s[i], fds[1]);
	}
	ended = 0;
	ok(relay_start(relays, &s[0], &s[1], first, strlen(first), at_end,
		       NULL) == 0, "a relay");
	ok(!s[0].ops && !s[1].ops, "which has the streams");
}

static char byte_at(size_t i)
{
	return (char)(i * 31 + i / 4096);
}

/* Sends BULK bytes into one peer and takes them from the other, both as they
 * come.  True when each of them came, and nothing else. */
static int bulk(int from, int to)
{
	static char data[BULK];
	size_t sent = 0, taken = 0;
	int idle = 0, wrong = 0;

	for (size_t i = 0; i < BULK; i++)
		data[i] = byte_at(i);
	while (taken < BULK && idle < 100) {
		char part[5000];
		ssize_t n = 0, m;

		if (sent < BULK)
			n = send(from, data + sent, BULK - sent, MSG_NOSIGNAL);
		sent += n > 0 ? (size_t)n : 0;
		run(1);
		m = recv(to, part, sizeof(part), 0);
		for (ssize_t i = 0; i < m; i++)
			wrong += part[i] != byte_at(taken + (size_t)i);
		taken += m > 0 ? (size_t)m : 0;
		idle = n > 0 || m > 0 ? 0 : idle + 1;
	}
	return taken == BULK && wrong == 0;
}

/* Held back: what a peer can send while nobody reads has an end. */
static void test_back_pressure(void)
{
	char part[4096] = "";
	size_t sent = 0;
	int out[2], idle = 0;

	join(out, unix_pair, "");
	while (idle < 20 && sent < BULK) {
		ssize_t n = send(out[0], part, sizeof(part), MSG_NOSIGNAL);

		idle = n > 0 ? 0 : idle + 1;
		sent += n > 0 ? (size_t)n : 0;
		run(1);
	}
	ok(sent > 0 && sent < 2 * RELAY_CHUNK,
	   "who is not read from is held back");
	ok(ended == 0 && relays_count(relays) == 1, "and not cut off");
	close(out[0]);
	close(out[1]);
	run(1000);
	ok(ended == 1 && relays_count(relays) == 0, "both gone: the end");
}

static void test_bulk(void (*pair)(int fds[2]), const char *what)
{
	char part[16];
	int out[2];

	join(out, pair, "");
	ok(bulk(out[0], out[1]), what);
	ok(bulk(out[1], out[0]), "and the other way");
	shutdown(out[0], SHUT_WR);
	run(20);
	ok(recv(out[1], part, sizeof(part), 0) == 0, "an end is passed on");
	ok(bulk(out[1], out[0]), "the answer goes on");
	ok(ended == 0, "and the relay with it");
	shutdown(out[1], SHUT_WR);
	run(1000);
	ok(ended == 1, "two ends are the end");
	ok(recv(out[0], part, sizeof(part), 0) == 0, "and no break");
	close(out[0]);
	close(out[1]);
}

static void test_first(void)
{
	char part[32] = "";
	int out[2];

	join(out, unix_pair, "read before");
	ok(send(out[0], ", and then", 10, 0) == 10, "more comes");
	run(20);
	ok(recv(out[1], part, sizeof(part) - 1, 0) > 0, "the other has it");
	same_str(part, "read before, and then", "in that order");
	close(out[1]);
	run(1000);
	ok(recv(out[0], part, sizeof(part), 0) <= 0, "one closes: both have");
	close(out[0]);
	run(20);
	ok(ended == 1, "and it is over");
}

/* Everything that was sent arrives, though nobody waits for an answer. */
static void test_send_and_go(void)
{
	static char part[BULK];
	size_t taken = 0;
	ssize_t n;
	int out[2];

	join(out, tcp_pair, "");
	n = send(out[0], part, sizeof(part), MSG_NOSIGNAL);
	ok(n > 0, "sends what it can");
	close(out[0]);
	for (int i = 0; i < 2000 && taken < (size_t)n; i++) {
		ssize_t m = recv(out[1], part, 5000, 0);

		taken += m > 0 ? (size_t)m : 0;
		if (m <= 0)
			run(1);
	}
	ok(taken == (size_t)n, "and goes; all of it arrives");
	run(20);
	ok(recv(out[1], part, sizeof(part), 0) == 0, "and then an end");
	close(out[1]);
	run(1000);
	ok(ended == 1, "the relay ends when the other side does");
}

static void test_reset(void)
{
	static const struct linger now = { .l_onoff = 1, .l_linger = 0 };
	char part[16];
	int out[2];

	join(out, tcp_pair, "");
	setsockopt(out[0], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(out[0]);
	run(1000);
	ok(ended == 1, "a reset is the end");
	ok(recv(out[1], part, sizeof(part), 0) < 0 && errno == ECONNRESET,
	   "and is a reset for the other side too");
	close(out[1]);
}

/* Nothing listens there: the one who called must not wait for ever. */
static void test_refused(void)
{
	struct sockaddr_in here = { .sin_family = AF_INET };
	socklen_t len = sizeof(here);
	struct stream a, b;
	int l = socket(AF_INET, SOCK_STREAM, 0), pair[2], fd;

	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(l, (struct sockaddr *)&here, len) < 0 ||
	    getsockname(l, (struct sockaddr *)&here, &len) < 0)
		perror("# bind");
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (connect(fd, (struct sockaddr *)&here, sizeof(here)) < 0 &&
	    errno == EINPROGRESS)
		printf("# the connection is under way\n");
	unix_pair(pair);
	stream_init_plain(&a, pair[1]);
	stream_init_plain(&b, fd);
	ended = 0;
	ok(relay_start(relays, &a, &b, NULL, 0, at_end, NULL) == 0, "a relay");
	run(1000);
	ok(ended == 1 && recv(pair[0], &len, 1, 0) == 0, "refused: it ends");
	close(pair[0]);
	close(l);
}

/* A peer that said it would send no more, and then went. */
static void test_gone(void)
{
	int out[2];

	join(out, unix_pair, "");
	shutdown(out[0], SHUT_WR);
	run(20);
	ok(ended == 0, "half a connection stays");
	close(out[0]);
	run(1000);
	ok(ended == 1, "nobody is left for the answer");
	close(out[1]);
}

int main(void)
{
	struct err e;
	int out[2];

	loop = loop_new(&e);
	relays = relays_new(loop);
	test_bulk(unix_pair, "three megabytes through a small socket");
	test_bulk(tcp_pair, "three megabytes over TCP");
	test_back_pressure();
	test_first();
	test_send_and_go();
	test_reset();
	test_refused();
	test_gone();
	ok(relays_count(relays) == 0, "none is left");
	join(out, unix_pair, "x");
	relays_free(relays);
	ok(ended == 0, "the end of all calls nobody");
	loop_free(loop);
	close(out[0]);
	close(out[1]);
	return tap_done();
}
