/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls.h - TLS 1.2 and 1.3 over a stream, by OpenSSL; nowhere else
 *
 * RFC 8446 and, for peers that know no better, RFC 5246 with forward secrecy
 * and AEAD ciphers alone (RFC 9325 section 4.2).  No renegotiation, no
 * compression, and no session kept in memory: a ticket holds it all.  No
 * configuration file of OpenSSL is read.  The program blocks or ignores
 * SIGPIPE.
 */
#ifndef ENC_TLS_H
#define ENC_TLS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "enclave/stream.h"

struct tls;

/* A server with its certificate chain, leaf first, and its key, both in PEM,
 * the key without a passphrase.  They are read here and their fit is checked.
 * Returns new, or NULL: ERR_SYS when a file cannot be opened, ERR_INPUT when
 * it is not what it should be.  The caller frees it when no stream is left. */
struct tls *tls_server(const char *cert_file, const char *key_file,
		       struct err *e) MUST_CHECK;
/* A client that trusts the certificates in the text (PEM) as roots, and no
 * others.  NULL and ERR_INPUT when there is none or one is malformed. */
struct tls *tls_client(const char *roots, size_t len, struct err *e)
	MUST_CHECK;
void tls_free(struct tls *t);

/* -1: the certificate is not valid yet, 1: it has expired, 0: it is valid at
 * this time. */
int tls_validity(const struct tls *t, int64_t now);

/* A stream over fd, a connected socket, which is the stream's from now on,
 * also on failure (-1: out of memory).  Nothing is read or written yet. */
int tls_accept(const struct tls *t, struct stream *s, int fd) MUST_CHECK;

/* The same for a client, to a server that must prove to be that: the name of a
 * host, or an address. */
int tls_connect(const struct tls *t, struct stream *s, int fd,
		const char *name) MUST_CHECK;
/* Why its handshake failed, as far as the server's certificate is at fault:
 * borrowed, or NULL. */
const char *tls_distrust(const struct stream *s);

/* Goes on with the handshake, which must be over before anything is read or
 * written: 1 when it is, 0 when it waits for s->read_wants, -1 when it failed
 * (the stream is still to be released), with EPROTO when what came is no TLS. */
int tls_handshake(struct stream *s) MUST_CHECK;

#endif
