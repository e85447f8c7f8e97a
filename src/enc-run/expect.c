/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expect.c - the measurements that somebody wrote down, and those of an EIF
 */
#include "enc-run/expect.h"

#include <fcntl.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "eif/measurements.h"

#define EXPECT_MAX (1u << 20)	/* bytes of the file */

/* Hex digits mean the same in both cases. */
static int compare(const char *key, const json_t *want, const json_t *is,
		   const char *name, struct err *e)
{
	const char *a = json_string_value(want), *b = json_string_value(is);

	if (!a)
		return err_set(e, ERR_INPUT, "%s is no string of hex digits",
			       key);
	if (!b)
		return err_set(e, ERR_VERIFY,
			       "'%s' is not signed, and %s is expected to be %s",
			       name, key, a);
	if (strcasecmp(a, b) != 0)
		return err_set(e, ERR_VERIFY,
			       "'%s' has another %s than expected: it is %s, and not %s",
			       name, key, b, a);
	return 0;
}

/* "enclaver build --eif-only" has two lines of text before it. */
static const char *find_json(const struct buf *text)
{
	const char *nl = text->data;

	while (nl && *nl != '{') {
		nl = strchr(nl, '\n');
		if (nl)
			nl++;
	}
	return nl ? nl : text->data;
}

int expect_check(const char *file, const struct pcrs *pcrs, const char *name,
		 struct err *e)
{
	static const char *const keys[] = { "PCR0", "PCR1", "PCR2", "PCR8" };
	AUTO_BUF struct buf text = BUF_INIT(EXPECT_MAX);
	AUTO_JSON json_t *all = NULL;
	AUTO_JSON json_t *is = measurements_json(pcrs);
	const json_t *want;
	const char *json;

	if (buf_read_file(&text, AT_FDCWD, file, e) < 0)
		return -1;
	json = find_json(&text);
	all = json_parse_object(json, text.len - (size_t)(json - text.data),
				file, e);
	if (!all)
		return -1;
	want = json_object_get(all, "Measurements");
	if (!want)
		want = all;
	if (!json_object_get(want, keys[0]))
		return err_set(e, ERR_INPUT,
			       "'%s' has no PCR0: give what 'enclaver build' or 'enc-run describe-eif' printed",
			       file);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const json_t *value = json_object_get(want, keys[i]);

		if (value && compare(keys[i], value,
				     json_object_get(is, keys[i]), name,
				     e) < 0)
			return e->class == ERR_INPUT ?
				       err_wrap(e, "'%s'", file) : -1;
	}
	return 0;
}
