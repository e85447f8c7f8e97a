/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rootfs.c - the merged tree made ready to boot
 */
#include "enc-eif/rootfs.h"

#include <string.h>

#include "base/xalloc.h"
#include "enclave/process.h"
#include "image/annotation.h"
#include "image/layer.h"

/* What init mounts on; nitro-cli makes the same ones. */
static const struct mount_point {
	const char *path;
	uint32_t    mode;
} mount_points[] = {
	{ "dev", 0755 },  { "proc", 0755 }, { "run", 0755 },
	{ "sys", 0755 },  { "tmp", 01777 }, { "var", 0755 },
};

static int add_mount_points(struct tree *t, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(mount_points); i++) {
		const struct mount_point *m = &mount_points[i];
		const struct node *n = tree_find(t, m->path, false);
		struct inode *made;

		if (!n) {
			made = inode_new();
			made->mode = S_IFDIR | m->mode;
			if (tree_add(t, m->path, made, e) < 0)
				return -1;
			continue;
		}
		n = tree_find(t, m->path, true);
		if (!n || !S_ISDIR(n->inode->mode))
			return err_set(e, ERR_INPUT,
				       "'/%s' of the image is not a folder, and the enclave needs it to be one",
				       m->path);
	}
	return 0;
}

/* One word a line; a word that a line cannot hold is left out, and odyn, which
 * has it from process.json, sets it. */
static int add_lines(struct buf *b, const json_t *words, const char *what,
		     struct err *e)
{
	const json_t *word;
	size_t i;

	if (words && !json_is_array(words) && !json_is_null(words))
		return err_set(e, ERR_INPUT,
			       "the image's configuration: '%s' is not an array",
			       what);
	json_array_foreach(words, i, word) {
		const char *text = json_string_value(word);

		if (!text)
			return err_set(e, ERR_INPUT,
				       "the image's configuration: '%s' holds what is not a string",
				       what);
		if (strchr(text, '\n'))
			continue;
		if (buf_append(b, text, strlen(text)) < 0 ||
		    buf_append(b, "\n", 1) < 0)
			return err_set(e, ERR_INPUT,
				       "the image's configuration: '%s' has more than %u bytes",
				       what, ROOTFS_TEXT_MAX);
	}
	return 0;
}

int rootfs_command(struct rootfs *r, const struct image *img, struct err *e)
{
	const json_t *config = image_run_config(img);

	if (add_lines(&r->cmd, json_object_get(config, "Entrypoint"),
		      "Entrypoint", e) < 0 ||
	    add_lines(&r->cmd, json_object_get(config, "Cmd"), "Cmd", e) < 0 ||
	    add_lines(&r->env, json_object_get(config, "Env"), "Env", e) < 0)
		return -1;
	/* A line may be empty, but not the first, the program. */
	if (r->cmd.len == 0 || r->cmd.data[0] == '\n')
		return err_set(e, ERR_INPUT,
			       "the image has neither ENTRYPOINT nor CMD: nothing would run");
	return 0;
}

static bool has_newline(const json_t *words)
{
	const json_t *word;
	size_t i;

	json_array_foreach(words, i, word)
		if (json_string_value(word) &&
		    strchr(json_string_value(word), '\n'))
			return true;
	return false;
}

static bool is_root(const char *user)
{
	return !user || !*user || strcmp(user, "0") == 0 ||
	       strcmp(user, "root") == 0 || strcmp(user, "0:0") == 0 ||
	       strcmp(user, "root:root") == 0;
}

static int check_string(const json_t *config, const char *key, struct err *e)
{
	const json_t *value = json_object_get(config, key);

	if (!value || json_is_null(value) || json_is_string(value))
		return 0;
	return err_set(e, ERR_INPUT,
		       "the image's configuration: '%s' is not a string", key);
}

/* What an exec in the enclave would fail at. */
static int check_words(const struct rootfs *r, const json_t *config,
		       struct err *e)
{
	const json_t *env = json_object_get(config, "Env"), *word;
	size_t words = json_array_size(json_object_get(config, "Entrypoint")) +
		       json_array_size(json_object_get(config, "Cmd")) +
		       json_array_size(env);
	size_t total = r->cmd.len + r->env.len + words * sizeof(char *), i;

	if (total > PROCESS_EXEC_MAX)
		return err_set(e, ERR_INPUT,
			       "the image's ENTRYPOINT, CMD and ENV take %zu bytes, the kernel allows %d",
			       total, PROCESS_EXEC_MAX);
	json_array_foreach(env, i, word) {
		const char *text = json_string_value(word);

		if (*text == '=' || !strchr(text, '='))
			return err_set(e, ERR_INPUT,
				       "the image's 'Env'[%zu] is '%.200s', not NAME=value",
				       i, text);
	}
	return 0;
}

/* An image that enc-amend did not touch has no odyn that could honour its USER
 * and WORKDIR. */
static int check_plain(const struct rootfs *r, const struct image *img,
		       struct err *e)
{
	const json_t *config = image_run_config(img);
	const char *folder = json_str(config, "WorkingDir");

	if (check_string(config, "User", e) < 0 ||
	    check_string(config, "WorkingDir", e) < 0 ||
	    check_words(r, config, e) < 0)
		return -1;
	if (!is_root(json_str(config, "User")))
		return err_set(e, ERR_INPUT,
			       "the image runs as USER '%s', which takes odyn: pass it through enc-amend first",
			       json_str(config, "User"));
	if (folder && *folder && strcmp(folder, "/") != 0)
		return err_set(e, ERR_INPUT,
			       "the image runs in WORKDIR '%s', which takes odyn: pass it through enc-amend first",
			       folder);
	if (has_newline(json_object_get(config, "Env")) ||
	    has_newline(json_object_get(config, "Entrypoint")) ||
	    has_newline(json_object_get(config, "Cmd")))
		return err_set(e, ERR_INPUT,
			       "a newline in ENV, ENTRYPOINT or CMD takes odyn: pass the image through enc-amend first");
	return 0;
}

int rootfs_text(const struct rootfs *r, const char *path, struct buf *b,
		bool *found, struct err *e)
{
	const struct node *n = tree_find(r->tree, path, true);

	*found = n && S_ISREG(n->inode->mode);
	if (!*found)
		return 0;
	return layer_file(&r->spool, n->inode, path, b, e);
}

int rootfs_fill(struct rootfs *r, const struct image *img, uint64_t max,
		struct progress *p, struct err *e)
{
	r->tree = tree_new();
	if (layers_merge(img, &r->spool, r->tree, max, p, e) < 0 ||
	    add_mount_points(r->tree, e) < 0 ||
	    rootfs_command(r, img, e) < 0)
		return -1;
	if (image_annotation(img, ANNOTATION_AMENDED))
		return rootfs_process(r, e) < 0 ? -1 : rootfs_services(r, e);
	if (tree_find(r->tree, PROCESS_PATH, true))
		return err_set(e, ERR_INPUT,
			       "the image was amended and lost its annotations on the way (docker save has no place for them), and with them what its manifest asks for: give the path that enc-amend printed");
	return check_plain(r, img, e);
}

void rootfs_release(struct rootfs *r)
{
	tree_free(r->tree);
	spool_release(&r->spool);
	buf_release(&r->cmd);
	buf_release(&r->env);
}
