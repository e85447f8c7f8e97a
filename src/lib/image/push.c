/* SPDX-License-Identifier: Apache-2.0 */
/*
 * push.c - an image of a store goes to a registry
 *
 * Several blobs are on their way at once (upload.c); when all are there, the
 * manifest follows.
 */
#include "image/push.h"

#include <string.h>

#include "base/xalloc.h"
#include "image/upload.h"

#define WHAT_DIGITS 12

struct push_run {
	struct http_batch   batch;
	const struct image *img;
	struct registry	   *registry;
	struct progress	   *progress;
	struct upload	   *uploads;
	char		  **what;
	size_t		    n, begun;
};

static void run_release(struct push_run *run)
{
	for (size_t i = 0; i < run->n; i++) {
		upload_release(&run->uploads[i]);
		free(run->what[i]);
	}
	free(run->uploads);
	free(run->what);
}

static void add_blob(struct push_run *run, const struct descriptor *d,
		     const char *kind)
{
	for (size_t i = 0; i < run->n; i++)
		if (strcmp(run->uploads[i].d->hex, d->hex) == 0)
			return;
	run->what[run->n] = xasprintf("%s %.*s", kind, WHAT_DIGITS, d->hex);
	run->uploads[run->n] = (struct upload){
		.registry = run->registry,
		.store = &run->img->store,
		.d = d,
		.what = run->what[run->n],
		.progress = run->progress,
		.fd = -1,
	};
	run->n++;
}

/* What is missing here is not asked for there: half an image helps nobody. */
static int list_blobs(struct push_run *run, struct err *e)
{
	const struct manifest_doc *doc = &run->img->doc;

	run->uploads = xcalloc(doc->n_layers + 1, sizeof(*run->uploads));
	run->what = xcalloc(doc->n_layers + 1, sizeof(*run->what));
	add_blob(run, &doc->config, "config");
	for (size_t i = 0; i < doc->n_layers; i++)
		add_blob(run, &doc->layers[i], "layer");
	for (size_t i = 0; i < run->n; i++)
		if (!store_has(&run->img->store, run->uploads[i].d))
			return err_set(e, ERR_VERIFY,
				       "%s is not in '%s', or not whole: make the image again, or pull it",
				       run->what[i], run->img->store.dir);
	return 0;
}

/* Another repository of the registry that may have some of the blobs: where the
 * image comes from itself, or what it was built on. */
static void find_mount(struct push_run *run)
{
	const char *names[] = { run->img->path.name,
				image_annotation(run->img, OCI_BASE_NAME) };
	struct registry *r = run->registry;
	struct err ignored;
	struct ref ref;

	for (size_t i = 0; i < ARRAY_SIZE(names) && !r->mount; i++)
		if (names[i] && ref_parse(names[i], &ref, &ignored) == 0 &&
		    strcmp(ref.host, r->ref.host) == 0 &&
		    strcmp(ref.path, r->ref.path) != 0)
			r->mount = xstrdup(ref.path);
}

static struct http_request *next_blob(struct http_batch *b)
{
	struct push_run *run = (struct push_run *)b;

	return run->begun < run->n ? upload_begin(&run->uploads[run->begun++]) :
				     NULL;
}

static int blob_done(struct http_batch *b UNUSED, struct http_request *q,
		     struct err *e)
{
	return upload_next(q->ctx, e);
}

struct text {
	const char *data;
	size_t	    len;
};

static ssize_t on_text(void *ctx, uint64_t offset, void *data, size_t len,
		       struct err *e UNUSED)
{
	const struct text *t = ctx;
	size_t left = t->len - (size_t)offset;

	if (len > left)
		len = left;
	memcpy(data, t->data + offset, len);
	return (ssize_t)len;
}

static char *manifest_url(const struct push_run *run)
{
	const char *tag = run->registry->ref.tag;

	return registry_url(run->registry, "manifests/%s%s",
			    *tag ? "" : "sha256:",
			    *tag ? tag : run->img->desc.hex);
}

static int put_manifest(struct push_run *run, const struct buf *text,
			const char *what, struct err *e)
{
	const struct descriptor *d = &run->img->desc;
	struct text t = { text->data, text->len };
	struct http_upload body = {
		.read = on_text,
		.ctx = &t,
		.size = t.len,
		.type = d->media_type,
	};
	struct http_request q = {
		.url = manifest_url(run),
		.method = HTTP_PUT,
		.upload = &body,
	};
	int ret = registry_ask(run->registry, &q, what, NULL, e);

	if (ret == 0 && q.status != 201)
		ret = registry_refused(run->registry, &q, what, e);
	if (ret == 0)
		ret = upload_check_digest(run->registry, &q, d->hex, what, e);
	http_request_release(&q);
	return ret;
}

/* What it says it has, it gives back. */
static int confirm(struct push_run *run, const struct buf *text,
		   const char *what, struct err *e)
{
	AUTO_BUF struct buf got = BUF_INIT(MANIFEST_MAX);
	struct http_request q = {
		.url = manifest_url(run),
		.accept = run->img->desc.media_type,
	};
	char hex[SHA256_HEX];
	int ret = registry_ask(run->registry, &q, what, &got, e);

	if (ret == 0 && q.status != 200)
		ret = registry_refused(run->registry, &q, what, e);
	http_request_release(&q);
	if (ret < 0 || (got.len == text->len &&
			memcmp(got.data, text->data, got.len) == 0))
		return ret;
	sha256_hex(got.data ? got.data : "", got.len, hex);
	return err_set(e, ERR_VERIFY,
		       "registry '%s' gives 'sha256:%s' as %s, and 'sha256:%s' was pushed: did someone else push meanwhile?",
		       run->registry->ref.host, hex, what, run->img->desc.hex);
}

static int push_all(struct push_run *run, struct err *e)
{
	AUTO_BUF struct buf text = BUF_INIT(MANIFEST_MAX);
	AUTO_FREE char *name = ref_name(&run->registry->ref);
	AUTO_FREE char *what = xasprintf("image '%s'", name);

	if (store_read_blob(&run->img->store, &run->img->desc, &text, e) < 0 ||
	    list_blobs(run, e) < 0 ||
	    registry_connect(run->registry, e) < 0)
		return -1;
	find_mount(run);
	if (http_run_batch(run->registry->http, &run->batch, e) < 0 ||
	    put_manifest(run, &text, what, e) < 0)
		return -1;
	return confirm(run, &text, what, e);
}

static int check_name(const struct registry *r, const struct image *img,
		      const char *name, struct err *e)
{
	if (r->ref.hex[0] && strcmp(r->ref.hex, img->desc.hex) != 0)
		return err_set(e, ERR_USAGE,
			       "'%s' has another digest than the image, 'sha256:%s'",
			       name, img->desc.hex);
	return 0;
}

static void report(const struct push_run *run, struct push *p)
{
	const struct ref *ref = &p->registry.ref;

	p->name = ref_name(ref);
	p->pinned = xasprintf("%s/%s@sha256:%s", ref->host, ref->path,
			      run->img->desc.hex);
	p->blobs = xcalloc(run->n, sizeof(*p->blobs));
	for (p->n = 0; p->n < run->n; p->n++)
		p->blobs[p->n] = (struct push_blob){ run->uploads[p->n].d,
						     run->uploads[p->n].how };
}

int push_open(struct push *p, const struct push_options *o, struct err *e)
{
	p->options = o;
	if (registry_init(&p->registry, &o->remote, e) < 0)
		return -1;
	p->registry.push = true;
	return 0;
}

void push_needs(const struct push *p, struct sandbox *s)
{
	registry_needs(&p->registry, s);
}

int push_image(struct push *p, const struct image *img, const char *name,
	       struct err *e)
{
	AUTO(run_release) struct push_run run = {
		.batch = { next_blob, blob_done },
		.img = img,
		.registry = &p->registry,
		.progress = p->options->progress,
	};
	const char *rest;

	if (transport_of(name, &rest) == TRANSPORT_REGISTRY)
		name = rest;
	if (ref_parse(name, &p->registry.ref, e) < 0 ||
	    check_name(&p->registry, img, name, e) < 0 ||
	    push_all(&run, e) < 0)
		return -1;
	report(&run, p);
	return 0;
}

void push_release(struct push *p)
{
	registry_release(&p->registry);
	free(p->name);
	free(p->pinned);
	free(p->blobs);
	*p = (struct push)PUSH_INIT;
}
