/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vsock_parts.h - what the files of vsock share among themselves
 */
#ifndef ENC_VSOCK_PARTS_H
#define ENC_VSOCK_PARTS_H

#include <sys/un.h>

#include "enclave/vsock.h"

struct vsock {
	struct loop *loop;
	uint32_t     parent;		/* the CID that answered last; 0: none
					 * has */
	char	    *path;		/* P, or NULL for AF_VSOCK */
	struct link *listeners;		/* hybrid: by their ports */
	struct listener door;		/* hybrid: on P */
	struct gate door_gate;
	struct link *knocks;		/* those that have not said which port */
	uint32_t     last_number;
};

/* The address of P (port 0) or of P_PORT; ERR_USAGE when it is too long. */
int vsock_unix_address(const char *path, uint32_t port,
		       struct sockaddr_un *out, struct err *e) MUST_CHECK;

/* Listens on v->path and hands over who names the port of a listener. */
int vsock_door_open(struct vsock *v, struct err *e) MUST_CHECK;
void vsock_door_close(struct vsock *v);

#endif
