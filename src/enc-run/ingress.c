/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ingress.c - connections to ports of this host, each to the enclave
 *
 * They are bound before the enclave is started, which takes long, and may not
 * be possible.  Until its port listens who connects is cut off: he would wait
 * longer than it takes him to come again.
 */
#include "enc-run/proxies.h"

#include "base/cleanup.h"
#include "base/list.h"
#include "base/xalloc.h"
#include "enc-run/connect.h"
#include "enc-run/publish.h"

struct entry {
	struct ingress *ingress;
	uint16_t	port;		/* of the enclave */
	int		fd;		/* until the start */
	struct listener listener;
};

/* Who has come, and waits for the enclave to take the call. */
struct arrival {
	struct ingress	  *ingress;
	struct link	   link;
	struct stream	   stream;
	struct vsock_call *call;
};

struct ingress {
	struct loop   *loop;
	struct vsock  *vsock;
	struct relays *relays;
	struct gate   *gate;
	struct link   *arrivals;
	size_t	       n;
	struct entry   entries[];
};

/* The stream is the caller's afterwards. */
static struct stream arrival_free(struct arrival *a)
{
	struct stream s = a->stream;

	if (a->call)
		vsock_hang_up(a->call);
	list_remove(&a->link);
	free(a);
	return s;
}

static void ended(void *arg)
{
	gate_leave(arg);
}

static void called(void *arg, int fd)
{
	struct arrival *a = arg;
	struct ingress *in = a->ingress;
	struct stream client, enclave;

	a->call = NULL;
	client = arrival_free(a);
	if (fd < 0) {
		/* Not an end, which could be taken for an empty answer. */
		stream_abort(&client);
		gate_leave(in->gate);
		return;
	}
	stream_init_plain(&enclave, fd);
	if (relay_start(in->relays, &client, &enclave, NULL, 0, ended,
			in->gate) < 0)
		gate_leave(in->gate);
}

static void accepted(void *arg, int fd)
{
	struct entry *en = arg;
	struct ingress *in = en->ingress;
	struct arrival *a = xcalloc(1, sizeof(*a));

	connect_tune(fd);
	a->ingress = in;
	stream_init_plain(&a->stream, fd);
	list_add(&in->arrivals, &a->link, a);
	a->call = vsock_call(in->vsock, en->port, called, a);
}

struct ingress *ingress_open(struct loop *l, const struct publish *all,
			     size_t n, struct err *e)
{
	struct ingress *in = xcalloc(1, sizeof(*in) +
				     n * sizeof(*in->entries));

	in->loop = l;
	for (in->n = 0; in->n < n; in->n++) {
		struct entry *en = &in->entries[in->n];

		en->ingress = in;
		en->port = all[in->n].enclave;
		en->fd = publish_listen(&all[in->n], e);
		if (en->fd < 0) {
			ingress_free(in);
			return NULL;
		}
	}
	return in;
}

int ingress_start(struct ingress *in, struct vsock *v, struct relays *rs,
		  struct gate *g, struct err *e)
{
	in->vsock = v;
	in->relays = rs;
	in->gate = g;
	for (size_t i = 0; i < in->n; i++) {
		struct entry *en = &in->entries[i];

		if (listener_start(&en->listener, in->loop,
				   steal_fd(&en->fd), g, accepted, en, e) < 0)
			return -1;
	}
	return 0;
}

void ingress_free(struct ingress *in)
{
	if (!in)
		return;
	while (in->arrivals) {
		struct stream s = arrival_free(in->arrivals->owner);

		stream_abort(&s);
		gate_leave(in->gate);
	}
	for (size_t i = 0; i < in->n; i++) {
		if (in->entries[i].fd >= 0)
			close(in->entries[i].fd);
		listener_stop(&in->entries[i].listener);
	}
	free(in);
}
