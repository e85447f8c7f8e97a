/* SPDX-License-Identifier: Apache-2.0 */
/*
 * channel.c - a port of the enclave that is read, as soon as it is there
 */
#include "enc-run/channel.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

#define CALL_MS	 2000	/* a call that a booting enclave has missed */
#define AGAIN_MS 20	/* one that was refused */
#define CHUNK	 16384

static void call(void *arg);

static void call_again(struct channel *c, uint64_t ms)
{
	timer_start(&c->timer, c->loop, ms, call, c);
}

static void missed(void *arg)
{
	struct channel *c = arg;

	vsock_hang_up(c->call);
	c->call = NULL;
	call(c);
}

static void end(struct channel *c)
{
	void (*ended)(void *arg) = c->ended;
	void *arg = c->arg;

	channel_close(c);
	ended(arg);
}

static void readable(void *arg, uint32_t events)
{
	struct channel *c = arg;
	char data[CHUNK];
	ssize_t n = recv(c->fd, data, sizeof(data), 0);

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		end(c);
	else
		c->data(c->arg, data, (size_t)n);
}

static void answered(void *arg, int fd)
{
	struct channel *c = arg;

	c->call = NULL;
	timer_stop(&c->timer);
	if (fd >= 0 && watch_start(&c->watch, c->loop, fd,
				   c->paused ? 0 : EPOLLIN, readable, c) < 0)
		close(steal_fd(&fd));
	c->fd = fd;
	if (fd < 0)
		call_again(c, AGAIN_MS);
	else if (c->opened)
		c->opened(c->arg);
}

static void call(void *arg)
{
	struct channel *c = arg;

	c->call = vsock_call(c->vsock, c->port, answered, c);
	timer_start(&c->timer, c->loop, CALL_MS, missed, c);
}

void channel_open(struct channel *c, struct loop *l, struct vsock *v,
		  uint32_t port,
		  void (*data)(void *arg, const char *data, size_t len),
		  void (*ended)(void *arg), void *arg)
{
	*c = (struct channel){ .loop = l, .vsock = v, .port = port, .fd = -1,
			       .data = data, .ended = ended, .arg = arg };
	call(c);
}

void channel_pause(struct channel *c, bool pause)
{
	c->paused = pause;
	if (c->fd >= 0)
		watch_set(&c->watch, pause ? 0 : EPOLLIN);
}

bool channel_is_open(const struct channel *c)
{
	return c->fd >= 0 || c->call || c->timer.loop;
}

void channel_close(struct channel *c)
{
	timer_stop(&c->timer);
	if (c->call)
		vsock_hang_up(c->call);
	c->call = NULL;
	watch_stop(&c->watch);
	if (c->fd >= 0)
		close(steal_fd(&c->fd));
}
