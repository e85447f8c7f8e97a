/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heartbeat.c - tells the parent instance that the kernel is up
 *
 * AWS's protocol: connect to the parent on vsock port 9000, send the byte
 * 0xB7, get it back.  nitro-cli ends an enclave whose heartbeat it cannot
 * answer, so the connection is held until the answer or the end.  AWS's init
 * calls the parent CID 3, other hosts listen as CID 2: both are called at
 * once and the one that answers is kept.  All of it happens in a child, so
 * that a parent which does not listen delays nothing.
 */
#include "init/init.h"

#include <sys/socket.h>		/* Linux 6.1's vm_sockets.h needs it */
#include <linux/vm_sockets.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"

#define HEARTBEAT_PORT 9000
#define HEARTBEAT_BYTE 0xb7

static const unsigned int parents[] = { 3, VMADDR_CID_HOST };

/* A socket that is connecting, or -1. */
static int call(unsigned int cid)
{
	struct sockaddr_vm to = {
		.svm_family = AF_VSOCK,
		.svm_cid = cid,
		.svm_port = HEARTBEAT_PORT,
	};
	AUTO_CLOSE int fd = socket(AF_VSOCK,
				   SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
				   0);

	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 &&
	    errno != EINPROGRESS)
		return -1;
	return steal_fd(&fd);
}

/* The first of the calls that is taken; the others are hung up.  -1 when none
 * is: the kernel gives up by itself after two seconds. */
static int first_answer(struct pollfd *calls, size_t n)
{
	size_t open_calls = 0;
	int winner = -1;

	for (size_t i = 0; i < n; i++)
		open_calls += calls[i].fd >= 0;
	while (winner < 0 && open_calls > 0) {
		if (poll(calls, n, -1) < 0 && errno != EINTR)
			break;
		for (size_t i = 0; i < n && winner < 0; i++) {
			if (calls[i].fd < 0 || !calls[i].revents)
				continue;
			if (io_connect_error(calls[i].fd) == 0)
				winner = calls[i].fd;
			else
				close(calls[i].fd);
			calls[i].fd = -1;
			open_calls--;
		}
	}
	for (size_t i = 0; i < n; i++)
		if (calls[i].fd >= 0)
			close(calls[i].fd);
	return winner;
}

static void heartbeat(void)
{
	const unsigned char beat = HEARTBEAT_BYTE;
	struct pollfd calls[ARRAY_SIZE(parents)];
	struct pollfd wait = { .events = POLLIN };
	unsigned char echo;

	for (size_t i = 0; i < ARRAY_SIZE(parents); i++)
		calls[i] = (struct pollfd){ .fd = call(parents[i]),
					    .events = POLLOUT };
	wait.fd = first_answer(calls, ARRAY_SIZE(calls));
	if (wait.fd < 0)
		return;
	if (send(wait.fd, &beat, 1, MSG_NOSIGNAL) != 1)
		return;
	while (poll(&wait, 1, -1) < 0 && errno == EINTR)
		;
	if (recv(wait.fd, &echo, 1, 0) != 1 || echo != beat)
		say("the parent instance did not answer the heartbeat");
}

void heartbeat_start(void)
{
	pid_t pid = fork();

	if (pid < 0)
		say_errno("cannot fork for the heartbeat");
	if (pid != 0)
		return;
	heartbeat();
	_exit(0);
}
