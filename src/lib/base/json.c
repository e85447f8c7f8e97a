/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.c - JSON with limits, by jansson
 */
#include "base/json.h"

#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "base/xalloc.h"

/* jansson tells "no memory" in the words of a syntax error, or by a NULL among
 * many; with this it does not come back at all. */
__attribute__((constructor)) static void use_xalloc(void)
{
	json_set_alloc_funcs(xmalloc, free);
}

void json_prepare(void)
{
	json_object_seed(0);
}

/* Are there more values than JSON_VALUES_MAX?  Each but the first stands after
 * one of three characters. */
static bool too_many(const char *text, size_t len)
{
	bool quoted = false;
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"')
			quoted = !quoted;
		else if (quoted)
			i += text[i] == '\\';
		else
			n += text[i] == ',' || text[i] == '[' || text[i] == '{';
	}
	return n > JSON_VALUES_MAX;
}

json_t *json_parse(const char *text, size_t len, const char *name,
		   struct err *e)
{
	json_error_t fault;
	json_t *j;

	if (too_many(text, len)) {
		err_set(e, ERR_INPUT, "'%s': more than %u values of JSON", name,
			JSON_VALUES_MAX);
		return NULL;
	}
	j = json_loadb(text ? text : "", len, JSON_REJECT_DUPLICATES, &fault);
	if (!j)
		err_set(e, ERR_INPUT, "'%s': not JSON: %d:%d: %s", name,
			fault.line, fault.column, fault.text);
	return j;
}

json_t *json_parse_object(const char *text, size_t len, const char *name,
			  struct err *e)
{
	json_t *j = json_parse(text, len, name, e);

	if (j && !json_is_object(j)) {
		err_set(e, ERR_INPUT, "'%s': not a JSON object", name);
		json_decref(j);
		return NULL;
	}
	return j;
}

static char *dump(const json_t *j, size_t flags)
{
	char *text = json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY | flags);

	if (!text)
		oom();
	return text;
}

char *json_text(const json_t *j)
{
	return dump(j, JSON_SORT_KEYS);
}

char *json_text_ordered(const json_t *j)
{
	return dump(j, 0);
}

const char *json_str(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

void json_put(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) < 0)
		oom();
}

/* JSON holds no byte that is not UTF-8, and a file's name may. */
static json_t *string_of(const char *value)
{
	AUTO_BUF struct buf shown = BUF_INIT(3 * strlen(value) + 1);
	json_t *j = json_string(value);
	size_t left = strlen(value);

	if (j)
		return j;
	while (left > 0) {
		size_t n = utf8_length(value, left);

		buf_add(&shown, n ? value : "\xef\xbf\xbd", n ? n : 3);
		value += n ? n : 1;
		left -= n ? n : 1;
	}
	return json_string(shown.data);
}

void json_put_str(json_t *object, const char *key, const char *value)
{
	json_put(object, key, string_of(value));
}

void json_add(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) < 0)
		oom();
}
