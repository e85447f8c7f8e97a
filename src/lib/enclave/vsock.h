/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vsock.h - what goes between an enclave and its parent, by port
 *
 * vsock(7), or UNIX sockets in its place, as Firecracker's and vhost-user's
 * "hybrid vsock" have it.  With P the path of a UNIX socket:
 *
 *   - the host connects to P, writes "CONNECT PORT\n" and reads
 *     "OK NUMBER\n"; then it talks to what listens on that port in the
 *     enclave.  A connection that is closed instead found nobody;
 *   - the enclave's connection to a port of the parent arrives at the UNIX
 *     socket P_PORT.
 *
 * With a path the enclave's side does here what a virtual machine monitor does
 * between the two: it listens on P itself.  So whoever talks to an enclave over
 * hybrid vsock cannot tell it from one that runs as an ordinary process.
 *
 * Both sides listen and call by the same two functions; each means the other
 * side's ports when it calls, and its own when it listens.
 */
#ifndef ENC_VSOCK_H
#define ENC_VSOCK_H

#include "enclave/listener.h"
#include "enclave/loop.h"

struct vsock;
struct vsock_call;

/* The enclave's side; path is P, or NULL for AF_VSOCK.  A socket that is in the
 * way at P is replaced.  Returns new, or NULL (ERR_SYS; ERR_USAGE for a path
 * that is too long). */
struct vsock *vsock_enclave(struct loop *l, const char *path, struct err *e)
	MUST_CHECK;
/* The host's side of one enclave, path being its P, or NULL: then it is the one
 * with that CID, and connections from others are closed when they come.
 * Returns new. */
struct vsock *vsock_host(struct loop *l, const char *path, uint32_t cid);
/* Listeners are stopped and calls are over by then.  Sockets that this side
 * made are removed. */
void vsock_free(struct vsock *v);

/* Starts l on a port of ours; listener.h says what becomes of the connections.
 * With an enclave's hybrid sockets one that finds the gate full is closed.  A
 * host's socket P_PORT that is in the way is replaced when nobody listens on it
 * any more.  ERR_SYS; a port that somebody else has is errno EADDRINUSE. */
int vsock_listen(struct vsock *v, uint32_t port, struct listener *l,
		 struct gate *g, void (*accepted)(void *arg, int fd),
		 void *arg, struct err *e) MUST_CHECK;

/* Calls a port of the other side.  done(arg, fd) comes once, never before this
 * has returned, and after five seconds at the latest: a connected descriptor,
 * non-blocking, that the callee owns, or -1 with errno; ECONNREFUSED or
 * ECONNRESET when nobody listens, ETIMEDOUT, EPROTO when what is behind P speaks
 * something else.  The host calls the enclave.  The parent is called as CID 3
 * (AWS's init does) and as CID 2 (VMADDR_CID_HOST) at once; the one that answers
 * first is kept and called first from then on.  The call frees itself when
 * done; the caller may hang up before that. */
struct vsock_call *vsock_call(struct vsock *v, uint32_t port,
			      void (*done)(void *arg, int fd), void *arg);
void vsock_hang_up(struct vsock_call *c);

#endif
