/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vsock_parts.h - what the files of vsock share among themselves
 *
 * What the host's side alone does is in vsock_host.c and is called by pointers:
 * so it is not in odyn, and in nobody's PCR0.
 */
#ifndef ENC_VSOCK_PARTS_H
#define ENC_VSOCK_PARTS_H

#include <sys/un.h>

#include "enclave/vsock.h"

#define VSOCK_PEERS 2
#define VSOCK_LINE  32		/* "CONNECT 4294967295\n" */
#define VSOCK_CALL_MS 5000	/* the kernel itself gives up after two seconds */

struct vsock {
	struct loop *loop;
	uint32_t     peers[VSOCK_PEERS];	/* CIDs that a call goes to, at
						 * once; 0: none */
	uint32_t     peer;		/* the one that answered last; 0: none
					 * has */
	uint64_t     call_ms;		/* VSOCK_CALL_MS, but in tests */
	char	    *path;		/* P, or NULL for AF_VSOCK */
	struct link *listeners;		/* the enclave's, hybrid: by their ports */
	struct listener door;		/* the enclave's, hybrid: on P */
	struct gate door_gate;
	struct link *knocks;		/* those that have not said which port */
	uint32_t     last_number;

	/* The host's side; all NULL on the enclave's. */
	bool	   (*admits)(const struct listener *l, int fd);
	int	   (*listen_unix)(struct vsock *v, uint32_t port,
				  struct err *e);
	int	   (*connect_unix)(int fd, const struct sockaddr_un *to);
	void	   (*greet)(struct vsock_call *c, int fd);
	void	   (*release)(struct vsock *v);
	uint32_t    *bound;		/* ports whose sockets P_PORT are ours */
	size_t	     n_bound;
};

struct vsock_attempt {
	struct vsock_call *call;
	struct watch watch;
	uint32_t     cid;
	int	     fd;		/* -1: not under way */
};

struct vsock_call {
	struct vsock *v;
	uint32_t      port;
	uint64_t      deadline;
	struct timer  timer;
	struct vsock_attempt attempts[VSOCK_PEERS];
	char	      line[VSOCK_LINE];	/* greet(): of the answer */
	size_t	      len;
	void	    (*done)(void *arg, int fd);
	void	     *arg;
};

/* The address of P (port 0) or of P_PORT; ERR_USAGE when it is too long. */
int vsock_unix_address(const char *path, uint32_t port,
		       struct sockaddr_un *out, struct err *e) MUST_CHECK;

/* Reads on in a line that has *len bytes so far, and not a byte of what may
 * follow it: 1 when it is whole (with '\n' and a NUL), 0 when more is wanted,
 * -1 with errno; 0 is the end of what the peer sends, EPROTO a line that is
 * too long. */
int vsock_read_line(int fd, char line[VSOCK_LINE], size_t *len) MUST_CHECK;

/* Listens on v->path and hands over who names the port of a listener. */
int vsock_door_open(struct vsock *v, struct err *e) MUST_CHECK;
void vsock_door_close(struct vsock *v);

/* The call is over, and gone when its done() is called. */
void vsock_call_finish(struct vsock_call *c, int fd, int fault);

#endif
