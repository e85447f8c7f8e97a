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

struct vsock *vsock_enclave(struct loop *l, const char *path, struct err *e)
{
	struct vsock *v = xcalloc(1, sizeof(*v));

	v->loop = l;
	v->path = path ? xstrdup(path) : NULL;
	v->door.fd = -1;
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
	if (v->path)
		vsock_door_close(v);
	free(v->path);
	free(v);
}

int vsock_listen(struct vsock *v, uint32_t port, struct listener *l,
		 struct gate *g, void (*accepted)(void *arg, int fd),
		 void *arg, struct err *e)
{
	struct sockaddr_vm here = { .svm_family = AF_VSOCK,
				    .svm_cid = VMADDR_CID_ANY,
				    .svm_port = port };
	AUTO_CLOSE int fd = -1;

	if (v->path) {
		listener_init(l, g, accepted, arg);
		l->port = port;
		list_add(&v->listeners, &l->by_port, l);
		return 0;
	}
	fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0 ||
	    listen(fd, SOMAXCONN) < 0)
		return err_sys(e, "cannot listen on vsock port %u", port);
	return listener_start(l, v->loop, steal_fd(&fd), g, accepted, arg, e);
}
