/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.h - how the application is, one line of JSON for each change
 *
 * Every reader of the port gets the line that holds now, and each that comes:
 *
 *   {"status":"running"}
 *   {"status":"exited","code":N}
 *   {"status":"signaled","signal":N}
 *   {"status":"fatal","error":"…"}
 *
 * The last three are final, and one of them comes.  A line is less than 1024
 * bytes: what Enclaver's enclaver-run takes.
 */
#ifndef ODYN_STATUS_H
#define ODYN_STATUS_H

#include <stdbool.h>

#include "enclave/vsock.h"

struct status;

/* changed(arg) is called whenever status_is_read() may have become true.
 * Returns new, caller frees. */
struct status *status_new(struct loop *l, void (*changed)(void *arg),
			  void *arg);
void status_free(struct status *s);

/* Serves it on a port of the enclave.  ERR_SYS. */
int status_listen(struct status *s, struct vsock *v, uint32_t port,
		  struct err *e) MUST_CHECK;

void status_running(struct status *s);
void status_ended(struct status *s, int wait_status);	/* waitpid(2)'s */
void status_fatal(struct status *s, const char *error);

/* A reader has hung up after the final line. */
bool status_is_read(const struct status *s);

#endif
