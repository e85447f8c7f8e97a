/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registry.c - a repository in a registry, and asking it something
 *
 * OCI Distribution spec 1.1.
 */
#include "image/registry.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/xalloc.h"

const char *registry_api_host(const struct ref *ref)
{
	return strcmp(ref->host, "docker.io") == 0 ? "registry-1.docker.io" :
						     ref->host;
}

/* Does a registry answer there?  1 yes, 0 try another scheme, -1. */
static int probe(struct registry *r, const char *scheme, struct err *e)
{
	struct http_request q = { .method = HTTP_GET };
	int ret;

	q.url = xasprintf("%s://%s/v2/", scheme, registry_api_host(&r->ref));
	if (http_run(r->http, &q, e) < 0)
		ret = q.failure == HTTP_FAILED ? -1 : 0;
	else	/* 400 is how Go says that this port wants TLS */
		ret = q.status != 400;
	if (ret == 0 && q.failure == HTTP_ANSWERED)
		registry_refused(r, &q, "API", e);
	http_request_release(&q);
	return ret;
}

/* Plain HTTP is for the loopback, and for those who ask for it. */
int registry_connect(struct registry *r, struct err *e)
{
	static const char *const both[][2] = { { "http", "https" },
					       { "https", "http" } };
	const struct remote_options *o = r->options;
	bool insecure = o->tls == TLS_INSECURE;
	int ret;

	if (r->scheme)
		return 0;
	if (!insecure && (o->tls == TLS_VERIFY || o->ca_file ||
			  !ref_is_loopback(&r->ref))) {
		r->scheme = "https";
		return 0;
	}
	for (int i = 0; i < 2; i++) {
		ret = probe(r, both[insecure][i], e);
		if (ret < 0)
			return -1;
		if (ret > 0) {
			r->scheme = both[insecure][i];
			return 0;
		}
	}
	return -1;
}

char *registry_url(const struct registry *r, const char *fmt, ...)
{
	AUTO_FREE char *last = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&last, fmt, ap);
	va_end(ap);
	if (n < 0)
		oom();
	return xasprintf("%s://%s/v2/%s/%s", r->scheme,
			 registry_api_host(&r->ref), r->ref.path, last);
}

struct text_sink {
	struct buf *text;
	const char *what;
};

static int on_text(void *ctx, const void *data, size_t len, struct err *e)
{
	struct text_sink *sink = ctx;

	if (buf_append(sink->text, data, len) < 0)
		return err_set(e, ERR_INPUT, "%s: what comes is larger than %zu bytes",
			       sink->what, sink->text->max);
	return 0;
}

int registry_ask(struct registry *r, struct http_request *q, const char *what,
		 struct buf *into, struct err *e)
{
	struct registry_try t = { .generation = r->generation };
	struct text_sink sink = { into, what };
	size_t before = into ? into->len : 0;
	int ret;

	q->authorization = &r->authorization;
	q->body = into ? on_text : NULL;
	q->ctx = &sink;
	for (;;) {
		if (into)
			into->len = before;
		ret = http_run(r->http, q, e);
		if (http_again(q))
			continue;
		if (ret < 0 || q->status != 401)
			return ret;
		if (registry_authorize(r, q, what, &t, e) < 0)
			return -1;
	}
}

int registry_init(struct registry *r, const struct remote_options *o,
		  struct err *e)
{
	*r = (struct registry)REGISTRY_INIT;
	r->options = o;
	r->policy.tls_verify = o->tls != TLS_INSECURE;
	r->policy.ca_file = o->ca_file;
	r->policy.jobs = o->jobs;
	r->http = http_new(&r->policy, e);
	return r->http ? 0 : -1;
}

void registry_needs(const struct registry *r, struct sandbox *s)
{
	http_needs(s);
	auth_needs(r->options->authfile, s);
}

void registry_release(struct registry *r)
{
	http_free(r->http);
	auth_release(&r->auth);
	secret_free(r->authorization);
	free(r->mount);
}
