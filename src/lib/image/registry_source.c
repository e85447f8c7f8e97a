/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registry_source.c - images from a registry
 *
 * OCI Distribution spec 1.1, "Pull": /v2/PATH/manifests/REF and
 * /v2/PATH/blobs/DIGEST.  Hostile: Docker-Content-Digest and Content-Length
 * are not looked at; what counts is the digest and size that we were told
 * before, and source.c compares.
 */
#include <stdio.h>
#include <string.h>

#include "base/xalloc.h"
#include "image/registry.h"
#include "image/source.h"

#define ACCEPT_MANIFESTS \
	OCI_INDEX ", " DOCKER_INDEX ", " OCI_MANIFEST ", " DOCKER_MANIFEST

struct registry_source {
	struct source	source;
	struct registry registry;
};

static int manifest(struct source *s, const struct descriptor *want,
		    struct buf *text, char type[MEDIA_TYPE_MAX], struct err *e)
{
	struct registry *r = &((struct registry_source *)s)->registry;
	struct http_request q = { .accept = ACCEPT_MANIFESTS };
	AUTO_FREE char *what = xasprintf("image '%s'", s->name);
	const char *hex = want ? want->hex : r->ref.hex;
	int ret;

	if (registry_connect(r, e) < 0)
		return -1;
	q.url = registry_url(r, "manifests/%s%s", *hex ? "sha256:" : "",
			     *hex ? hex : r->ref.tag);
	ret = registry_ask(r, &q, what, text, e);
	if (ret == 0 && q.status != 200)
		ret = registry_refused(r, &q, what, e);
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
		.url = registry_url(r, "blobs/sha256:%s", job->d->hex),
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

	if (http_again(q)) {
		AUTO_FREE char *note = xasprintf("%s: trying again",
						 job->what);

		progress_note(job->progress, note);
		blob_abort(&job->writer);	/* from its first byte on */
		job->writer.size = 0;
		return 1;
	}
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
	struct registry *r = &((struct registry_source *)s)->registry;
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
	struct registry_source *r = (struct registry_source *)s;

	registry_release(&r->registry);
	free(r);
}

static void needs(const struct source *s, struct sandbox *box)
{
	registry_needs(&((const struct registry_source *)s)->registry, box);
}

static const struct source_ops registry_ops = { manifest, blobs, registry_free,
						needs };

struct source *registry_open(const char *rest, const struct pull_options *o,
			     struct err *e)
{
	struct registry_source *r = xcalloc(1, sizeof(*r));

	r->source.ops = &registry_ops;
	r->source.options = o;
	if (registry_init(&r->registry, &o->remote, e) < 0 ||
	    ref_parse_name(rest, &r->registry.ref, e) < 0) {
		registry_free(&r->source);
		return NULL;
	}
	r->source.name = ref_name(&r->registry.ref);
	memcpy(r->source.pinned, r->registry.ref.hex,
	       sizeof(r->source.pinned));
	return &r->source;
}
