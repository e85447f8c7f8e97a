/* SPDX-License-Identifier: Apache-2.0 */
/*
 * publish.h - ports of this host: listening on them
 */
#ifndef RUN_PUBLISH_H
#define RUN_PUBLISH_H

#include "enc-run/proxies.h"

/* A socket that listens there, by IPv4 and IPv6 where the address is not given;
 * -1 (ERR_SYS). */
int publish_listen(const struct publish *p, struct err *e) MUST_CHECK;

#endif
