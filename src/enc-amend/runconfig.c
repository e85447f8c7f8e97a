/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runconfig.c - an image's way to run: read, and replaced by odyn's
 */
#include "enc-amend/runconfig.h"

#include <inttypes.h>
#include <string.h>

#include "base/xalloc.h"

#define DEFAULT_STOP_SIGNAL 15	/* SIGTERM, as Docker has it */

/* The string member, "" when it is null or missing; NULL with *e filled in
 * when it is anything else. */
static const char *text_of(const json_t *run, const char *key, struct err *e)
{
	const json_t *j = json_object_get(run, key);

	if (!j || json_is_null(j))
		return "";
	if (!json_is_string(j))
		err_set(e, ERR_INPUT,
			"the image's '%s' is not a string", key);
	return json_string_value(j);
}

/* Appends the words of an array, or nothing when it is null or missing, to a
 * NULL-terminated vector of *n words. */
static int add_words(const json_t *run, const char *key, char ***words,
		     size_t *n, struct err *e)
{
	const json_t *array = json_object_get(run, key);
	size_t more = json_array_size(array);

	if (array && !json_is_array(array) && !json_is_null(array))
		return err_set(e, ERR_INPUT,
			       "the image's '%s' is not an array", key);
	*words = xreallocarray(*words, *n + more + 1, sizeof(**words));
	(*words)[*n] = NULL;
	for (size_t i = 0; i < more; i++) {
		const json_t *word = json_array_get(array, i);

		if (!json_is_string(word))
			return err_set(e, ERR_INPUT,
				       "the image's '%s'[%zu] is not a string",
				       key, i);
		(*words)[(*n)++] = xstrdup(json_string_value(word));
		(*words)[*n] = NULL;
	}
	return 0;
}

static int read_command(const json_t *run, struct process *p, struct err *e)
{
	size_t n = 0;

	if (add_words(run, "Entrypoint", &p->argv, &n, e) < 0 ||
	    add_words(run, "Cmd", &p->argv, &n, e) < 0)
		return -1;
	if (n == 0)
		return err_set(e, ERR_INPUT,
			       "the image has neither ENTRYPOINT nor CMD: there is nothing to run; set one where the image is built");
	return 0;
}

static int read_env(const json_t *run, struct process *p, struct err *e)
{
	size_t n = 0;

	if (add_words(run, "Env", &p->env, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (strcspn(p->env[i], "=") == 0 || !strchr(p->env[i], '='))
			return err_set(e, ERR_INPUT,
				       "the image's 'Env'[%zu] is '%s', not NAME=value",
				       i, p->env[i]);
	return 0;
}

static int read_stop_signal(const json_t *run, struct process *p,
			    struct err *e)
{
	const char *name = text_of(run, "StopSignal", e);

	if (!name)
		return -1;
	p->stop_signal = *name ? process_signal(name) : DEFAULT_STOP_SIGNAL;
	if (p->stop_signal < 0)
		return err_set(e, ERR_INPUT,
			       "the image's 'StopSignal' is '%s', which is no signal",
			       name);
	return 0;
}

/* Limits that are the same for whoever reads process.json later. */
static int check(const struct process *p, struct err *e)
{
	AUTO_PROCESS struct process again = { .argv = NULL };
	AUTO_FREE char *text = process_text(p);

	return process_parse(text, strlen(text), &again, e);
}

int runconfig_process(const struct image *img, struct process *p,
		      struct err *e)
{
	AUTO_PROCESS struct process new = { .argv = NULL };
	const json_t *run = image_run_config(img);
	const char *cwd = text_of(run, "WorkingDir", e);
	const char *user = text_of(run, "User", e);

	if (!cwd || !user || read_command(run, &new, e) < 0 ||
	    read_env(run, &new, e) < 0 || read_stop_signal(run, &new, e) < 0)
		return -1;
	/* Docker takes a relative one as below the root. */
	new.cwd = *cwd == '/' ? xstrdup(cwd) : xasprintf("/%s", cwd);
	new.user = xstrdup(user);
	if (check(&new, e) < 0)
		return -1;
	*p = new;
	new = (struct process){ .argv = NULL };
	return 0;
}

json_t *runconfig_amended(const struct image *img, const struct process *p,
			  uint64_t log_buffer, const char *created)
{
	AUTO_FREE char *size = xasprintf("%" PRIu64, log_buffer);
	json_t *entrypoint = json_array();
	json_t *config, *run;

	json_add(entrypoint, json_string(ODYN_PATH));
	json_add(entrypoint, json_string("--config-dir"));
	json_add(entrypoint, json_string(CONFIG_DIR));
	if (log_buffer) {
		json_add(entrypoint, json_string("--log-buffer"));
		json_add(entrypoint, json_string(size));
	}
	json_add(entrypoint, json_string("--"));
	for (char **word = p->argv; *word; word++)
		json_add(entrypoint, json_string(*word));
	config = image_config_for(img, entrypoint, created, &run);
	json_object_del(run, "User");
	json_object_del(run, "WorkingDir");
	return config;
}

bool runconfig_is_amended(const struct image *img)
{
	const json_t *entrypoint = json_object_get(image_run_config(img),
						   "Entrypoint");
	const char *first = json_string_value(json_array_get(entrypoint, 0));

	return first && strcmp(first, ODYN_PATH) == 0;
}
