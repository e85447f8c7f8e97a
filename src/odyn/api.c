/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api.c - the ports of the API
 *
 * The NSM is asked while everything else waits: a millisecond or so.
 */
#include "odyn/api.h"

#include "base/xalloc.h"
#include "enclave/api.h"

struct port {
	struct api_ports *all;
	enum api_port	  kind;
	struct service	  service;
};

struct api_ports {
	int nsm;
	struct port internal, auxiliary;
};

static void asked(void *arg, struct service_request *r)
{
	AUTO_API_REPLY struct api_reply a = API_REPLY_INIT;
	struct port *p = arg;
	struct http1_reply reply;

	api_answer(p->kind, r->front.head, r->content.data, r->content.len,
		   p->all->nsm, &a);
	reply = (struct http1_reply){ .status = a.status, .type = a.type,
				      .allow = a.allow, .body = a.body.data,
				      .len = a.body.len };
	service_answer(r, &reply);
}

/* Port 0 is off. */
static int listen_on(struct port *p, struct api_ports *all,
		     enum api_port kind, uint16_t port, struct loop *l,
		     struct gate *g, struct err *e)
{
	p->all = all;
	p->kind = kind;
	return port ? service_start(&p->service, l, port, g, API_BODY_MAX,
				    asked, p, e) : 0;
}

struct api_ports *api_start(struct loop *l, struct gate *g,
			    const struct manifest *m, int nsm, struct err *e)
{
	struct api_ports *a = xcalloc(1, sizeof(*a));

	a->nsm = nsm;
	if (listen_on(&a->internal, a, API_INTERNAL, m->api_port, l, g,
		      e) < 0 ||
	    listen_on(&a->auxiliary, a, API_AUXILIARY, m->aux_api_port, l, g,
		      e) < 0) {
		api_free(a);
		return NULL;
	}
	return a;
}

void api_free(struct api_ports *a)
{
	if (!a)
		return;
	service_stop(&a->internal.service);
	service_stop(&a->auxiliary.service);
	free(a);
}
