/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layout.c - images from an OCI layout, in a folder or in an archive
 */
#include "image/layout.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/xalloc.h"
#include "image/bundle.h"

#define COPY_CHUNK (128u << 10)

/* The last component; what is only dots is resolved first. */
static char *base_name(const char *path)
{
	AUTO_FREE char *real = NULL;
	const char *start;
	size_t len = strlen(path);

	while (len > 0 && path[len - 1] == '/')
		len--;
	for (start = path + len; start > path && start[-1] != '/'; start--)
		;
	len -= (size_t)(start - path);
	if (strspn(start, ".") < len)
		return xstrndup(start, len);
	real = realpath(path, NULL);
	start = real ? strrchr(real, '/') : NULL;
	return xstrdup(start && start[1] ? start + 1 : "image");
}

int layout_split(const char *rest, struct source *s, char **path, char **ref,
		 struct err *e)
{
	const char *colon = strchr(rest, ':'), *at, *hex;

	*path = colon ? xstrndup(rest, (size_t)(colon - rest)) : xstrdup(rest);
	*ref = colon && colon[1] ? xstrdup(colon + 1) : NULL;
	if (!**path)
		return err_set(e, ERR_USAGE, "no path in '%s' (PATH[:NAME])",
			       rest);
	for (const char *c = rest; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return err_set(e, ERR_USAGE,
				       "'%s' has a control character in it",
				       rest);
	at = *ref ? strrchr(*ref, '@') : NULL;
	if (at && at > *ref && digest_is_sha256(at + 1, &hex)) {
		snprintf(s->pinned, sizeof(s->pinned), "%s", hex);
		s->name = xstrndup(*ref, (size_t)(at - *ref));
	} else {
		s->name = *ref ? xstrdup(*ref) : base_name(*path);
	}
	return 0;
}

static const char *name_of(const json_t *entry)
{
	return json_str(json_object_get(entry, "annotations"), OCI_REF_NAME);
}

static bool is_named(const json_t *entry, const char *ref)
{
	const char *name = name_of(entry);

	return name && strcmp(name, ref) == 0;
}

/* Two names of one image are one image. */
static bool same_image(const json_t *a, const json_t *b)
{
	const char *x = json_str(a, "digest"), *y = json_str(b, "digest");

	return x && y && strcmp(x, y) == 0;
}

int layout_choose(const char *text, size_t len, const char *path,
		  const char *ref, struct descriptor *d, struct err *e)
{
	AUTO_BUF struct buf listed = BUF_INIT(INDEX_NAMES_MAX);
	AUTO_JSON json_t *index = json_parse_object(text, len, path, e);
	const json_t *list = json_object_get(index, "manifests");
	const json_t *entry, *chosen = NULL;
	size_t i;
	bool several = false;

	if (!index)
		return -1;
	index_names(list, &listed);
	json_array_foreach(list, i, entry) {
		if (ref && !is_named(entry, ref))
			continue;
		if (!chosen)
			chosen = entry;
		else if (!same_image(chosen, entry))
			several = true;
	}
	if (!chosen)
		return err_set(e, ERR_INPUT, "'%s' has no image '%s'; it has %s",
			       path, ref ? ref : "",
			       listed.len ? listed.data : "none with a name");
	if (several)
		return err_set(e, ERR_INPUT,
			       "'%s' has several images: add :NAME, one of %s",
			       path, listed.len ? listed.data :
						  "those that have none yet");
	return descriptor_parse(chosen, path, d, e);
}

struct layout {
	struct source source;
	char	     *path, *ref;
	struct store  store;	/* of a folder, for reading alone */
	struct bundle bundle;	/* of an archive */
};

static void layout_free(struct source *s)
{
	struct layout *l = (struct layout *)s;

	free(l->path);
	free(l->ref);
	store_release(&l->store);
	bundle_release(&l->bundle);
	free(l);
}

/* In a folder. */

/* The digest in the name is the blob's, whatever index.json says of the name;
 * source.c verifies it. */
static int pinned_manifest(struct layout *l, struct buf *text, struct err *e)
{
	AUTO_FREE char *path = xasprintf("blobs/sha256/%s", l->source.pinned);

	if (faccessat(l->store.dirfd, path, F_OK, 0) < 0 && errno == ENOENT)
		return err_set(e, ERR_INPUT, "layout '%s' has no '%s'", l->path,
			       path);
	return store_read_text(&l->store, path, text, e);
}

static int folder_manifest(struct source *s, const struct descriptor *want,
			   struct buf *text, char type[MEDIA_TYPE_MAX],
			   struct err *e)
{
	struct layout *l = (struct layout *)s;
	AUTO_BUF struct buf index = BUF_INIT(LAYOUT_INDEX_MAX);
	struct descriptor d;

	if (!want && *s->pinned)
		return pinned_manifest(l, text, e);
	if (want) {
		d = *want;
	} else if (store_read_text(&l->store, "index.json", &index, e) < 0) {
		return -1;
	} else if (layout_choose(index.data, index.len, l->path, l->ref, &d,
				 e) < 0) {
		return -1;
	}
	snprintf(type, MEDIA_TYPE_MAX, "%s", d.media_type);
	return store_read_blob(&l->store, &d, text, e);
}

static int folder_blob(struct layout *l, struct store *store,
		       const struct descriptor *d, const char *what,
		       struct err *e)
{
	AUTO_BLOB_WRITER struct blob_writer w = BLOB_WRITER_INIT;
	AUTO_CLOSE int fd = store_open_blob(&l->store, d, e);
	AUTO_FREE char *chunk = xmalloc(COPY_CHUNK);
	ssize_t n;

	if (fd < 0 || blob_begin(&w, store, e) < 0)
		return -1;
	while ((n = io_read(fd, chunk, COPY_CHUNK)) > 0) {
		if (blob_write(&w, chunk, (size_t)n, e) < 0)
			return -1;
		if (w.size < d->size)
			progress_update(l->source.options->progress, what,
					w.size, d->size);
	}
	if (n < 0)
		return err_sys(e, "cannot read %s of '%s'", what, l->path);
	if (blob_commit(&w, d, what, e) < 0)
		return -1;
	progress_update(l->source.options->progress, what, d->size, d->size);
	return 0;
}

static int folder_blobs(struct source *s, struct store *store,
			const struct descriptor *d, char *const *what,
			size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (folder_blob((struct layout *)s, store, &d[i], what[i],
				e) < 0)
			return -1;
	return 0;
}

static void folder_needs(const struct source *s, struct sandbox *box)
{
	store_needs(((const struct layout *)s)->path, box);
}

static const struct source_ops folder_ops = { folder_manifest, folder_blobs,
					      layout_free, folder_needs };

static struct layout *layout_new(const struct source_ops *ops,
				 const struct pull_options *o)
{
	struct layout *l = xcalloc(1, sizeof(*l));

	l->source.ops = ops;
	l->source.options = o;
	l->store = (struct store)STORE_INIT;
	l->bundle = (struct bundle)BUNDLE_INIT;
	return l;
}

struct source *layout_open(const char *rest, const struct pull_options *o,
			   struct err *e)
{
	struct layout *l = layout_new(&folder_ops, o);

	if (layout_split(rest, &l->source, &l->path, &l->ref, e) == 0 &&
	    store_open_existing(&l->store, l->path, e) == 0)
		return &l->source;
	source_free(&l->source);
	return NULL;
}

/* In an archive. */

static int packed_manifest(struct source *s, const struct descriptor *want,
			   struct buf *text, char type[MEDIA_TYPE_MAX],
			   struct err *e)
{
	struct layout *l = (struct layout *)s;
	AUTO_BUF struct buf index = BUF_INIT(LAYOUT_INDEX_MAX);
	AUTO_FREE char *path = NULL;
	char hex[SHA256_HEX];
	struct descriptor d;
	int found;

	if (want) {
		d = *want;
	} else if (*s->pinned) {
		snprintf(d.media_type, sizeof(d.media_type), "%s", "");
		snprintf(d.hex, sizeof(d.hex), "%s", s->pinned);
	} else {
		found = bundle_read(&l->bundle, "index.json", &index, e);
		if (found < 0)
			return -1;
		if (!found)
			return err_set(e, ERR_INPUT,
				       "archive '%s' is not an OCI layout: it has no index.json (docker save makes a docker-archive:)",
				       l->path);
		if (layout_choose(index.data, index.len, l->path, l->ref, &d,
				  e) < 0)
			return -1;
	}
	path = xasprintf("blobs/sha256/%s", d.hex);
	found = bundle_read(&l->bundle, path, text, e);
	if (found <= 0)
		return found < 0 ? -1 : err_set(e, ERR_INPUT,
						"archive '%s' lacks '%s'",
						l->path, path);
	sha256_hex(text->data ? text->data : "", text->len, hex);
	if (strcmp(hex, d.hex) != 0)
		return err_set(e, ERR_VERIFY,
			       "'%s' in archive '%s' does not have the digest that is its name",
			       path, l->path);
	snprintf(type, MEDIA_TYPE_MAX, "%s", d.media_type);
	return 0;
}

struct packed_blobs {
	struct layout		*layout;
	struct store		*store;
	const struct descriptor *d;
	char *const		*what;
	size_t			 n, found;
	bool			*has;
};

static int on_packed(void *ctx, struct untar *t, const struct untar_member *m,
		     const char *path, struct err *e)
{
	static const char folder[] = "blobs/sha256/";
	struct packed_blobs *p = ctx;

	if (strncmp(path, folder, strlen(folder)) != 0 || !S_ISREG(m->mode) ||
	    m->hardlink)
		return 0;
	for (size_t i = 0; i < p->n; i++) {
		if (p->has[i] || strcmp(path + strlen(folder), p->d[i].hex) != 0)
			continue;
		if (bundle_blob(t, m, p->store, &p->d[i], p->what[i],
				p->layout->source.options->progress, e) < 0)
			return -1;
		p->has[i] = true;
		p->found++;
		break;
	}
	return p->found == p->n;
}

static int packed_blobs(struct source *s, struct store *store,
			const struct descriptor *d, char *const *what,
			size_t n, struct err *e)
{
	AUTO_FREE bool *has = xcalloc(n, sizeof(*has));
	struct packed_blobs p = { (struct layout *)s, store, d, what, n, 0,
				  has };

	if (bundle_walk(&p.layout->bundle, on_packed, &p, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (!has[i])
			return err_set(e, ERR_INPUT,
				       "archive '%s' lacks %s (blobs/sha256/%s)",
				       p.layout->path, what[i], d[i].hex);
	return 0;
}

static const struct source_ops packed_ops = { packed_manifest, packed_blobs,
					      layout_free, NULL };

struct source *oci_archive_open(const char *rest, const struct pull_options *o,
				struct err *e)
{
	struct layout *l = layout_new(&packed_ops, o);

	if (layout_split(rest, &l->source, &l->path, &l->ref, e) == 0 &&
	    bundle_open(&l->bundle, l->path, e) == 0)
		return &l->source;
	source_free(&l->source);
	return NULL;
}

struct source *oci_archive_open_fd(int fd, const char *name, const char *hex,
				   const struct pull_options *o)
{
	struct layout *l = layout_new(&packed_ops, o);

	l->bundle.fd = fd;
	l->bundle.name = xstrdup(name);
	l->path = xstrdup(name);
	l->source.name = xstrdup(name);
	snprintf(l->source.pinned, sizeof(l->source.pinned), "%s", hex);
	return &l->source;
}
