/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nitro_console.c - what the kernel of an enclave in debug mode says
 */
#include "enc-run/nitro_console.h"

#include <sys/socket.h>		/* Linux 6.1's vm_sockets.h needs it */
#include <linux/vm_sockets.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/xalloc.h"
#include "cli/cli.h"

#define RETRY_MS 100
#define TRIES	 50		/* the hypervisor may be later than we are */
#define CHUNK	 16384

struct nitro_console {
	struct loop  *loop;
	struct watch  watch;
	struct timer  again;
	int	      fd;		/* -1: none */
	bool	      open;		/* connected */
	unsigned      tries;
	uint32_t      port;
	void	    (*fn)(void *arg, const char *data, size_t len);
	void	     *arg;
};

static void hang_up(struct nitro_console *c)
{
	watch_stop(&c->watch);
	if (c->fd >= 0)
		close(steal_fd(&c->fd));
	c->open = false;
}

static void attempt(void *arg);

static void not_now(struct nitro_console *c, int fault)
{
	hang_up(c);
	if (++c->tries < TRIES)
		timer_start(&c->again, c->loop, RETRY_MS, attempt, c);
	else
		cli_warn("the enclave's console does not answer: %s",
			 strerror(fault));
}

/* false when there is nothing more, now or for ever. */
static bool read_some(struct nitro_console *c)
{
	char data[CHUNK];
	ssize_t n = recv(c->fd, data, sizeof(data), 0);

	if (n > 0)
		c->fn(c->arg, data, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		hang_up(c);
	return n > 0;
}

static void ready(void *arg, uint32_t events UNUSED)
{
	struct nitro_console *c = arg;
	int fault;

	if (c->open) {
		read_some(c);
		return;
	}
	fault = io_connect_error(c->fd);
	if (fault) {
		not_now(c, fault);
		return;
	}
	c->open = true;
	watch_set(&c->watch, EPOLLIN);
}

static void attempt(void *arg)
{
	struct nitro_console *c = arg;
	struct sockaddr_vm to = { .svm_family = AF_VSOCK,
				  .svm_cid = VMADDR_CID_HYPERVISOR,
				  .svm_port = c->port };

	c->fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0 ||
	    (connect(c->fd, (struct sockaddr *)&to, sizeof(to)) < 0 &&
	     errno != EINPROGRESS) ||
	    watch_start(&c->watch, c->loop, c->fd, EPOLLOUT, ready, c) < 0)
		not_now(c, errno);
}

struct nitro_console *nitro_console_open(struct loop *l, uint32_t cid,
		void (*fn)(void *arg, const char *data, size_t len), void *arg)
{
	struct nitro_console *c = xcalloc(1, sizeof(*c));

	c->loop = l;
	c->fd = -1;
	c->port = CONSOLE_PORT + cid;
	c->fn = fn;
	c->arg = arg;
	attempt(c);
	return c;
}

void nitro_console_drain(struct nitro_console *c)
{
	while (c && c->open && read_some(c))
		;
}

void nitro_console_free(struct nitro_console *c)
{
	if (!c)
		return;
	timer_stop(&c->again);
	hang_up(c);
	free(c);
}
