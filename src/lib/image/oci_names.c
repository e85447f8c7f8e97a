/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oci_names.c - members that others would read and we would not
 *
 * Go's encoding/json, by which most programs read images, takes a member for
 * one that it knows when the names differ in case alone, and the last of
 * several counts.  An image with "layers" and "Layers" is one image here and
 * another one to a scanner.  No tool writes such names: they are refused.
 */
#include <string.h>

#include "image/oci.h"

/* Go folds as Unicode does: two characters beyond ASCII have small letters
 * that are in it. */
static int fold(const char **at)
{
	const char *s = *at;

	*at = s + 1;
	if (s[0] >= 'A' && s[0] <= 'Z')
		return s[0] - 'A' + 'a';
	if (strncmp(s, "\xc5\xbf", 2) == 0) {		/* U+017F, long s */
		*at = s + 2;
		return 's';
	}
	if (strncmp(s, "\xe2\x84\xaa", 3) == 0) {	/* U+212A, Kelvin */
		*at = s + 3;
		return 'k';
	}
	return (unsigned char)s[0];
}

static bool same_folded(const char *a, const char *b)
{
	while (*a && *b)
		if (fold(&a) != fold(&b))
			return false;
	return *a == *b;
}

/* names: of all members that count, NULL at the end. */
static int check(const json_t *object, const char *const *names,
		 const char *what, struct err *e)
{
	void *at;

	/* jansson's iterators are not const, and change nothing. */
	for (at = json_object_iter((json_t *)(uintptr_t)object); at;
	     at = json_object_iter_next((json_t *)(uintptr_t)object, at)) {
		const char *key = json_object_iter_key(at);

		for (size_t i = 0; names[i]; i++)
			if (strcmp(key, names[i]) != 0 &&
			    same_folded(key, names[i]))
				return err_set(e, ERR_INPUT,
					       "%s: a member '%s', which some would take for '%s'",
					       what, key, names[i]);
	}
	return 0;
}

int oci_check_manifest(const json_t *j, const char *what, struct err *e)
{
	static const char *const names[] = {
		"schemaVersion", "mediaType", "config", "layers", "manifests",
		"annotations", NULL,
	};

	return check(j, names, what, e);
}

int oci_check_descriptor(const json_t *j, const char *what, struct err *e)
{
	static const char *const names[] = {
		"mediaType", "digest", "size", "annotations", "platform", NULL,
	};
	static const char *const platform[] = {
		"os", "architecture", "variant", NULL,
	};

	if (check(j, names, what, e) < 0)
		return -1;
	return check(json_object_get(j, "platform"), platform, what, e);
}

int oci_check_config(const json_t *j, const char *what, struct err *e)
{
	static const char *const names[] = {
		"architecture", "os", "variant", "created", "config", "rootfs",
		NULL,
	};
	static const char *const rootfs[] = { "diff_ids", NULL };
	static const char *const run[] = {
		"Entrypoint", "Cmd", "Env", "User", "WorkingDir", "StopSignal",
		NULL,
	};

	if (check(j, names, what, e) < 0 ||
	    check(json_object_get(j, "rootfs"), rootfs, what, e) < 0)
		return -1;
	return check(json_object_get(j, "config"), run, what, e);
}
