/* SPDX-License-Identifier: Apache-2.0 */
/*
 * docker_list.c - manifest.json of docker save: which image, and its paths
 */
#include "image/docker_list.h"

#include <string.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "image/ref.h"

#define LISTED_MAX 512		/* bytes of a message that lists names */

char *docker_tidy_path(const char *path)
{
	char *out = xcalloc(1, strlen(path) + 2), *end = out;

	while (*path) {
		size_t len = strcspn(path, "/");

		if (len == 2 && strncmp(path, "..", 2) == 0) {
			while (end > out && *--end != '/')
				;
		} else if (len > 0 && !(len == 1 && *path == '.')) {
			if (end > out)
				*end++ = '/';
			memcpy(end, path, len);
			end += len;
		}
		*end = '\0';
		path += len + (path[len] == '/');
	}
	return out;
}

char *docker_link_target(const char *path, const char *target)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *joined = xasprintf("%.*s/%s",
					   slash ? (int)(slash - path) : 0,
					   path, target);

	return docker_tidy_path(joined);
}

/* Does the entry have this name?  Both are put into Docker's full form. */
static bool has_tag(const json_t *entry, const struct ref *wanted)
{
	AUTO_FREE char *name = ref_name(wanted);
	const json_t *tag;
	size_t i;

	json_array_foreach(json_object_get(entry, "RepoTags"), i, tag) {
		const char *text = json_string_value(tag);
		AUTO_FREE char *full = NULL;
		struct err ignored;
		struct ref ref;

		if (!text || ref_parse_name(text, &ref, &ignored) < 0)
			continue;
		full = ref_name(&ref);
		if (strcmp(full, name) == 0)
			return true;
	}
	return false;
}

static void list_tags(struct buf *listed, const json_t *list)
{
	const json_t *entry, *tag;
	size_t i, j;

	json_array_foreach(list, i, entry) {
		json_array_foreach(json_object_get(entry, "RepoTags"), j, tag) {
			const char *text = json_string_value(tag);

			if (!text ||
			    buf_append(listed, ", ", listed->len ? 2 : 0) < 0 ||
			    buf_append(listed, text, strlen(text)) < 0)
				return;	/* enough to see what is there */
		}
	}
}

const json_t *docker_list_choose(const json_t *list, const char *file,
				 const char *name, struct err *e)
{
	AUTO_BUF struct buf listed = BUF_INIT(LISTED_MAX);
	const json_t *entry;
	struct ref ref;
	size_t i;

	list_tags(&listed, list);
	if (!name && json_array_size(list) == 1)
		return json_array_get(list, 0);
	if (!name) {
		err_set(e, ERR_INPUT,
			"archive '%s' has %zu images: add :NAME, one of %s",
			file, json_array_size(list),
			listed.len ? listed.data : "those that have none");
		return NULL;
	}
	if (ref_parse_name(name, &ref, e) < 0)
		return NULL;
	json_array_foreach(list, i, entry)
		if (has_tag(entry, &ref))
			return entry;
	err_set(e, ERR_INPUT, "archive '%s' has no image '%s'; it has %s",
		file, name, listed.len ? listed.data : "none with a name");
	return NULL;
}
