/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_index.c - index.json: which image has which name
 *
 * OCI image spec 1.1, image-index.md; names are the annotation
 * org.opencontainers.image.ref.name, as skopeo and umoci read them.
 */
#include "image/store.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "base/xalloc.h"

#define INDEX_FILE "index.json"
#define INDEX_MAX  (64u << 20)	/* some 180 000 images */

/* The index, or an empty one where there is none yet. */
static json_t *index_read(const struct store *s, struct err *e)
{
	AUTO_BUF struct buf text = BUF_INIT(INDEX_MAX);
	AUTO_JSON json_t *index = NULL;

	if (faccessat(s->dirfd, INDEX_FILE, F_OK, 0) < 0 && errno == ENOENT)
		return json_pack("{s:i, s:s, s:[]}", "schemaVersion", 2,
				 "mediaType", OCI_INDEX, "manifests");
	if (store_read_text(s, INDEX_FILE, &text, e) < 0)
		return NULL;
	index = json_parse_object(text.data, text.len, INDEX_FILE, e);
	if (!index) {
		err_wrap(e, "store '%s'", s->dir);
		return NULL;
	}
	if (!json_is_array(json_object_get(index, "manifests"))) {
		err_set(e, ERR_INPUT, "'%s/" INDEX_FILE "' has no array 'manifests'",
			s->dir);
		return NULL;
	}
	return steal_ptr(&index);
}

static const char *ref_name_of(const json_t *entry)
{
	return json_str(json_object_get(entry, "annotations"), OCI_REF_NAME);
}

static void drop(json_t *manifests, const char *name)
{
	for (size_t i = json_array_size(manifests); i-- > 0;) {
		const char *has = ref_name_of(json_array_get(manifests, i));

		if (has && strcmp(has, name) == 0)
			json_array_remove(manifests, i);
	}
}

static void enter(json_t *manifests, const char *name,
		  const struct descriptor *d)
{
	json_t *entry = descriptor_json(d);
	json_t *annotations = json_object();

	drop(manifests, name);
	json_put_str(annotations, OCI_REF_NAME, name);
	json_put(entry, "annotations", annotations);
	json_add(manifests, entry);
}

int store_tag(struct store *s, const char *name, const struct descriptor *d,
	      bool moving, struct err *e)
{
	return store_tag_as(s, name, d->hex, d, moving, e);
}

int store_tag_as(struct store *s, const char *name, const char *hex,
		 const struct descriptor *d, bool moving, struct err *e)
{
	AUTO_FREE char *fixed = xasprintf("%s@sha256:%s", name, hex);
	AUTO_FREE char *text = NULL;
	AUTO_JSON json_t *index = NULL;
	/* An open file of its own: the lock ends with it, whatever happens. */
	AUTO_CLOSE int lock = openat(s->dirfd, ".",
				     O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	json_t *manifests;

	if (lock < 0)
		return err_sys(e, "cannot open store '%s'", s->dir);
	while (flock(lock, LOCK_EX) < 0)
		if (errno != EINTR)
			return err_sys(e, "cannot lock store '%s'", s->dir);
	index = index_read(s, e);
	if (!index)
		return -1;
	manifests = json_object_get(index, "manifests");
	enter(manifests, fixed, d);
	if (moving)
		enter(manifests, name, d);
	text = json_text(index);
	if (outfile_put(s->dirfd, "tmp/index", INDEX_FILE, text, strlen(text),
			0644, e) < 0)
		return err_wrap(e, "store '%s'", s->dir);
	return 0;
}

void index_names(const json_t *manifests, struct buf *listed)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(manifests, i, entry) {
		const char *name = ref_name_of(entry);

		/* NAME@sha256:HEX stands beside NAME in our own stores. */
		if (name && !strchr(name, '@') &&
		    (buf_append(listed, ", ", listed->len ? 2 : 0) < 0 ||
		     buf_append(listed, name, strlen(name)) < 0))
			return;		/* enough to see what is there */
	}
}

int store_find(const struct store *s, const char *ref_name,
	       struct descriptor *d, struct err *e)
{
	AUTO_BUF struct buf listed = BUF_INIT(INDEX_NAMES_MAX);
	AUTO_JSON json_t *index = index_read(s, e);
	json_t *manifests, *entry, *found = NULL;
	size_t i;

	if (!index)
		return -1;
	manifests = json_object_get(index, "manifests");
	if (!ref_name && json_array_size(manifests) != 1)
		return err_set(e, ERR_USAGE,
			       "'%s' holds %zu images: say which, oci:DIR:NAME",
			       s->dir, json_array_size(manifests));
	json_array_foreach(manifests, i, entry) {
		const char *has = ref_name_of(entry);

		if (!ref_name || (has && strcmp(has, ref_name) == 0))
			found = entry;
	}
	if (!found) {
		index_names(manifests, &listed);
		return err_set(e, ERR_NO, "'%s' has no image '%s'; it has %s",
			       s->dir, ref_name,
			       listed.len ? listed.data : "none with a name");
	}
	return descriptor_parse(found, INDEX_FILE, d, e);
}
