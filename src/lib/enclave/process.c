/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.c - process.json: how odyn runs the application
 *
 * Trust: the text is hostile when it comes out of an image that somebody else
 * amended; inside the enclave it is measured.  process.json(5).
 */
#include "enclave/process.h"

#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"

#define NAME "process.json"

static const char *const known_members[] = {
	"argv", "cwd", "env", "gid", "groups", "schema", "stop_signal", "uid",
	"user",
};

/* A member that is not known here would be something that the image asks for
 * and does not get, so it is refused, whatever the number of the schema. */
static int check_members(json_t *j, struct err *e)
{
	const char *key;
	json_t *value;

	json_object_foreach(j, key, value) {
		size_t i = 0;

		while (i < ARRAY_SIZE(known_members) &&
		       strcmp(key, known_members[i]) != 0)
			i++;
		if (i == ARRAY_SIZE(known_members))
			return err_set(e, ERR_INPUT,
				       "'" NAME "': unknown member '%s'", key);
	}
	return 0;
}

static void free_words(char **words)
{
	if (!words)
		return;
	for (char **w = words; *w; w++)
		free(*w);
	free(words);
}

static char **words_parse(const json_t *j, const char *key, struct err *e)
{
	const json_t *array = json_object_get(j, key);
	size_t n = json_array_size(array);
	char **words;

	if (!json_is_array(array)) {
		err_set(e, ERR_INPUT,
			"'" NAME "': '%s' is not an array of strings", key);
		return NULL;
	}
	words = xcalloc(n + 1, sizeof(*words));
	for (size_t i = 0; i < n; i++) {
		const json_t *word = json_array_get(array, i);

		if (!json_is_string(word) ||
		    json_string_length(word) > PROCESS_WORD_MAX) {
			err_set(e, ERR_INPUT, "'" NAME "': '%s'[%zu] is not a "
				"string of at most %d bytes", key, i,
				PROCESS_WORD_MAX);
			free_words(words);
			return NULL;
		}
		words[i] = xstrdup(json_string_value(word));
	}
	return words;
}

static int int_parse(const json_t *j, const char *key, json_int_t min,
		     json_int_t max, json_int_t *out, struct err *e)
{
	const json_t *value = json_object_get(j, key);

	if (!json_is_integer(value) || json_integer_value(value) < min ||
	    json_integer_value(value) > max)
		return err_set(e, ERR_INPUT, "'" NAME "': '%s' is not a number "
			       "from %lld to %lld", key, (long long)min,
			       (long long)max);
	*out = json_integer_value(value);
	return 0;
}

static int groups_parse(const json_t *j, struct process *p, struct err *e)
{
	const json_t *array = json_object_get(j, "groups");
	size_t n = json_array_size(array);

	if (!json_is_array(array) || n > PROCESS_GROUPS_MAX)
		return err_set(e, ERR_INPUT, "'" NAME "': 'groups' is not an "
			       "array of at most %d numbers",
			       PROCESS_GROUPS_MAX);
	p->groups = xcalloc(n + 1, sizeof(*p->groups));
	for (size_t i = 0; i < n; i++) {
		const json_t *value = json_array_get(array, i);
		json_int_t id = json_integer_value(value);

		if (!json_is_integer(value) || id < 0 || id > PROCESS_ID_MAX)
			return err_set(e, ERR_INPUT, "'" NAME "': 'groups'[%zu]"
				       " is not a group id", i);
		if (i > 0 && (uint32_t)id <= p->groups[i - 1])
			return err_set(e, ERR_INPUT, "'" NAME "': 'groups' is "
				       "not in ascending order");
		p->groups[i] = (uint32_t)id;
	}
	p->n_groups = n;
	return 0;
}

static int identity_parse(const json_t *j, struct process *p, struct err *e)
{
	const json_t *user = json_object_get(j, "user");
	json_int_t uid, gid;

	if (user) {
		if (!json_is_string(user))
			return err_set(e, ERR_INPUT,
				       "'" NAME "': 'user' is not a string");
		if (json_object_get(j, "uid") || json_object_get(j, "gid") ||
		    json_object_get(j, "groups"))
			return err_set(e, ERR_INPUT, "'" NAME "': 'user' stands"
				       " beside 'uid', 'gid' or 'groups'");
		p->user = xstrdup(json_string_value(user));
		return 0;
	}
	if (int_parse(j, "uid", 0, PROCESS_ID_MAX, &uid, e) < 0 ||
	    int_parse(j, "gid", 0, PROCESS_ID_MAX, &gid, e) < 0)
		return -1;
	p->uid = (uint32_t)uid;
	p->gid = (uint32_t)gid;
	return groups_parse(j, p, e);
}

/* The kernel counts strings and pointers alike (fs/exec.c, bprm_stack_limits);
 * past its limit the exec in the enclave would fail with E2BIG. */
static int check_exec_size(const struct process *p, struct err *e)
{
	size_t total = 0;

	for (char **w = p->argv; *w; w++)
		total += strlen(*w) + 1 + sizeof(*w);
	for (char **w = p->env; *w; w++)
		total += strlen(*w) + 1 + sizeof(*w);
	if (total > PROCESS_EXEC_MAX)
		return err_set(e, ERR_INPUT, "'" NAME "': arguments and "
			       "environment take %zu bytes, the kernel allows "
			       "%d", total, PROCESS_EXEC_MAX);
	return 0;
}

static int check_words(const struct process *p, struct err *e)
{
	if (!p->argv[0] || !*p->argv[0])
		return err_set(e, ERR_INPUT,
			       "'" NAME "': 'argv' names no command");
	for (size_t i = 0; p->env[i]; i++) {
		const char *equals = strchr(p->env[i], '=');

		if (!equals || equals == p->env[i])
			return err_set(e, ERR_INPUT, "'" NAME "': 'env'[%zu] is"
				       " not NAME=value", i);
	}
	if (!p->cwd || p->cwd[0] != '/')
		return err_set(e, ERR_INPUT,
			       "'" NAME "': 'cwd' is not an absolute path");
	return check_exec_size(p, e);
}

int process_parse(const char *text, size_t len, struct process *p,
		  struct err *e)
{
	AUTO_PROCESS struct process got = { .argv = NULL };
	AUTO_JSON json_t *j = NULL;
	const char *schema;
	json_int_t signal;

	if (len > PROCESS_JSON_MAX)
		return err_set(e, ERR_INPUT, "'" NAME "' is larger than %u "
			       "bytes", PROCESS_JSON_MAX);
	j = json_parse_object(text, len, NAME, e);
	if (!j)
		return -1;
	schema = json_str(j, "schema");
	if (!schema || strcmp(schema, PROCESS_SCHEMA) != 0)
		return err_set(e, ERR_INPUT, "'" NAME "': 'schema' is not '"
			       PROCESS_SCHEMA "'");
	if (check_members(j, e) < 0)
		return -1;
	got.argv = words_parse(j, "argv", e);
	if (!got.argv)
		return -1;
	got.env = words_parse(j, "env", e);
	if (!got.env)
		return -1;
	if (int_parse(j, "stop_signal", 1, PROCESS_SIGNAL_MAX, &signal, e) < 0 ||
	    identity_parse(j, &got, e) < 0)
		return -1;
	got.stop_signal = (int)signal;
	got.cwd = json_str(j, "cwd") ? xstrdup(json_str(j, "cwd")) : NULL;
	if (check_words(&got, e) < 0)
		return -1;
	*p = got;
	got = (struct process){ .argv = NULL };
	return 0;
}

static json_t *string(const char *s)
{
	json_t *j = json_string(s);

	if (!j)		/* not UTF-8, or out of memory: never with our data */
		oom();
	return j;
}

static json_t *words_json(char *const *words)
{
	json_t *array = json_array();

	for (; *words; words++)
		json_add(array, string(*words));
	return array;
}

char *process_text(const struct process *p)
{
	AUTO_JSON json_t *j = json_object();
	AUTO_FREE char *line = NULL;

	json_put_str(j, "schema", PROCESS_SCHEMA);
	json_put(j, "argv", words_json(p->argv));
	json_put(j, "env", words_json(p->env));
	json_put(j, "cwd", string(p->cwd));
	json_put(j, "stop_signal", json_integer(p->stop_signal));
	if (p->user) {
		json_put(j, "user", string(p->user));
	} else {
		json_t *groups = json_array();

		for (size_t i = 0; i < p->n_groups; i++)
			json_add(groups, json_integer(p->groups[i]));
		json_put(j, "uid", json_integer(p->uid));
		json_put(j, "gid", json_integer(p->gid));
		json_put(j, "groups", groups);
	}
	line = json_text(j);
	return xasprintf("%s\n", line);
}

void process_release(struct process *p)
{
	free_words(p->argv);
	free_words(p->env);
	free(p->cwd);
	free(p->user);
	free(p->groups);
	*p = (struct process){ .argv = NULL };
}
