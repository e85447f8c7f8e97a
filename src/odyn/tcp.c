/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tcp.c - what listens on the enclave's own loopback
 */
#include "odyn/tcp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/cleanup.h"

int tcp_listen(struct listener *l, struct loop *loop, uint16_t port,
	       struct gate *g, void (*accepted)(void *arg, int fd), void *arg,
	       struct err *e)
{
	static const int on = 1;
	struct sockaddr_in here = { .sin_family = AF_INET,
				    .sin_port = htons(port) };
	AUTO_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC |
				   SOCK_NONBLOCK, 0);

	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0 ||
	    listen(fd, SOMAXCONN) < 0)
		return err_sys(e, "cannot listen on 127.0.0.1 port %u", port);
	return listener_start(l, loop, steal_fd(&fd), g, accepted, arg, e);
}
