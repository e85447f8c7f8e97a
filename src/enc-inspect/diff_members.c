/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff_members.c - two values of JSON, member by member
 *
 * Both are hostile.  json.h's limits hold for each; every member is looked at
 * once.
 */
#include <string.h>

#include "base/xalloc.h"
#include "enc-inspect/diff.h"

#define NAMES_MAX ((size_t)64 << 20)	/* more than a document has */

struct walk {
	struct diff *d;
	struct buf   name;	/* of the member that is looked at */
};

/* "- NAME VALUE" and "+ NAME VALUE" */
static void add_line(struct walk *w, char sign, const char *text)
{
	struct buf *out = &w->d->members;

	if (!text)
		return;
	buf_addf(out, "%c ", sign);
	text_add(out, w->name.data, w->name.len);
	buf_addc(out, ' ');
	text_adds(out, text);
	buf_addc(out, '\n');
}

/* Any value as text, a string with its quotes; NULL when there is none. */
static char *value_text(const json_t *value)
{
	char *text;

	if (!value)
		return NULL;
	text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS |
			  JSON_ENCODE_ANY);
	if (!text)
		oom();
	return text;
}

static int differs(struct walk *w, json_t *a, json_t *b, struct err *e)
{
	AUTO_FREE char *old = value_text(a), *new = value_text(b);
	size_t len = 2 * w->name.len + (old ? strlen(old) : 0) +
		     (new ? strlen(new) : 0);
	json_t *one;

	if (diff_room(&w->d->members, len, e) < 0)
		return -1;
	if (!w->d->json) {
		add_line(w, '-', old);
		add_line(w, '+', new);
		return 0;
	}
	one = json_object();
	json_put(one, "name", text_json_string(w->name.data, w->name.len));
	if (a)
		json_put(one, "a", json_incref(a));
	if (b)
		json_put(one, "b", json_incref(b));
	diff_add_json(&w->d->members, one);
	return 0;
}

static int compare(struct walk *w, json_t *a, json_t *b, struct err *e);

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of both, sorted; each may be there twice.  New array. */
static const char **names_of(json_t *a, json_t *b, size_t *n)
{
	size_t room = json_object_size(a) + json_object_size(b);
	const char **names = xcalloc(room + 1, sizeof(*names));
	const char *key;
	json_t *value;

	*n = 0;
	json_object_foreach(a, key, value)
		names[(*n)++] = key;
	json_object_foreach(b, key, value)
		names[(*n)++] = key;
	qsort(names, *n, sizeof(*names), by_name);
	return names;
}

static json_t *env_object(const json_t *env);

/* PATH=/bin as a member PATH.  Where only the order differs, or one is no list
 * of variables, the whole of it is compared. */
static int compare_env(struct walk *w, json_t *a, json_t *b, struct err *e)
{
	AUTO_JSON json_t *x = env_object(a);
	AUTO_JSON json_t *y = env_object(b);

	if (!x || !y || json_equal(x, y))
		return json_equal(a, b) ? 0 : differs(w, a, b, e);
	return compare(w, x, y, e);
}

static int compare_objects(struct walk *w, json_t *a, json_t *b,
			   struct err *e)
{
	size_t n, before = w->name.len;
	AUTO_FREE const char **names = names_of(a, b, &n);

	for (size_t i = 0; i < n; i++) {
		json_t *x = json_object_get(a, names[i]);
		json_t *y = json_object_get(b, names[i]);
		int result;

		if (i > 0 && strcmp(names[i - 1], names[i]) == 0)
			continue;
		if (before > 0)
			buf_addc(&w->name, '.');
		buf_adds(&w->name, names[i]);
		if (strcmp(names[i], "Env") == 0 && json_is_array(x) &&
		    json_is_array(y))
			result = compare_env(w, x, y, e);
		else
			result = compare(w, x, y, e);
		w->name.len = before;
		if (result < 0)
			return -1;
	}
	return 0;
}

static int compare(struct walk *w, json_t *a, json_t *b, struct err *e)
{
	if (json_is_object(a) && json_is_object(b))
		return compare_objects(w, a, b, e);
	if (a && b && json_equal(a, b))
		return 0;
	return differs(w, a, b, e);
}

/* New object, or NULL: something else is in there, or a name twice. */
static json_t *env_object(const json_t *env)
{
	AUTO_JSON json_t *all = json_object();
	json_t *word;
	size_t i;

	json_array_foreach(env, i, word) {
		const char *text = json_string_value(word);
		const char *equals = text ? strchr(text, '=') : NULL;
		AUTO_FREE char *name = NULL;

		if (!equals)
			return NULL;
		name = xstrndup(text, (size_t)(equals - text));
		if (json_object_get(all, name))
			return NULL;
		json_put(all, name, json_string(equals + 1));
	}
	return steal_ptr(&all);
}

int diff_members(struct diff *d, json_t *a, json_t *b, struct err *e)
{
	struct walk w = { .d = d, .name = BUF_INIT(NAMES_MAX) };
	int result = compare(&w, a, b, e);

	buf_release(&w.name);
	return result;
}
