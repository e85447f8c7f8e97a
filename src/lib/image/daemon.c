/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon.c - the docker daemon: which one it is, and talking to it
 *
 * Trust: the environment and docker's configuration are the user's own; what
 * the daemon answers is not believed, and quoted with its control characters
 * replaced (cli.c).
 */
#include "image/daemon.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/xalloc.h"
#include "image/docker_context.h"

#define DEFAULT_SOCKET "/var/run/docker.sock"

void daemon_release(struct daemon *d)
{
	http_free(d->http);
	free(d->where);
	free(d->url);
	free(d->socket);
	free(d->ca);
	free(d->cert);
	free(d->key);
	*d = (struct daemon)DAEMON_INIT;
}

/* Asks the socket itself: libcurl would not say why it cannot connect. */
static int try_socket(const struct daemon *d, struct err *e)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t len = strlen(d->socket);

	if (fd < 0)
		return err_sys(e, "cannot make a socket");
	if (len >= sizeof(to.sun_path))
		return err_set(e, ERR_INPUT,
			       "the path of the docker daemon's socket, '%s', is longer than %zu bytes",
			       d->socket, sizeof(to.sun_path) - 1);
	memcpy(to.sun_path, d->socket, len);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return 0;
	switch (errno) {
	case EACCES:
	case EPERM:
		return err_set(e, ERR_SYS,
			       "no permission for the docker daemon at '%s': join the group docker, or set DOCKER_HOST to the socket of a rootless daemon",
			       d->where);
	case ENOENT:
	case ENOTDIR:
		return err_set(e, ERR_NO,
			       "no docker daemon at '%s': start it, or set DOCKER_HOST to the socket of another (rootless docker, podman system service)",
			       d->where);
	case ECONNREFUSED:
		return err_set(e, ERR_NO,
			       "no docker daemon listens at '%s': is it running?",
			       d->where);
	default:
		return err_sys(e, "cannot connect to the docker daemon at '%s'",
			       d->where);
	}
}

/* HOST[:PORT][/PATH] of a daemon on the network. */
static int take_network(struct daemon *d, const char *rest, bool tls,
			struct err *e)
{
	size_t len = strcspn(rest, "/");
	const char *bracket = memchr(rest, ']', len);
	const char *colon = memchr(bracket ? bracket : rest, ':',
				   len - (size_t)(bracket ? bracket - rest : 0));
	size_t path = strlen(rest);

	while (path > len && rest[path - 1] == '/')
		path--;
	d->url = xasprintf("%s://%s%.*s%s%.*s", tls ? "https" : "http",
			   len == 0 || colon == rest ? "localhost" : "",
			   (int)len, rest, colon ? "" : tls ? ":2376" : ":2375",
			   (int)(path - len), rest + len);
	if (!http_url_ok(d->url, false))
		return err_set(e, ERR_INPUT,
			       "docker host '%s' is not tcp://HOST[:PORT]",
			       d->where);
	return 0;
}

static int take_host(struct daemon *d, const struct docker_endpoint *p,
		     struct err *e)
{
	const char *host = p->host ? p->host : "unix://" DEFAULT_SOCKET;
	const char *mark = strstr(host, "://");

	d->where = xstrdup(host);
	d->ca = p->tls && p->ca ? xstrdup(p->ca) : NULL;
	d->cert = p->tls && p->cert ? xstrdup(p->cert) : NULL;
	d->key = p->tls && p->key ? xstrdup(p->key) : NULL;
	if (!mark && (host[0] == '/' || host[0] == '.'))
		return err_set(e, ERR_INPUT,
			       "docker host '%s' is a path: put unix:// before it",
			       host);
	if (!mark)
		return take_network(d, host, p->tls, e);
	if (strncmp(host, "tcp://", 6) == 0)
		return take_network(d, mark + 3, p->tls, e);
	if (strncmp(host, "unix://", 7) == 0) {
		d->socket = xstrdup(mark[3] ? mark + 3 : DEFAULT_SOCKET);
		d->url = xstrdup("http://localhost");
		return try_socket(d, e);
	}
	if (strncmp(host, "ssh://", 6) == 0)
		return err_set(e, ERR_REMOTE,
			       "docker host '%s' is reached by ssh, which only docker itself does: forward its socket (ssh -nNT -L /tmp/d.sock:" DEFAULT_SOCKET " %s) and set DOCKER_HOST=unix:///tmp/d.sock",
			       host, mark + 3);
	return err_set(e, ERR_INPUT,
		       "docker host '%s' begins neither with unix:// nor with tcp://",
		       host);
}

int daemon_open(struct daemon *d, struct err *e)
{
	AUTO(docker_endpoint_release) struct docker_endpoint p = { 0 };

	if (docker_endpoint_find(&p, e) < 0)
		return -1;
	if (take_host(d, &p, e) < 0)
		return p.from ? err_wrap(e, "%s", p.from) : -1;
	d->policy = (struct http_policy){
		.tls_verify = p.verify,
		.ca_file = d->ca,
		.cert_file = d->cert,
		.key_file = d->key,
		.socket = d->socket,
		.daemon = true,
		.jobs = 1,
	};
	d->http = http_new(&d->policy, e);
	return d->http ? 0 : -1;
}

void daemon_needs(const struct daemon *d, struct sandbox *s)
{
	if (d->socket) {
		sandbox_network(s, SANDBOX_UNIX);
		return;
	}
	http_needs(s);
	sandbox_read(s, d->cert);
	sandbox_read(s, d->key);
}

int daemon_refused(const struct daemon *d, const struct http_request *q,
		   const char *what, struct err *e)
{
	struct err ignored;
	AUTO_JSON json_t *j = json_parse_object(q->error, strlen(q->error), "",
						&ignored);
	const char *reason = json_str(j, "message");

	if (q->status == 404)
		return err_set(e, ERR_NO,
			       "%s: the docker daemon at '%s' does not have it: docker pull or docker build it first",
			       what, d->where);
	return err_set(e, ERR_REMOTE, "%s: the docker daemon at '%s' says %ld%s%.*s",
		       what, d->where, q->status, reason ? ": " : "",
		       DAEMON_REASON_MAX, reason ? reason : "");
}

int daemon_lost(const struct daemon *d, const struct http_request *q,
		const char *what, struct err *e)
{
	*e = q->err;
	if (q->failure == HTTP_REFUSED)
		return err_set(e, ERR_NO,
			       "no docker daemon listens at '%s': is it running?",
			       d->where);
	if (e->class == ERR_REMOTE)
		return err_wrap(e, "%s: docker daemon at '%s'", what, d->where);
	return -1;
}

int daemon_get(struct daemon *d, const char *path, const char *what,
	       http_body_fn *body, void *ctx, struct err *e)
{
	struct http_request q = { .body = body, .ctx = ctx };
	struct err ignored;
	int ret = 0;

	q.url = xasprintf("%s%s", d->url, path);
	if (http_run(d->http, &q, &ignored) < 0)
		ret = daemon_lost(d, &q, what, e);
	else if (q.status != 200)
		ret = daemon_refused(d, &q, what, e);
	http_request_release(&q);
	return ret;
}
