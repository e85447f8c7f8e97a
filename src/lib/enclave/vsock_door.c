/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vsock_door.c - hybrid vsock: who connects to P says which port he wants
 */
#include "enclave/vsock_parts.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/xalloc.h"

#define KNOCKS_MAX   256	/* that have not said which port */
#define KNOCK_MS     5000	/* until they must have */
#define FIRST_NUMBER (1u << 30)	/* as Firecracker counts */

struct knock {
	struct vsock *v;
	struct link   link;
	int	      fd;
	struct watch  watch;
	struct timer  timer;
	char	      line[VSOCK_LINE];
	size_t	      len;
};

/* Returns the descriptor, which is nobody's then. */
static int knock_end(struct knock *k)
{
	int fd = k->fd;

	watch_stop(&k->watch);
	timer_stop(&k->timer);
	list_remove(&k->link);
	gate_leave(&k->v->door_gate);
	free(k);
	return fd;
}

static void refuse(void *arg)
{
	close(knock_end(arg));
}

/* 0 when the line is not "CONNECT PORT\n". */
static uint32_t port_named(const char *line)
{
	static const char word[] = "CONNECT ";
	unsigned long port;
	char *end;

	if (strncmp(line, word, sizeof(word) - 1) != 0)
		return 0;
	line += sizeof(word) - 1;
	if (*line < '0' || *line > '9')
		return 0;
	port = strtoul(line, &end, 10);
	return *end == '\n' && port <= UINT32_MAX ? (uint32_t)port : 0;
}

static void let_in(struct knock *k)
{
	struct vsock *v = k->v;
	uint32_t port = port_named(k->line);
	struct link *l = v->listeners;
	char ok[VSOCK_LINE];
	int len, fd = knock_end(k);

	while (l && ((struct listener *)l->owner)->port != port)
		l = l->next;
	if (!l) {
		close(fd);
		return;
	}
	len = snprintf(ok, sizeof(ok), "OK %u\n", FIRST_NUMBER +
		       (v->last_number++ & (FIRST_NUMBER - 1)));
	/* The first bytes that are ever sent fit. */
	if (send(fd, ok, (size_t)len, MSG_NOSIGNAL) != len)
		close(fd);
	else
		listener_take(l->owner, fd);
}

static void read_line(void *arg, uint32_t events)
{
	struct knock *k = arg;
	int ret = vsock_read_line(k->fd, k->line, &k->len);

	(void)events;
	if (ret < 0)
		refuse(k);
	else if (ret > 0)
		let_in(k);
}

static void knocked(void *arg, int fd)
{
	struct vsock *v = arg;
	struct knock *k = xcalloc(1, sizeof(*k));

	k->v = v;
	k->fd = fd;
	list_add(&v->knocks, &k->link, k);
	timer_start(&k->timer, v->loop, KNOCK_MS, refuse, k);
	if (watch_start(&k->watch, v->loop, fd, EPOLLIN, read_line, k) < 0)
		refuse(k);
}

int vsock_door_open(struct vsock *v, struct err *e)
{
	struct sockaddr_un here;
	struct stat st;
	AUTO_CLOSE int fd = -1;

	if (vsock_unix_address(v->path, 0, &here, e) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (lstat(v->path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(v->path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0 ||
	    listen(fd, SOMAXCONN) < 0)
		return err_sys(e, "cannot listen on '%s'", v->path);
	v->door_gate.max = KNOCKS_MAX;
	return listener_start(&v->door, v->loop, steal_fd(&fd), &v->door_gate,
			      knocked, v, e);
}

void vsock_door_close(struct vsock *v)
{
	while (v->knocks)
		refuse(v->knocks->owner);
	if (v->door.fd >= 0) {
		listener_stop(&v->door);
		unlink(v->path);
	}
}
