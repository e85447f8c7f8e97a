/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connect.h - a TCP connection to one of several addresses
 *
 * RFC 8305, "Happy Eyeballs": families in turn, the next address when one has
 * not answered for a quarter of a second or has failed; the first that answers
 * is kept.
 */
#ifndef RUN_CONNECT_H
#define RUN_CONNECT_H

#include "enc-run/address.h"
#include "enclave/loop.h"

#define CONNECT_STAGGER_MS 250		/* RFC 8305 section 8 */

struct connector;

/* What the host decides for each TCP connection that is passed on: no waiting
 * for more bytes, and a peer that is gone for hours is noticed. */
void connect_tune(int fd);

/* done(arg, fd) comes once, from the loop and never before this has returned,
 * within patience milliseconds: a connected descriptor, non-blocking, that the
 * callee owns, or -1 with errno.  The connector is gone then; until then it can
 * be cancelled. */
struct connector *connect_start(struct loop *l, const struct addresses *to,
				uint16_t port, uint64_t patience,
				void (*done)(void *arg, int fd), void *arg);
void connect_cancel(struct connector *c);

#endif
