/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_egress_host.c - parts of the host's proxies: connections to the first of
 * several addresses that answers, requests, ports, what is said
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/cli.h"
#include "enc-run/connect.h"
#include "enc-run/notes.h"
#include "enc-run/proxies.h"
#include "enc-run/publish.h"
#include "enc-run/request.h"
#include "tap.h"
#include "turns.h"

#define PATIENCE 20000

static int answer, answer_errno, answers;

static void until(const int *counter, int n)
{
	for (int i = 0; i < 20 && *counter < n; i++)
		run(1000);
}

/* Addresses to connect to: who they are is told by the port they share. */
static struct addresses to;

static void add(int family, const char *text)
{
	struct address *a = &to.items[to.n++];

	a->family = family;
	if (inet_pton(family, text, a->bytes) != 1)
		ok(0, text);
}

/* A listener on 127.0.0.N (0: ::1) at *port, or at any that it says. */
static int server(unsigned n, uint16_t *port, int backlog)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET,
				  .sin_port = htons(*port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
				   .sin6_port = htons(*port),
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr *at = n ? (struct sockaddr *)&v4 :
			      (struct sockaddr *)&v6;
	socklen_t len = n ? sizeof(v4) : sizeof(v6);
	int fd = socket(at->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	v4.sin_addr.s_addr = htonl(0x7f000000 | n);
	if (bind(fd, at, len) < 0 || listen(fd, backlog) < 0 ||
	    getsockname(fd, at, &len) < 0) {
		printf("# %u: %s\n", n, strerror(errno));
		close(fd);
		return -1;
	}
	*port = ntohs(n ? v4.sin_port : v6.sin6_port);
	return fd;
}

/* Nobody answers there any more: its queue is full. */
static void fill(int fd, int fds[3])
{
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);

	if (getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		perror("# getsockname");
	for (int i = 0; i < 3; i++) {
		fds[i] = socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK |
				SOCK_CLOEXEC, 0);
		if (connect(fds[i], (struct sockaddr *)&at, len) < 0 &&
		    errno != EINPROGRESS)
			perror("# connect");
	}
}

static void connected(void *arg, int fd)
{
	(void)arg;
	answer = fd;
	answer_errno = errno;
	answers++;
	loop_stop(loop);
}

/* The last byte of the IPv4 address that answered, 0 for ::1, -1. */
static int connect_all(uint16_t port, uint64_t patience)
{
	struct sockaddr_in6 at;
	socklen_t len = sizeof(at);
	int n = answers;

	connect_start(loop, &to, port, patience, connected, NULL);
	ok(answers == n, "never before it returns");
	until(&answers, n + 1);
	to.n = 0;
	if (answer < 0)
		return -1;
	if (getpeername(answer, (struct sockaddr *)&at, &len) < 0)
		perror("# getpeername");
	close(answer);
	return at.sin6_family == AF_INET6 ? 0 :
	       ((uint8_t *)&((struct sockaddr_in *)&at)->sin_addr)[3];
}

static void test_connect(void)
{
	uint16_t port = 0;
	int good = server(3, &port, 16), full, fds[3];

	add(AF_INET, "127.0.0.3");
	ok(connect_all(port, PATIENCE) == 3, "one address");
	add(AF_INET, "127.0.0.2");
	add(AF_INET, "127.0.0.3");
	ok(connect_all(port, PATIENCE) == 3, "one refuses: the next");
	add(AF_INET, "127.0.0.2");
	add(AF_INET6, "::1");
	ok(connect_all(port, PATIENCE) == -1 && answer_errno == ECONNREFUSED,
	   "all refuse");
	add(AF_INET6, "::1");
	add(AF_INET6, "::1");
	add(AF_INET6, "2001:db8::1");
	add(AF_INET, "127.0.0.3");
	ok(connect_all(port, PATIENCE) == 3, "IPv4 among dead IPv6");
	full = server(2, &port, 0);
	ok(good >= 0 && full >= 0, "two listen");
	fill(full, fds);
	add(AF_INET, "127.0.0.2");
	add(AF_INET, "127.0.0.3");
	ok(connect_all(port, PATIENCE) == 3, "one does not answer: the next");
	add(AF_INET, "127.0.0.2");
	ok(connect_all(port, 50) == -1 && answer_errno == ETIMEDOUT,
	   "it is not waited for for ever");
	add(AF_INET, "127.0.0.2");
	connect_cancel(connect_start(loop, &to, port, PATIENCE, connected,
				     NULL));
	to.n = 0;
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	close(full);
	close(good);
}

/* ::1 is full, 127.0.0.3 is not; more of IPv6 stand before it. */
static void test_families(void)
{
	uint16_t port = 0;
	int full = server(0, &port, 0), good, fds[3];

	if (full < 0) {
		printf("# no IPv6 here\n");
		return;
	}
	good = server(3, &port, 16);
	fill(full, fds);
	for (int i = 0; i < 8; i++)
		add(AF_INET6, "::1");
	add(AF_INET, "127.0.0.3");
	ok(connect_all(port, 1500) == 3, "the other family has the next turn");
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	close(full);
	close(good);
}

static int asked_n, over_n;

static void asked(void *arg)
{
	(void)arg;
	asked_n++;
	loop_stop(loop);
}

static void over(void *arg)
{
	(void)arg;
	over_n++;
	loop_stop(loop);
}

/* What becomes of a request that begins so: 1 asked, -1 over. */
static int request(const void *bytes, size_t len, uint64_t patience,
		   struct request *r, int *peer)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		       fds) < 0)
		perror("# socketpair");
	*peer = fds[0];
	asked_n = over_n = 0;
	request_start(r, loop, fds[1], patience, asked, over, NULL);
	/* Byte by byte. */
	for (size_t i = 0; i < len && !asked_n && !over_n; i++) {
		if (send(fds[0], (const char *)bytes + i, 1, MSG_NOSIGNAL) < 0)
			perror("# send");
		if (i % 100 == 0 || i + 1 == len)
			run(1);
	}
	for (int i = 0; i < 20 && !asked_n && !over_n; i++)
		run(1000);
	return asked_n ? 1 : over_n ? -1 : 0;
}

static void test_requests(void)
{
	static const char whole[] = "\x1e\0{\"host\":\"a.example\",\"port\":80}"
				    "after";
	static const char longest[2 + FRAME_MAX] = "\0\x10";
	struct request r;
	char text[700] = "";
	int peer;

	ok(request(whole, 32, PATIENCE, &r, &peer) == 1, "a request");
	ok(r.total == 32, "of that length");
	ok(send(peer, "after", 5, 0) == 5, "more comes");
	run(5);
	ok(over_n == 0, "which is not for us");
	ok(recv(r.fd, text, sizeof(text), 0) == 5, "and was not read");
	request_refuse(&r, 13, "no");
	ok(recv(peer, text, sizeof(text), 0) > 0 &&
	   strcmp(text + 2, "{\"Err\":{\"message\":\"no\",\"os_code\":13}}") == 0,
	   "it is refused");
	ok(recv(peer, text, sizeof(text), 0) == 0, "that is all");
	close(peer);
	run(1000);
	ok(over_n == 1, "and over when that was read");
	request_release(&r);
	ok(request(longest, sizeof(longest), PATIENCE, &r, &peer) == 1,
	   "a frame as long as may be");
	close(peer);
	run(1000);
	ok(over_n == 1, "who goes without an answer is over");
	request_release(&r);
	ok(request("\x01\x10", 2, PATIENCE, &r, &peer) == -1, "a longer one");
	close(peer);
	request_release(&r);
	ok(request("\0\0", 2, PATIENCE, &r, &peer) == -1, "one of no bytes");
	close(peer);
	request_release(&r);
	ok(request(whole, 31, 30, &r, &peer) == -1, "one that does not end");
	close(peer);
	request_release(&r);
	ok(request(whole, 0, 30, &r, &peer) == -1, "one that does not begin");
	close(peer);
	request_release(&r);
}

static void test_publish(void)
{
	static const struct {
		const char *text, *address;
		unsigned host, enclave;
	} good[] = {
		{ "80:8080", NULL, 80, 8080 },
		{ "65535:1", NULL, 65535, 1 },
		{ "127.0.0.1:80:8080", "127.0.0.1", 80, 8080 },
		{ "[::1]:80:8080", "::1", 80, 8080 },
		{ "[2001:DB8::1]:80:8080", "2001:db8::1", 80, 8080 },
		{ "0.0.0.0:80:8080", "0.0.0.0", 80, 8080 },
	};
	static const char *const bad[] = {
		"", ":", "80", "80:", ":80", "0:80", "80:0", "65536:80",
		"80:65536", "80:80x", "x80:80", " 80:80", "80:80:80", "-1:80",
		"host:80:80", "name.example:80:80", "::1:80:80", "[::1:80:80",
		"[127.0.0.1]:80:80", "127.1:80:80", ":80:80", "80:+80",
		"[fe80::1%lo]:80:80",
	};
	struct publish p;
	struct err e;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		ok(publish_parse(good[i].text, &p, &e) == 0 &&
		   p.host == good[i].host && p.enclave == good[i].enclave,
		   good[i].text);
		if (good[i].address)
			same_str(p.address, good[i].address, "its address");
		else
			ok(!p.address, "all addresses");
		free(p.address);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ok(publish_parse(bad[i], &p, &e) < 0 && e.class == ERR_USAGE,
		   bad[i]);
}

/* Lines on standard error. */
static void test_notes(void)
{
	struct notes n = { .loop = loop, .what = "egress" };
	char text[4096];
	ssize_t len;
	int lines = 0, old = dup(STDERR_FILENO), pipe_fds[2];

	if (pipe2(pipe_fds, O_CLOEXEC) < 0 ||
	    dup2(pipe_fds[1], STDERR_FILENO) < 0)
		perror("# pipe");
	for (int i = 0; i < 1000; i++)
		notes_say(&n, "no");
	run(1100);
	notes_say(&n, "again");
	notes_release(&n);
	dup2(old, STDERR_FILENO);
	len = read(pipe_fds[0], text, sizeof(text) - 1);
	text[len > 0 ? len : 0] = '\0';
	for (char *s = text; (s = strchr(s, '\n')); s++)
		lines++;
	ok(lines == NOTES_A_SECOND + 2, "so many and no more");
	ok(strstr(text, ": egress: and 990 more of that kind\n") != NULL,
	   "and how many more there were");
	ok(strstr(text, ": egress: again\n") != NULL, "then it goes on");
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	close(old);
}

int main(void)
{
	struct err e;

	loop = loop_new(&e);
	test_connect();
	test_families();
	test_requests();
	test_publish();
	test_notes();
	loop_free(loop);
	return tap_done();
}
