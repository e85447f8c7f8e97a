/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expect.c - the measurements that somebody wrote down, and those that are
 */
#include "eif/expect.h"

#include <fcntl.h>
#include <string.h>

#include "base/buf.h"

#define EXPECT_MAX (1u << 20)	/* bytes of the file */
#define PCRS	   32u
#define KEY_MAX	   8		/* "PCR31" */

static void key_of(unsigned pcr, char key[KEY_MAX])
{
	snprintf(key, KEY_MAX, "PCR%u", pcr);
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

/* What somebody wrote as a register and would not be looked at is a demand that
 * nobody checks: "pcr0" beside PCR1, PCR32, or a PCR beside Measurements. */
static bool is_stray(const char *key, bool outside)
{
	if (strncasecmp(key, "PCR", 3) == 0) {
		for (unsigned i = 0; !outside && i < PCRS; i++) {
			char good[KEY_MAX];

			key_of(i, good);
			if (strcmp(key, good) == 0)
				return false;
		}
		return true;
	}
	return strcasecmp(key, "Measurements") == 0 &&
	       (!outside || strcmp(key, "Measurements") != 0);
}

static int check_strays(json_t *object, bool outside, const char *file,
			struct err *e)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
		if (is_stray(key, outside))
			return err_set(e, ERR_INPUT,
				       "'%s': '%s' would not be looked at: PCR0 to PCR31 belong in one object",
				       file, key);
	return 0;
}

json_t *expect_read(const char *file, struct err *e)
{
	AUTO_BUF struct buf text = BUF_INIT(EXPECT_MAX);
	AUTO_JSON json_t *all = NULL;
	const char *json;
	json_t *want;
	unsigned found = 0;

	if (buf_read_file(&text, AT_FDCWD, file, e) < 0)
		return NULL;
	json = find_json(&text);
	all = json_parse_object(json, text.len - (size_t)(json - text.data),
				file, e);
	if (!all)
		return NULL;
	want = json_object_get(all, "Measurements");
	if (!want)
		want = all;
	for (unsigned i = 0; i < PCRS; i++) {
		char key[KEY_MAX];
		const json_t *value;

		key_of(i, key);
		value = json_object_get(want, key);
		if (value && !json_is_string(value)) {
			err_set(e, ERR_INPUT,
				"'%s': %s is no string of hex digits", file,
				key);
			return NULL;
		}
		found += value != NULL;
	}
	if (found == 0) {
		err_set(e, ERR_INPUT,
			"'%s' has no PCR0: give what 'enclaver build' or 'enc-run describe-eif' printed",
			file);
		return NULL;
	}
	if ((want != all && check_strays(all, true, file, e) < 0) ||
	    check_strays(want, false, file, e) < 0)
		return NULL;
	return json_incref(want);
}

/* Hex digits mean the same in both cases. */
static int compare(const char *key, const char *want, const char *is,
		   const char *name, struct err *e)
{
	if (!is && strcmp(key, "PCR8") == 0)
		return err_set(e, ERR_VERIFY,
			       "'%s' is not signed, and %s is expected to be %s",
			       name, key, want);
	if (!is)
		return err_set(e, ERR_VERIFY,
			       "'%s' tells no %s, and it is expected to be %s",
			       name, key, want);
	if (strcasecmp(want, is) != 0)
		return err_set(e, ERR_VERIFY,
			       "'%s' has another %s than expected: it is %s, and not %s",
			       name, key, is, want);
	return 0;
}

int expect_check(const json_t *want, const json_t *is, const char *name,
		 struct err *e)
{
	for (unsigned i = 0; i < PCRS; i++) {
		char key[KEY_MAX];
		const char *value;

		key_of(i, key);
		value = json_str(want, key);
		if (value &&
		    compare(key, value, json_str(is, key), name, e) < 0)
			return -1;
	}
	return 0;
}
