/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tcp.h - what listens on the enclave's own loopback
 */
#ifndef ODYN_TCP_H
#define ODYN_TCP_H

#include "enclave/listener.h"

/* Listens on 127.0.0.1; otherwise as listener_start().  ERR_SYS. */
int tcp_listen(struct listener *l, struct loop *loop, uint16_t port,
	       struct gate *g, void (*accepted)(void *arg, int fd), void *arg,
	       struct err *e) MUST_CHECK;

#endif
