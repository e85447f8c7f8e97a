/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest_ports.c - who listens on which port
 *
 * Three sets: TCP on the enclave's loopback (where the application listens on
 * its ingress ports), vsock in the enclave, vsock on the parent.
 */
#include "enclave/manifest_parts.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/xalloc.h"

#define STOP_PORT      17003	/* contract of odyn: requests to stop */
#define HEARTBEAT_PORT 9000	/* Nitro's own: the boot heartbeat */
#define FIXED_LISTENERS 10

enum place { TCP = 1, VSOCK = 2, PARENT_VSOCK = 4 };

struct listener {
	const struct yaml_node *node;	/* NULL: a default or fixed */
	char name[48];
	uint16_t port;
	int places;
};

struct listeners {
	struct listener *items;
	size_t n;
};

static void release(struct listeners *l)
{
	free(l->items);
}

static void add(struct listeners *l, uint16_t port, int places,
		const struct yaml_node *node, const char *name)
{
	struct listener *it = &l->items[l->n];

	if (!port)
		return;
	it->node = node;
	it->port = port;
	it->places = places;
	snprintf(it->name, sizeof(it->name), "%s", name);
	l->n++;
}

/* The node at "section.field", or at "section" when the port is a default. */
static const struct yaml_node *find(const struct yaml_doc *doc,
				    const char *section, const char *field)
{
	const struct yaml_node *s = yaml_get(doc->root, section);
	const struct yaml_node *f = s && s->kind == YAML_MAPPING ?
					    yaml_get(s, field) : NULL;

	return f ? f : s;
}

static void collect(struct listeners *l, const struct yaml_doc *doc,
		    const struct manifest *m)
{
	const struct yaml_node *ingress = yaml_get(doc->root, "ingress");

	add(l, STOP_PORT, VSOCK, NULL, "the port for stop requests");
	add(l, HEARTBEAT_PORT, PARENT_VSOCK, NULL, "the boot heartbeat");
	add(l, m->status_port, VSOCK, find(doc, "vsock_ports", "status_port"),
	    "vsock_ports.status_port");
	add(l, m->app_log_port, VSOCK, find(doc, "vsock_ports", "app_log_port"),
	    "vsock_ports.app_log_port");
	add(l, m->http_egress_port, PARENT_VSOCK,
	    find(doc, "vsock_ports", "http_egress_port"),
	    "vsock_ports.http_egress_port");
	if (m->allow.n > 0)	/* otherwise nothing listens there */
		add(l, m->proxy_port, TCP, find(doc, "egress", "proxy_port"),
		    "egress.proxy_port");
	add(l, m->kms_port, TCP, find(doc, "kms_proxy", "listen_port"),
	    "kms_proxy.listen_port");
	add(l, m->api_port, TCP, find(doc, "api", "listen_port"),
	    "api.listen_port");
	add(l, m->aux_api_port, TCP, find(doc, "aux_api", "listen_port"),
	    "aux_api.listen_port");
	for (size_t i = 0; i < m->n_ingress; i++) {
		char name[48];

		snprintf(name, sizeof(name), "ingress[%zu].listen_port", i);
		add(l, m->ingress[i].listen_port, TCP | VSOCK,
		    yaml_get(ingress->items[i], "listen_port"), name);
	}
}

static bool later(const struct listener *a, const struct listener *b)
{
	if (!a->node || !b->node)
		return a->node != NULL;
	if (a->node->line != b->node->line)
		return a->node->line > b->node->line;
	return a->node->column > b->node->column;
}

static int collision(const struct yaml_doc *doc, const struct listener *a,
		     const struct listener *b, struct err *e)
{
	const struct listener *at = later(b, a) ? b : a;
	const struct listener *other = at == a ? b : a;

	return yaml_fault(doc, at->node ? at->node : doc->root, e,
			  "'%s' is %u, which is taken: %s%s%s", at->name,
			  at->port, other->node ? "'" : "", other->name,
			  other->node ? "'" : "");
}

int manifest_check_ports(const struct yaml_doc *doc, const struct manifest *m,
			 struct err *e)
{
	AUTO(release) struct listeners l = { 0 };

	l.items = xcalloc(m->n_ingress + FIXED_LISTENERS, sizeof(*l.items));
	collect(&l, doc, m);
	for (size_t i = 0; i < l.n; i++)
		for (size_t j = 0; j < i; j++)
			if (l.items[i].port == l.items[j].port &&
			    (l.items[i].places & l.items[j].places))
				return collision(doc, &l.items[i],
						 &l.items[j], e);
	return 0;
}
