/* SPDX-License-Identifier: Apache-2.0 */
/*
 * docker_daemon.c - images from the docker daemon
 *
 * Docker Engine API: GET /images/NAME/json tells what there is, and only when
 * the store lacks a part of it GET /images/NAME/get fetches what docker save
 * would write.  That is read more than once, so it waits in a nameless file.
 *
 * An image's ID is the digest of its configuration; then it has no manifest,
 * and docker_archive.c makes one.  In a docker that keeps its images by
 * containerd it is the digest of a manifest or index, and what is saved is an
 * OCI layout: the image is taken as it was built or pulled, by its own digest.
 *
 * Trust: none.  What /json says only decides whether something is fetched;
 * what is fetched goes through the checks of docker_archive.c or layout.c.
 */
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "base/xalloc.h"
#include "image/bundle.h"
#include "image/daemon.h"
#include "image/docker_archive.h"
#include "image/layout.h"
#include "image/spool.h"

#define INSPECT_MAX (8u << 20)
#define MAGIC_AT    257			/* POSIX.1-2017, pax, "ustar" header */
#define MAGIC	    "ustar"
#define MAGIC_END   (MAGIC_AT + sizeof(MAGIC) - 1)

struct docker {
	struct source	  source;
	struct daemon	  daemon;
	char		 *asked;	/* the image's name in the API's paths */
	char		 *what;		/* and in messages */
	char		  id[SHA256_HEX];	/* the image's, or "" */
	struct pull_options options;	/* for the platform that it is for */
	char		 *platform;
	struct source	 *saved;	/* once it is fetched */
};

static void docker_free(struct source *s)
{
	struct docker *k = (struct docker *)s;

	source_free(k->saved);
	daemon_release(&k->daemon);
	free(k->asked);
	free(k->what);
	free(k->platform);
	free(k);
}

static int on_inspect(void *ctx, const void *data, size_t len, struct err *e)
{
	if (buf_append(ctx, data, len) < 0)
		return err_set(e, ERR_INPUT,
			       "the docker daemon's description of the image is larger than %u bytes",
			       INSPECT_MAX);
	return 0;
}

/* New reference. */
static json_t *inspect(struct docker *k, struct err *e)
{
	AUTO_BUF struct buf text = BUF_INIT(INSPECT_MAX);
	AUTO_FREE char *path = xasprintf("/images/%s/json", k->asked);
	const char *id, *hex;
	json_t *j;

	if (daemon_get(&k->daemon, path, k->what, on_inspect, &text, e) < 0)
		return NULL;
	j = json_parse_object(text.data ? text.data : "", text.len, path, e);
	if (!j) {
		err_wrap(e, "%s: docker daemon at '%s'", k->what,
			 k->daemon.where);
		return NULL;
	}
	id = json_str(j, "Id");
	if (id && digest_is_sha256(id, &hex))
		snprintf(k->id, sizeof(k->id), "%s", hex);
	return j;
}

/* An image that was asked for by its ID is called as the daemon calls it. */
static void settle_name(struct docker *k, const json_t *facts)
{
	const char *tag = json_string_value(json_array_get(
		json_object_get(facts, "RepoTags"), 0));
	struct err ignored;
	struct ref ref;

	if (k->source.name)
		return;
	if (tag && ref_parse_name(tag, &ref, &ignored) == 0)
		k->source.name = ref_name(&ref);
	else
		k->source.name = xstrdup("image");
}

/* Of an index the daemon may have a single image, and that for another machine:
 * it says which. */
static int settle_platform(struct docker *k, const json_t *facts,
			   struct err *e)
{
	const char *os = json_str(facts, "Os");
	const char *arch = json_str(facts, "Architecture");
	struct platform p;
	struct err ignored;

	if (source_check_platform(&k->source, os, arch, e) < 0)
		return -1;
	if (k->options.platform || !os || !arch)
		return 0;
	k->platform = xasprintf("%s/%s", os, arch);
	if (platform_parse(k->platform, &p, &ignored) == 0)
		k->options.platform = k->platform;
	return 0;
}

/* The configuration and the layers as plain tars have the digests that are the
 * image's ID and its diff_ids. */
static bool look_up(const struct store *s, const char *id,
		    struct descriptor *d)
{
	const char *hex;

	memset(d, 0, sizeof(*d));
	if (!id || !digest_is_sha256(id, &hex))
		return false;
	snprintf(d->media_type, sizeof(d->media_type), "%s", OCI_LAYER);
	snprintf(d->hex, sizeof(d->hex), "%s", hex);
	return store_look_up(s, d);
}

static bool has_list(const struct buf *text, const char *key)
{
	struct err ignored;
	AUTO_JSON json_t *j = json_parse_object(text->data ? text->data : "",
						text->len, "", &ignored);

	return json_is_array(json_object_get(j, key));
}

static bool is_index(const struct buf *text)
{
	return has_list(text, "manifests");
}

static bool is_manifest(const struct buf *text)
{
	return has_list(text, "layers") || is_index(text);
}

/* A manifest or index of that digest from the store: 1, 0 when it is not there,
 * -1. */
static int stored_text(const struct docker *k, const char *hex,
		       struct buf *text, struct err *e)
{
	struct descriptor d = { .size = 0 };

	snprintf(d.hex, sizeof(d.hex), "%s", hex);
	if (!*hex || !store_look_up(k->source.store, &d) ||
	    d.size > MANIFEST_MAX)
		return 0;
	if (store_read_blob(k->source.store, &d, text, e) < 0)
		return -1;
	if (is_manifest(text))
		return 1;
	text->len = 0;
	return 0;
}

/* The manifest that docker_archive.c would make of what the store has: 1, 0
 * when it lacks a part, -1. */
static int composed_text(struct docker *k, const json_t *facts,
			   struct buf *manifest, struct err *e)
{
	const json_t *ids = json_object_get(json_object_get(facts, "RootFS"),
					    "Layers");
	const struct store *s = k->source.store;
	size_t n = json_array_size(ids);
	AUTO_FREE struct descriptor *layers = xcalloc(n + 1, sizeof(*layers));
	AUTO_BUF struct buf text = BUF_INIT(CONFIG_MAX);
	AUTO_JSON json_t *config = NULL;
	AUTO_FREE char *composed = NULL;
	struct err ignored;

	if (n > LAYERS_MAX ||
	    !look_up(s, json_str(facts, "Id"), &layers[n]) ||
	    layers[n].size > CONFIG_MAX)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (!look_up(s, json_string_value(json_array_get(ids, i)),
			     &layers[i]))
			return 0;
	if (store_read_blob(s, &layers[n], &text, e) < 0)
		return -1;
	config = json_parse_object(text.data ? text.data : "", text.len, "",
				   &ignored);
	if (!json_equal(ids, json_object_get(json_object_get(config, "rootfs"),
					     "diff_ids")))
		return 0;	/* the ID is something else's digest */
	composed = docker_manifest_text(&text, layers, n);
	buf_adds(manifest, composed);
	return 1;
}

struct fetch {
	struct docker *docker;
	struct spool  *spool;
	char	       head[MAGIC_END];
	uint64_t       size;
};

/* What is no archive is told from its first block, before the disk is full. */
static int check_head(struct fetch *f, const void *data, size_t len,
		      struct err *e)
{
	size_t room;

	if (f->size >= MAGIC_END)
		return 0;
	room = MAGIC_END - (size_t)f->size;
	memcpy(f->head + f->size, data, len < room ? len : room);
	if (len < room || memcmp(f->head + MAGIC_AT, MAGIC,
				 MAGIC_END - MAGIC_AT) == 0)
		return 0;
	return err_set(e, ERR_INPUT,
		       "%s: what the docker daemon at '%s' sends is not an archive",
		       f->docker->what, f->docker->daemon.where);
}

static int on_saved(void *ctx, const void *data, size_t len, struct err *e)
{
	struct fetch *f = ctx;
	uint64_t max = f->docker->source.options->max_size;

	if (check_head(f, data, len, e) < 0)
		return -1;
	if (len > max - f->size)
		return err_set(e, ERR_INPUT,
			       "%s: the docker daemon sends more than %ju bytes, and enc-pull takes no more without a larger --max-size",
			       f->docker->what, (uintmax_t)max);
	if (io_write(f->spool->fd, data, len) < 0)
		return err_sys(e, "cannot write a temporary file in '%s'",
			       f->spool->folder);
	f->size += len;
	progress_update(f->docker->source.options->progress, f->docker->what,
			f->size, 0);
	return 0;
}

/* The archive becomes k->saved, of the kind that the ID shows. */
static int open_saved(struct docker *k, int fd, struct err *e)
{
	AUTO(bundle_release) struct bundle b = { xstrdup(k->source.name), fd };
	AUTO_FREE char *path = xasprintf("blobs/sha256/%s", k->id);
	AUTO_BUF struct buf text = BUF_INIT(CONFIG_MAX);

	if (bundle_read(&b, path, &text, e) < 0)
		return -1;
	fd = steal_fd(&b.fd);
	k->saved = is_manifest(&text) ?
		oci_archive_open_fd(fd, b.name, k->id, &k->options) :
		docker_archive_open_fd(fd, b.name, &k->options);
	return 0;
}

static int fetch(struct docker *k, struct err *e)
{
	AUTO_FREE char *folder = xasprintf("%s/tmp", k->source.store->dir);
	AUTO_FREE char *path = xasprintf("/images/%s/get", k->asked);
	AUTO(spool_release) struct spool spool = SPOOL_INIT;
	struct fetch f = { .docker = k, .spool = &spool };

	if (spool_open(&spool, folder, e) < 0)
		return -1;
	if (daemon_get(&k->daemon, path, k->what, on_saved, &f, e) < 0)
		return -1;
	progress_update(k->source.options->progress, k->what, f.size, f.size);
	return open_saved(k, steal_fd(&spool.fd), e);
}

static int manifest(struct source *s, const struct descriptor *want,
		    struct buf *text, char type[MEDIA_TYPE_MAX], struct err *e)
{
	struct docker *k = (struct docker *)s;
	AUTO_JSON json_t *facts = want ? NULL : inspect(k, e);
	struct descriptor d;
	int found = 0;

	if (!want) {
		if (!facts)
			return -1;
		settle_name(k, facts);
		if (settle_platform(k, facts, e) < 0)
			return -1;
		found = composed_text(k, facts, text, e);
	}
	if (found == 0)
		found = stored_text(k, want ? want->hex : k->id, text, e);
	if (found != 0)
		return found < 0 ? -1 : 0;
	if ((!k->saved && fetch(k, e) < 0) ||
	    k->saved->ops->manifest(k->saved, want, text, type, e) < 0)
		return -1;
	/* That it need not be fetched again; source.c keeps manifests alone. */
	return is_index(text) ? store_put_blob(s->store, text->data, text->len,
					       &d, e) : 0;
}

static int blobs(struct source *s, struct store *store,
		 const struct descriptor *d, char *const *what, size_t n,
		 struct err *e)
{
	struct docker *k = (struct docker *)s;
	AUTO_BUF struct buf again = BUF_INIT(MANIFEST_MAX);
	char type[MEDIA_TYPE_MAX];

	if (!k->saved && (fetch(k, e) < 0 ||
			  k->saved->ops->manifest(k->saved, NULL, &again, type,
						  e) < 0))
		return -1;
	return k->saved->ops->blobs(k->saved, store, d, what, n, e);
}

static void needs(const struct source *s, struct sandbox *box)
{
	daemon_needs(&((const struct docker *)s)->daemon, box);
}

static const struct source_ops docker_ops = { manifest, blobs, docker_free,
					      needs };

/* A name without a tag means ":latest" and not, as for docker save, all. */
static int take_name(struct docker *k, const char *rest, struct err *e)
{
	const char *hex, *slash = strrchr(rest, '/');
	struct ref ref;

	k->what = xasprintf("image '%s'", rest);
	if (digest_is_sha256(rest, &hex)) {
		k->asked = xstrdup(rest);
		return 0;
	}
	if (ref_parse_name(rest, &ref, e) < 0)
		return -1;
	if (*ref.hex)
		return err_set(e, ERR_USAGE,
			       "'%s': the docker daemon does not keep the manifest that has this digest: name the image by its tag or its ID",
			       rest);
	k->asked = strchr(slash ? slash : rest, ':') ?
			   xstrdup(rest) : xasprintf("%s:%s", rest, ref.tag);
	k->source.name = ref_name(&ref);
	return 0;
}

struct source *docker_daemon_open(const char *rest,
				  const struct pull_options *o, struct err *e)
{
	struct docker *k = xcalloc(1, sizeof(*k));

	k->source.ops = &docker_ops;
	k->options = *o;
	k->source.options = &k->options;
	k->source.fleeting = true;
	if (take_name(k, rest, e) == 0 && daemon_open(&k->daemon, e) == 0)
		return &k->source;
	source_free(&k->source);
	return NULL;
}
