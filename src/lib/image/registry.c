/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registry.c - images from a registry
 *
 * OCI Distribution spec 1.1, "Pull": /v2/PATH/manifests/REF and
 * /v2/PATH/blobs/DIGEST.  Hostile: Docker-Content-Digest and Content-Length
 * are not looked at; what counts is the digest and size that we were told
 * before, and source.c compares.
 */
#include "image/registry.h"

#include <stdio.h>
#include <string.h>

#include "base/xalloc.h"

#define ACCEPT_MANIFESTS \
	OCI_INDEX ", " DOCKER_INDEX ", " OCI_MANIFEST ", " DOCKER_MANIFEST

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
static int choose_scheme(struct registry *r, struct err *e)
{
	static const char *const both[][2] = { { "http", "https" },
					       { "https", "http" } };
	const struct pull_options *o = r->source.options;
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

struct text_sink {
	struct buf *text;
	const char *name;
};

static int on_text(void *ctx, const void *data, size_t len, struct err *e)
{
	struct text_sink *sink = ctx;

	if (buf_append(sink->text, data, len) < 0)
		return err_set(e, ERR_INPUT,
			       "manifest of '%s' is larger than %zu bytes",
			       sink->name, sink->text->max);
	return 0;
}

/* The URL of what want names, or of what the user named. */
static char *manifest_url(const struct registry *r,
			  const struct descriptor *want)
{
	const char *hex = want ? want->hex : r->ref.hex;

	return xasprintf("%s://%s/v2/%s/manifests/%s%s", r->scheme,
			 registry_api_host(&r->ref), r->ref.path,
			 *hex ? "sha256:" : "", *hex ? hex : r->ref.tag);
}

static int get_manifest(struct registry *r, struct http_request *q,
			struct err *e)
{
	struct registry_try t = { .generation = r->generation };
	AUTO_FREE char *what = xasprintf("image '%s'", r->source.name);

	for (;;) {
		if (http_run(r->http, q, e) < 0)
			return -1;
		if (q->status == 200)
			return 0;
		if (q->status != 401)
			return registry_refused(r, q, what, e);
		if (registry_authorize(r, q, what, &t, e) < 0)
			return -1;
	}
}

static int manifest(struct source *s, const struct descriptor *want,
		    struct buf *text, char type[MEDIA_TYPE_MAX], struct err *e)
{
	struct registry *r = (struct registry *)s;
	struct text_sink sink = { text, s->name };
	struct http_request q = {
		.accept = ACCEPT_MANIFESTS,
		.authorization = &r->authorization,
		.body = on_text,
		.ctx = &sink,
	};
	int ret;

	if (choose_scheme(r, e) < 0)
		return -1;
	q.url = manifest_url(r, want);
	ret = get_manifest(r, &q, e);
	snprintf(type, MEDIA_TYPE_MAX, "%s", q.media_type);
	http_request_release(&q);
	return ret;
}

struct blob_job {
	struct http_request	 request;
	struct registry_try	 tries;
	struct blob_writer	 writer;
	struct store		*store;
	const struct descriptor *d;
	const char		*what;
	struct progress		*progress;
};

struct blob_batch {
	struct http_batch batch;
	struct registry	 *registry;
	struct blob_job	 *jobs;
	size_t		  n, started;
};

static int on_blob(void *ctx, const void *data, size_t len, struct err *e)
{
	struct blob_job *job = ctx;
	struct blob_writer *w = &job->writer;

	if (!w->digest && blob_begin(w, job->store, e) < 0)
		return -1;
	if (len > job->d->size - w->size)
		return err_set(e, ERR_VERIFY,
			       "%s is longer than the %ju bytes that were announced",
			       job->what, (uintmax_t)job->d->size);
	if (blob_write(w, data, len, e) < 0)
		return -1;
	if (w->size < job->d->size)	/* done is said when it is verified */
		progress_update(job->progress, job->what, w->size,
				job->d->size);
	return 0;
}

static struct http_request *next_blob(struct http_batch *batch)
{
	struct blob_batch *b = (struct blob_batch *)batch;
	struct registry *r = b->registry;
	struct blob_job *job;

	if (b->started == b->n)
		return NULL;
	job = &b->jobs[b->started++];
	job->tries.generation = r->generation;
	job->request = (struct http_request){
		.url = xasprintf("%s://%s/v2/%s/blobs/sha256:%s", r->scheme,
				 registry_api_host(&r->ref), r->ref.path,
				 job->d->hex),
		.authorization = &r->authorization,
		.body = on_blob,
		.ctx = job,
	};
	return &job->request;
}

static int finish_blob(struct blob_job *job, struct err *e)
{
	struct blob_writer *w = &job->writer;

	if (!w->digest && blob_begin(w, job->store, e) < 0)
		return -1;	/* nothing came, and perhaps that is right */
	if (blob_commit(w, job->d, job->what, e) < 0)
		return -1;
	progress_update(job->progress, job->what, job->d->size, job->d->size);
	http_request_release(&job->request);
	return 0;
}

static int blob_done(struct http_batch *batch, struct http_request *q,
		     struct err *e)
{
	struct blob_batch *b = (struct blob_batch *)batch;
	struct blob_job *job = q->ctx;

	if (q->failure != HTTP_ANSWERED) {
		*e = q->err;
		return e->class == ERR_REMOTE ? err_wrap(e, "%s", job->what) : -1;
	}
	if (q->status == 200)
		return finish_blob(job, e);
	if (q->status == 401)
		return registry_authorize(b->registry, q, job->what,
					  &job->tries, e);
	return registry_refused(b->registry, q, job->what, e);
}

static int blobs(struct source *s, struct store *store,
		 const struct descriptor *d, char *const *what, size_t n,
		 struct err *e)
{
	struct registry *r = (struct registry *)s;
	struct blob_batch b = { { next_blob, blob_done }, r, NULL, n, 0 };
	int ret;

	b.jobs = xcalloc(n, sizeof(*b.jobs));
	for (size_t i = 0; i < n; i++)
		b.jobs[i] = (struct blob_job){
			.writer = BLOB_WRITER_INIT,
			.store = store,
			.d = &d[i],
			.what = what[i],
			.progress = s->options->progress,
		};
	ret = http_run_batch(r->http, &b.batch, e);
	for (size_t i = 0; i < n; i++) {
		http_request_release(&b.jobs[i].request);
		blob_abort(&b.jobs[i].writer);
	}
	free(b.jobs);
	return ret;
}

static void registry_free(struct source *s)
{
	struct registry *r = (struct registry *)s;

	http_free(r->http);
	auth_release(&r->auth);
	secret_free(r->authorization);
	free(r);
}

static const struct source_ops registry_ops = { manifest, blobs,
						registry_free };

struct source *registry_open(const char *rest, const struct pull_options *o,
			     struct err *e)
{
	struct registry *r = xcalloc(1, sizeof(*r));

	r->source.ops = &registry_ops;
	r->source.options = o;
	r->auth = (struct auth)AUTH_INIT;
	r->policy.tls_verify = o->tls != TLS_INSECURE;
	r->policy.ca_file = o->ca_file;
	r->policy.jobs = o->jobs;
	if (ref_parse(rest, &r->ref, e) < 0 ||
	    !(r->http = http_new(&r->policy, e))) {
		registry_free(&r->source);
		return NULL;
	}
	r->source.name = ref_name(&r->ref);
	memcpy(r->source.pinned, r->ref.hex, sizeof(r->source.pinned));
	return &r->source;
}
