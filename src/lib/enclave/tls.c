/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls.c - TLS 1.2 and 1.3 over a stream, by OpenSSL
 */
#include "enclave/tls.h"

#include <fcntl.h>
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/xalloc.h"

/* Forward secrecy and AEAD, for TLS 1.2; those of 1.3 are all like that. */
#define CIPHERS_12 "ECDHE+AESGCM:ECDHE+CHACHA20"

struct tls {
	SSL_CTX *ctx;
};

/* What OpenSSL says went wrong. */
static const char *reason(void)
{
	unsigned long code = ERR_peek_last_error();
	const char *text = code ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return text ? text : "no reason is given";
}

/* A key with a passphrase is an error, not a question on a terminal. */
static int no_passphrase(char *buf, int size, int rwflag, void *arg)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)arg;
	return -1;
}

static SSL_CTX *new_context(const SSL_METHOD *method)
{
	SSL_CTX *ctx;

	OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	ctx = SSL_CTX_new(method);
	if (!ctx || !SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) ||
	    !SSL_CTX_set_cipher_list(ctx, CIPHERS_12))
		oom();
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION |
			    SSL_OP_NO_COMPRESSION |
			    SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	/* The buffers of an idle connection go; what write() took of a part is
	 * said, and the rest may come from elsewhere. */
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS |
			 SSL_MODE_ENABLE_PARTIAL_WRITE |
			 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
	return ctx;
}

static int can_open(const char *path, struct err *e)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "cannot open '%s'", path) : 0;
}

static int load_pair(SSL_CTX *ctx, const char *cert, const char *key,
		     struct err *e)
{
	ERR_clear_error();
	if (can_open(cert, e) < 0 || can_open(key, e) < 0)
		return -1;
	if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
		return err_set(e, ERR_INPUT,
			       "'%s' is no certificate in PEM: %s", cert,
			       reason());
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(ctx) != 1)
		return err_set(e, ERR_INPUT,
			       "'%s' is no key in PEM for the certificate '%s': %s",
			       key, cert, reason());
	return 0;
}

struct tls *tls_server(const char *cert_file, const char *key_file,
		       struct err *e)
{
	struct tls *t = xcalloc(1, sizeof(*t));

	t->ctx = new_context(TLS_server_method());
	if (load_pair(t->ctx, cert_file, key_file, e) < 0) {
		tls_free(t);
		return NULL;
	}
	return t;
}

/* How many there were, or -1 when what follows them is malformed. */
static int add_roots(SSL_CTX *ctx, BIO *pem)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	X509 *cert;
	int n = 0;

	while ((cert = PEM_read_bio_X509(pem, NULL, no_passphrase, NULL))) {
		if (!X509_STORE_add_cert(store, cert))
			oom();
		X509_free(cert);
		n++;
	}
	/* No further "-----BEGIN" is how it ends. */
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		n = -1;
	ERR_clear_error();
	return n;
}

struct tls *tls_client(const char *roots, size_t len, struct err *e)
{
	BIO *pem = BIO_new_mem_buf(roots, (int)len);
	struct tls *t = xcalloc(1, sizeof(*t));
	int n;

	if (!pem)
		oom();
	t->ctx = new_context(TLS_client_method());
	SSL_CTX_set_verify(t->ctx, SSL_VERIFY_PEER, NULL);
	ERR_clear_error();
	n = add_roots(t->ctx, pem);
	BIO_free(pem);
	if (n <= 0) {
		err_set(e, ERR_INPUT, "no certificates in PEM, or malformed ones");
		tls_free(t);
		return NULL;
	}
	return t;
}

void tls_free(struct tls *t)
{
	if (!t)
		return;
	SSL_CTX_free(t->ctx);
	free(t);
}

int tls_validity(const struct tls *t, int64_t now)
{
	X509 *cert = SSL_CTX_get0_certificate(t->ctx);
	time_t at = (time_t)now;

	if (X509_cmp_time(X509_get0_notBefore(cert), &at) > 0)
		return -1;
	return X509_cmp_time(X509_get0_notAfter(cert), &at) < 0 ? 1 : 0;
}

/* -1 with errno for what a call of OpenSSL returned; with EAGAIN *wants is
 * what it waits for. */
static int failed(SSL *ssl, int ret, uint32_t *wants)
{
	switch (SSL_get_error(ssl, ret)) {
	case SSL_ERROR_WANT_READ:
		*wants = EPOLLIN;
		errno = EAGAIN;
		break;
	case SSL_ERROR_WANT_WRITE:
		*wants = EPOLLOUT;
		errno = EAGAIN;
		break;
	default:
		/* The system's own errno would do, but for 0 and EAGAIN. */
		errno = ECONNABORTED;
		break;
	}
	ERR_clear_error();
	return -1;
}

static ssize_t tls_read(struct stream *s, void *data, size_t size)
{
	SSL *ssl = s->state;
	size_t n;
	int ret = SSL_read_ex(ssl, data, size, &n);

	s->read_wants = EPOLLIN;
	if (ret > 0)
		return (ssize_t)n;
	if (SSL_get_error(ssl, ret) == SSL_ERROR_ZERO_RETURN)
		return 0;
	return failed(ssl, ret, &s->read_wants);
}

static ssize_t tls_write(struct stream *s, const void *data, size_t len)
{
	size_t n;
	int ret = SSL_write_ex(s->state, data, len, &n);

	s->write_wants = EPOLLOUT;
	return ret > 0 ? (ssize_t)n : failed(s->state, ret, &s->write_wants);
}

static int tls_shut(struct stream *s)
{
	int ret = SSL_shutdown(s->state);

	s->write_wants = EPOLLOUT;
	/* 0: said, and the peer has not said it yet. */
	return ret < 0 ? failed(s->state, ret, &s->write_wants)
		       : shutdown(s->fd, SHUT_WR);
}

static void tls_release(struct stream *s)
{
	SSL_free(s->state);
}

/* Over fd, which is closed when this fails: NULL. */
static SSL *start(const struct tls *t, struct stream *s, int fd)
{
	static const struct stream_ops ops = { tls_read, tls_write, tls_shut,
					       tls_release };
	SSL *ssl = SSL_new(t->ctx);

	if (!ssl || !SSL_set_fd(ssl, fd)) {
		SSL_free(ssl);
		close(fd);
		return NULL;
	}
	*s = (struct stream){ .ops = &ops, .fd = fd, .read_wants = EPOLLIN,
			      .write_wants = EPOLLOUT, .state = ssl };
	return ssl;
}

int tls_accept(const struct tls *t, struct stream *s, int fd)
{
	SSL *ssl = start(t, s, fd);

	if (!ssl)
		return -1;
	SSL_set_accept_state(ssl);
	return 0;
}

/* Who it must be (RFC 9525).  Addresses are not named to the server (RFC 6066
 * section 3). */
static int expect(SSL *ssl, const char *name)
{
	struct in6_addr addr;

	if (inet_pton(AF_INET, name, &addr) == 1 ||
	    inet_pton(AF_INET6, name, &addr) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl),
						     name);
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
			  X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	/* OpenSSL's macro takes the name without const and copies it. */
	return SSL_set1_host(ssl, name) &&
	       SSL_set_tlsext_host_name(ssl, (char *)(uintptr_t)name);
}

int tls_connect(const struct tls *t, struct stream *s, int fd,
		const char *name)
{
	SSL *ssl = start(t, s, fd);

	if (!ssl)
		return -1;
	if (!expect(ssl, name)) {
		ERR_clear_error();
		stream_release(s);
		return -1;
	}
	SSL_set_connect_state(ssl);
	return 0;
}

const char *tls_distrust(const struct stream *s)
{
	long why = SSL_get_verify_result(s->state);

	return why == X509_V_OK ? NULL : X509_verify_cert_error_string(why);
}

/* What OpenSSL says of a first record that is none. */
static bool not_tls(unsigned long code)
{
	int why = ERR_GET_REASON(code);

	return ERR_GET_LIB(code) == ERR_LIB_SSL &&
	       (why == SSL_R_HTTP_REQUEST || why == SSL_R_HTTPS_PROXY_REQUEST ||
		why == SSL_R_WRONG_VERSION_NUMBER);
}

int tls_handshake(struct stream *s)
{
	int ret = SSL_do_handshake(s->state);
	bool foreign = ret != 1 && not_tls(ERR_peek_error());

	s->read_wants = EPOLLIN;
	if (ret == 1)
		return 1;
	if (failed(s->state, ret, &s->read_wants) < 0 && errno == EAGAIN)
		return 0;
	if (foreign)
		errno = EPROTO;
	return -1;
}
