/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layer.c - the layers of an image merged into one tree
 *
 * Inflating is what takes the time, and layers do not depend on each other
 * until they are applied: they are read by threads, the largest first.  There
 * may be more of these than processors: with a thread a layer the kernel deals
 * the work out evenly, where two would take three rounds for five layers.
 */
#include "image/layer.h"

#include <pthread.h>
#include <string.h>

#include "base/io.h"
#include "base/xalloc.h"
#include "image/changeset.h"

#define WORKERS_MAX 8		/* each takes some two MiB */
#define QUICK_MAX   ((uint64_t)1 << 20)	/* bytes of a blob that is read first */

/* The layers of one image, on their way from blobs to changesets. */
struct reading {
	const struct image *img;
	struct spool	   *spool;	/* or NULL */
	struct changeset   *sets;	/* one a layer */
	struct layers_budget budget;	/* that they share */
	pthread_mutex_t	    lock;	/* of what follows */
	size_t		   *order;	/* layers: the quick ones, the largest */
	size_t		    next, end;	/* in order */
	size_t		    failed;	/* the lowest that did; n_layers: none */
	struct err	    fault;	/* its error */
	struct progress	   *watcher;
	struct progress	    gate;	/* passes on to it, one at a time */
	_Atomic bool	   *listed;	/* one a layer: it has an index */
	_Atomic size_t	    skipped;	/* bodies, of files not yet seen to go */
};

static struct reading *of_gate(struct progress *p)
{
	return (struct reading *)((char *)p - offsetof(struct reading, gate));
}

static void gate_update(struct progress *p, const char *what, uint64_t done,
			uint64_t total)
{
	struct reading *r = of_gate(p);

	pthread_mutex_lock(&r->lock);
	progress_update(r->watcher, what, done, total);
	pthread_mutex_unlock(&r->lock);
}

static void gate_note(struct progress *p, const char *text)
{
	struct reading *r = of_gate(p);

	pthread_mutex_lock(&r->lock);
	progress_note(r->watcher, text);
	pthread_mutex_unlock(&r->lock);
}

/* The next layer to read, or false: all are taken, or one below failed, so
 * that nothing above it matters. */
static bool take(struct reading *r, size_t *layer)
{
	bool more = false;

	pthread_mutex_lock(&r->lock);
	while (!more && r->next < r->end) {
		*layer = r->order[r->next++];
		more = *layer < r->failed;
	}
	pthread_mutex_unlock(&r->lock);
	return more;
}

static void fail(struct reading *r, size_t layer, const struct err *fault)
{
	pthread_mutex_lock(&r->lock);
	if (layer < r->failed) {
		r->failed = layer;
		r->fault = *fault;
	}
	pthread_mutex_unlock(&r->lock);
}

/* For struct changeset: what a layer above hides takes no room, as far as its
 * list is known by now. */
static bool skip(void *ctx, const struct changeset *set, const char *path)
{
	struct reading *r = ctx;

	for (size_t i = (size_t)(set - r->sets) + 1; i < r->img->doc.n_layers; i++)
		if (r->listed[i] && changeset_hides(&r->sets[i], path)) {
			r->skipped++;
			return true;
		}
	return false;
}

static void *work(void *arg)
{
	struct reading *r = arg;
	AUTO_SPOOL_WRITER struct spool_writer w = { .spool = NULL };
	size_t layer;
	struct err e;

	if (r->spool)
		spool_writer_init(&w, r->spool);
	while (take(r, &layer))
		if (changeset_read(&r->img->store, &r->img->doc.layers[layer],
				   r->spool ? &w : NULL, &r->sets[layer],
				   &r->gate, &e) < 0) {
			fail(r, layer, &e);
		} else if (r->spool && layer > 0) {
			changeset_index(&r->sets[layer]);
			r->listed[layer] = true;
		}
	return NULL;
}

static bool is_quick(const struct descriptor *d)
{
	return d->size < QUICK_MAX;
}

static int by_size(const void *a, const void *b, void *img)
{
	const struct descriptor *layers = ((struct image *)img)->doc.layers;
	const struct descriptor *x = &layers[*(const size_t *)a];
	const struct descriptor *y = &layers[*(const size_t *)b];

	if (is_quick(x) != is_quick(y))
		return is_quick(x) ? -1 : 1;
	return x->size < y->size ? 1 : x->size > y->size ? -1 : 0;
}

static void reading_init(struct reading *r, const struct image *img,
			 bool may_skip)
{
	size_t n = img->doc.n_layers;
	struct image *mine = NULL;

	pthread_mutex_init(&r->lock, NULL);
	r->gate = (struct progress){ gate_update, gate_note };
	r->sets = xcalloc(n, sizeof(*r->sets));
	r->order = xcalloc(n, sizeof(*r->order));
	r->listed = xcalloc(n, sizeof(*r->listed));
	r->failed = n;
	for (size_t i = 0; i < n; i++) {
		r->sets[i].budget = &r->budget;
		r->sets[i].skip = may_skip ? skip : NULL;
		r->sets[i].ctx = r;
		r->order[i] = i;
	}
	/* qsort_r passes on a plain pointer; by_size only reads. */
	memcpy(&mine, &img, sizeof(mine));
	qsort_r(r->order, n, sizeof(*r->order), by_size, mine);
}

static void reading_release(struct reading *r)
{
	for (size_t i = 0; r->sets && i < r->img->doc.n_layers; i++)
		changeset_release(&r->sets[i]);
	free(r->sets);
	free(r->order);
	free(r->listed);
	pthread_mutex_destroy(&r->lock);
}

/* Layers that remove are small: with their lists known before the others
 * begin, what they remove is not spooled at all.  No thread is worth starting
 * for them. */
static void read_quick(struct reading *r)
{
	size_t n = r->img->doc.n_layers;

	while (r->end < n && is_quick(&r->img->doc.layers[r->order[r->end]]))
		r->end++;
	work(r);
}

/* This thread is one of the workers, so all gets done where none can start. */
static void read_all(struct reading *r)
{
	size_t want, n = 0;
	pthread_t workers[WORKERS_MAX];

	read_quick(r);
	r->end = r->img->doc.n_layers;
	want = r->end - r->next;
	if (want > WORKERS_MAX)
		want = WORKERS_MAX;
	while (n + 1 < want && pthread_create(&workers[n], NULL, work, r) == 0)
		n++;
	if (want > 0)
		work(r);
	for (size_t i = 0; i < n; i++)
		pthread_join(workers[i], NULL);
}

static void forget_body(void *ctx, const struct inode *inode)
{
	struct reading *r = ctx;

	if (inode->body == BODY_SKIPPED)
		r->skipped--;
	else
		spool_forget(r->spool, inode->body, inode->size);
}

static int named(const struct image *img, size_t layer, struct err *e)
{
	return err_wrap(e, "layer %zu (%.12s)", layer + 1,
			img->doc.layers[layer].hex);
}

static int apply_all(struct reading *r, struct tree *t, struct err *e)
{
	for (size_t i = 0; i < r->img->doc.n_layers; i++) {
		if (changeset_apply(&r->sets[i], t, e) < 0)
			return named(r->img, i, e);
		changeset_release(&r->sets[i]);
		r->sets[i] = (struct changeset){ .n = 0 };
	}
	return 0;
}

/* 1 when a body was skipped whose file is there in the end, else 0 or -1. */
static int merge(const struct image *img, bool may_skip, struct spool *spool,
		 struct tree *t, uint64_t max, struct progress *p,
		 struct err *e)
{
	AUTO(reading_release) struct reading r = {
		.img = img, .spool = spool, .watcher = p,
		.budget.size_max = max,
	};
	int ret;

	reading_init(&r, img, may_skip);
	read_all(&r);
	if (r.failed < img->doc.n_layers) {
		*e = r.fault;
		return named(img, r.failed, e);
	}
	if (spool) {
		t->forget = forget_body;
		t->ctx = &r;
	}
	ret = apply_all(&r, t, e);
	t->forget = NULL;
	return ret < 0 ? -1 : r.skipped > 0;
}

int layers_merge(const struct image *img, struct spool *spool, struct tree *t,
		 uint64_t max, struct progress *p, struct err *e)
{
	int again = merge(img, true, spool, t, max, p, e);

	/* Rare: a hard link to what was removed, a folder that was a link. */
	if (again > 0) {
		tree_next_layer(t);
		tree_empty(t, "");
		t->steps = 0;
		if (spool_clear(spool, e) < 0)
			return -1;
		again = merge(img, false, spool, t, max, p, e);
	}
	if (again < 0)
		return -1;
	return spool ? spool_settle(spool, e) : 0;
}

int layer_file(const struct spool *spool, const struct inode *inode,
	       const char *name, struct buf *b, struct err *e)
{
	AUTO_FREE char *text = NULL;
	ssize_t n;

	if (!S_ISREG(inode->mode))
		return err_set(e, ERR_INPUT, "'%s' is not a file", name);
	if (inode->size > b->max - b->len)
		return err_set(e, ERR_INPUT, "'%s' is larger than %zu bytes",
			       name, b->max);
	text = xmalloc((size_t)inode->size);
	n = io_pread(spool->fd, text, (size_t)inode->size, inode->body);
	if (n < 0 || (uint64_t)n != inode->size)
		return err_sys(e, "cannot read '%s' from a temporary file", name);
	return buf_append(b, text, (size_t)n);
}
