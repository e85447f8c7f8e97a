/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vsock.c - what goes between an enclave and its parent, by port: vsock(7)
 */
#include "enclave/vsock.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/vm_sockets.h>

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "enclave/vsock_parts.h"

int vsock_unix_address(const char *path, uint32_t port,
		       struct sockaddr_un *out, struct err *e)
{
	int n;

	memset(out, 0, sizeof(*out));
	out->sun_family = AF_UNIX;
	n = port ? snprintf(out->sun_path, sizeof(out->sun_path), "%s_%u",
			    path, port)
		 : snprintf(out->sun_path, sizeof(out->sun_path), "%s", path);
	if (n < 0 || (size_t)n >= sizeof(out->sun_path))
		return err_set(e, ERR_USAGE,
			       "the socket's path '%s' is longer than %zu bytes",
			       path, sizeof(out->sun_path) - 1);
	return 0;
}

int vsock_read_line(int fd, char line[VSOCK_LINE], size_t *len)
{
	char *from = line + *len, *nl;
	size_t room = VSOCK_LINE - 1 - *len;
	ssize_t n = recv(fd, from, room, MSG_PEEK);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	nl = n > 0 ? memchr(from, '\n', (size_t)n) : NULL;
	if (nl)
		n = nl + 1 - from;
	if (n > 0)
		n = recv(fd, from, (size_t)n, 0);
	if (n <= 0) {
		errno = n < 0 ? errno : 0;
		return -1;
	}
	*len += (size_t)n;
	line[*len] = '\0';
	if (nl)
		return 1;
	errno = EPROTO;
	return (size_t)n < room ? 0 : -1;
}

struct vsock *vsock_enclave(struct loop *l, const char *path, struct err *e)
{
	/* The parent: AWS's init calls 3, vsock(7) says 2. */
	static const uint32_t parents[VSOCK_PEERS] = { 3, VMADDR_CID_HOST };
	struct vsock *v = xcalloc(1, sizeof(*v));

	v->loop = l;
	v->call_ms = VSOCK_CALL_MS;
	v->path = path ? xstrdup(path) : NULL;
	v->door.fd = -1;
	memcpy(v->peers, parents, sizeof(v->peers));
	if (path && vsock_door_open(v, e) < 0) {
		vsock_free(v);
		return NULL;
	}
	return v;
}

void vsock_free(struct vsock *v)
{
	if (!v)
		return;
	if (v->release)
		v->release(v);
	else if (v->path)
		vsock_door_close(v);
	free(v->path);
	free(v);
}

static int listen_vsock(uint32_t port, struct err *e)
{
	struct sockaddr_vm here = { .svm_family = AF_VSOCK,
				    .svm_cid = VMADDR_CID_ANY,
				    .svm_port = port };
	AUTO_CLOSE int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC |
				   SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0 ||
	    listen(fd, SOMAXCONN) < 0)
		return err_sys(e, "cannot listen on vsock port %u", port);
	return steal_fd(&fd);
}

int vsock_listen(struct vsock *v, uint32_t port, struct listener *l,
		 struct gate *g, void (*accepted)(void *arg, int fd),
		 void *arg, struct err *e)
{
	int fd;

	if (v->path && !v->listen_unix) {
		listener_init(l, g, accepted, arg);
		l->port = port;
		list_add(&v->listeners, &l->by_port, l);
		return 0;
	}
	fd = v->path ? v->listen_unix(v, port, e) : listen_vsock(port, e);
	if (fd < 0 ||
	    listener_start(l, v->loop, fd, g, accepted, arg, e) < 0)
		return -1;
	if (!v->path && v->admits) {
		l->admits = v->admits;
		l->peer = v->peers[0];
	}
	return 0;
}
