/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service.h - a small HTTP server on the enclave's loopback
 *
 * Requests come with the whole of their bodies and are answered at once or
 * later; the next one on a connection waits for that.
 */
#ifndef ODYN_SERVICE_H
#define ODYN_SERVICE_H

#include "base/list.h"
#include "enclave/listener.h"
#include "odyn/front.h"

struct service;

struct service_request {
	struct service	 *service;
	struct link	  link;
	struct front	  front;	/* front.head: the request's */
	struct http1_body body;
	struct buf	  content;	/* the body */
	/* Who answers later sets these: cancel(owner) when the client is gone
	 * before.  The request is gone then, too. */
	void		(*cancel)(void *owner);
	void		 *owner;
};

struct service {
	struct loop	*loop;
	struct gate	*gate;
	struct listener	 listener;
	struct link	*requests;
	size_t		 body_max;
	void	       (*asked)(void *arg, struct service_request *r);
	void		*arg;
};

/* Listens on 127.0.0.1.  asked(arg, r) is called for each request, and calls
 * service_answer() once for it.  Bodies of more than body_max bytes get a 413.
 * Connections are counted by g.  ERR_SYS. */
int service_start(struct service *s, struct loop *l, uint16_t port,
		  struct gate *g, size_t body_max,
		  void (*asked)(void *arg, struct service_request *r),
		  void *arg, struct err *e) MUST_CHECK;
/* Nothing happens when it was not started. */
void service_stop(struct service *s);

/* What is in the reply is copied. */
void service_answer(struct service_request *r, const struct http1_reply *reply);

#endif
