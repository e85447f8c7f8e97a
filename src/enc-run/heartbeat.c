/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heartbeat.c - the parent's end of what an enclave says when its kernel is up
 */
#include "enc-run/heartbeat.h"

#include <sys/socket.h>		/* Linux 6.1's vm_sockets.h needs it */
#include <linux/vm_sockets.h>
#include <signal.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "cli/cli.h"
#include "enclave/listener.h"

#define CALLS	 4		/* the init calls two addresses at once */
#define RETRY_MS 50

struct beat {
	struct heartbeat *h;
	struct watch watch;
	int	     fd;		/* -1: free */
};

struct heartbeat {
	struct loop    *loop;
	int		fd;		/* has the port; -1: the listener's */
	struct listener listener;	/* zero until then, and after */
	struct gate	gate;
	uint32_t	cid;
	bool		done;
	void	      (*booted)(void *arg);
	void	       *arg;
	struct beat	beats[CALLS];
};

static void beat_end(struct beat *b)
{
	if (b->fd < 0)
		return;
	watch_stop(&b->watch);
	close(steal_fd(&b->fd));
	gate_leave(&b->h->gate);
}

/* The port is for the next one; the connection of this is not cut. */
static void answered(struct heartbeat *h, const struct beat *kept)
{
	h->done = true;
	listener_stop(&h->listener);
	for (size_t i = 0; i < CALLS; i++)
		if (&h->beats[i] != kept)
			beat_end(&h->beats[i]);
	h->booted(h->arg);
}

/* The byte, or after it the end: the enclave has read the answer, or has gone.
 * A connection that is closed before that may take the answer with it. */
static void readable(void *arg, uint32_t events UNUSED)
{
	const unsigned char beat = HEARTBEAT_BYTE;
	struct beat *b = arg;
	unsigned char byte;
	ssize_t n = recv(b->fd, &byte, 1, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n != 1 || byte != beat ||
	    send(b->fd, &beat, 1, MSG_NOSIGNAL) != 1) {
		beat_end(b);
		return;
	}
	if (b->h->done)
		return;
	answered(b->h, b);
}

static uint32_t caller(int fd)
{
	struct sockaddr_vm peer = { .svm_cid = VMADDR_CID_ANY };
	socklen_t len = sizeof(peer);

	if (getpeername(fd, (struct sockaddr *)&peer, &len) < 0 ||
	    peer.svm_family != AF_VSOCK)
		return VMADDR_CID_ANY;
	return peer.svm_cid;
}

static void accepted(void *arg, int fd)
{
	struct heartbeat *h = arg;

	for (size_t i = 0; i < CALLS && caller(fd) == h->cid; i++) {
		struct beat *b = &h->beats[i];

		if (b->fd >= 0)
			continue;
		if (watch_start(&b->watch, h->loop, fd, EPOLLIN, readable,
				b) < 0)
			break;
		b->fd = fd;
		return;
	}
	close(fd);
	gate_leave(&h->gate);
}

/* 1: has the port, in h->fd; 0: somebody else has it. */
static int take_port(struct heartbeat *h, struct err *e)
{
	/* Any CID of ours: inits call the parent 3 or 2, and this keeps out
	 * nitro-cli, which has it as CID 3. */
	struct sockaddr_vm here = { .svm_family = AF_VSOCK,
				    .svm_cid = VMADDR_CID_ANY,
				    .svm_port = HEARTBEAT_PORT };
	AUTO_CLOSE int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC |
				   SOCK_NONBLOCK, 0);

	if (fd < 0 && (errno == EPERM || errno == EACCES))
		return err_set(e, ERR_SYS,
			       "not allowed to use vsock: docker's filter refuses it: start this container with '--security-opt seccomp=unconfined', or a profile of your own that allows AF_VSOCK");
	if (fd < 0 && errno == EAFNOSUPPORT)
		return err_set(e, ERR_SYS,
			       "this kernel has no vsock: run 'modprobe vsock'");
	if (fd < 0)
		return err_sys(e, "cannot make a vsock socket");
	if (bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0)
		return errno == EADDRINUSE ? 0 :
		       err_sys(e, "cannot bind vsock port %d", HEARTBEAT_PORT);
	if (listen(fd, CALLS) < 0)
		return errno == EADDRINUSE ? 0 :
		       err_sys(e, "cannot listen on vsock port %d",
			       HEARTBEAT_PORT);
	h->fd = steal_fd(&fd);
	return 1;
}

/* Whoever waits for signals by a descriptor has them blocked: a wait that does
 * not look at that descriptor sees them here. */
static bool is_told_to_stop(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 &&
	       (sigismember(&pending, SIGINT) == 1 ||
		sigismember(&pending, SIGTERM) == 1 ||
		sigismember(&pending, SIGHUP) == 1);
}

/* The port is the lock: it is free again when who has it is gone, however that
 * happens, and nitro-cli goes by it too. */
static int wait_for_port(struct heartbeat *h, uint64_t wait_ms, struct err *e)
{
	const struct timespec pause = { .tv_nsec = RETRY_MS * 1000000 };
	uint64_t until = clock_ticks() + wait_ms;
	bool told = false;

	for (;;) {
		int ret = take_port(h, e);

		if (ret != 0)
			return ret < 0 ? -1 : 0;
		if (clock_ticks() >= until)
			return err_set(e, ERR_SYS,
				       "another enclave has been starting for %llu seconds (vsock port %d is taken): wait for it, or end what starts it",
				       (unsigned long long)wait_ms / 1000,
				       HEARTBEAT_PORT);
		if (is_told_to_stop())
			return err_set(e, ERR_SYS,
				       "interrupted while another enclave was starting");
		if (!told)
			cli_note("another enclave is starting, waiting for it");
		told = true;
		nanosleep(&pause, NULL);
	}
}

struct heartbeat *heartbeat_listen(struct loop *l, uint64_t wait_ms,
				   struct err *e)
{
	struct heartbeat *h = xcalloc(1, sizeof(*h));

	h->loop = l;
	h->fd = -1;
	h->gate.max = CALLS;
	for (size_t i = 0; i < CALLS; i++)
		h->beats[i] = (struct beat){ .h = h, .fd = -1 };
	if (wait_for_port(h, wait_ms, e) < 0) {
		heartbeat_free(h);
		return NULL;
	}
	return h;
}

int heartbeat_answer(struct heartbeat *h, uint32_t cid,
		     void (*booted)(void *arg), void *arg, struct err *e)
{
	h->cid = cid;
	h->booted = booted;
	h->arg = arg;
	return listener_start(&h->listener, h->loop, steal_fd(&h->fd),
			      &h->gate, accepted, h, e);
}

void heartbeat_free(struct heartbeat *h)
{
	if (!h)
		return;
	if (h->fd >= 0)
		close(h->fd);
	listener_stop(&h->listener);
	for (size_t i = 0; i < CALLS; i++)
		beat_end(&h->beats[i]);
	free(h);
}
