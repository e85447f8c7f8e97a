/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.c - process.json made final, and checked against the tree
 *
 * enc-amend wrote down what the image asks for; only here is the merged tree
 * at hand in which its user, folder and command must be found.
 */
#include <string.h>

#include "base/xalloc.h"
#include "enc-eif/rootfs.h"
#include "enclave/process.h"

#define ACCOUNTS_MAX (4u << 20)		/* of passwd and of group */

static int resolve_user(struct rootfs *r, struct process *p, struct err *e)
{
	AUTO_BUF struct buf passwd = BUF_INIT(ACCOUNTS_MAX);
	AUTO_BUF struct buf group = BUF_INIT(ACCOUNTS_MAX);
	bool ignored;	/* a buffer without data: not there, or empty */

	if (!p->user)
		return 0;
	if (rootfs_text(r, "etc/passwd", &passwd, &ignored, e) < 0 ||
	    rootfs_text(r, "etc/group", &group, &ignored, e) < 0)
		return -1;
	return process_resolve_user(p, passwd.data, group.data, e);
}

/* A WORKDIR that is not there is made, as engines do. */
static int make_folder(struct rootfs *r, const char *cwd, struct err *e)
{
	const struct node *n = tree_find(r->tree, cwd + strspn(cwd, "/"), true);

	if (n && !S_ISDIR(n->inode->mode))
		return err_set(e, ERR_INPUT,
			       "WORKDIR '%s' is not a folder in the image", cwd);
	if (!n && tree_make_folder(r->tree, cwd, e) < 0)
		return err_wrap(e, "WORKDIR '%.200s'", cwd);
	return 0;
}

static const struct node *program_at(const struct rootfs *r, const char *folder,
				     size_t len, const char *name)
{
	AUTO_FREE char *path = xasprintf("%.*s/%s", (int)len, folder, name);
	const struct node *n = tree_find(r->tree, path + strspn(path, "/"),
					 true);

	return n && S_ISREG(n->inode->mode) ? n : NULL;
}

/* argv[0] as execvp() would find it in the enclave. */
static const struct node *find_program(const struct rootfs *r,
				       const struct process *p)
{
	const char *name = p->argv[0], *path = PROCESS_DEFAULT_PATH;

	if (name[0] == '/')
		return program_at(r, "", 0, name);
	if (strchr(name, '/'))
		return program_at(r, p->cwd, strlen(p->cwd), name);
	for (char **env = p->env; *env; env++)
		if (strncmp(*env, "PATH=", 5) == 0)
			path = *env + 5;
	while (*path) {
		size_t len = strcspn(path, ":");
		const struct node *n = program_at(r, path, len, name);

		if (n)
			return n;
		path += len;
		path += *path == ':';
	}
	return NULL;
}

static int check_program(const struct rootfs *r, const struct process *p,
			 struct err *e)
{
	const struct node *n = find_program(r, p);

	if (!n)
		return err_set(e, ERR_INPUT,
			       "the command '%s' of the image is not in it",
			       p->argv[0]);
	if (!(n->inode->mode & 0111))
		return err_set(e, ERR_INPUT,
			       "the command '%s' of the image is not executable",
			       p->argv[0]);
	return 0;
}

static int put_back(struct rootfs *r, const struct process *p, struct err *e)
{
	AUTO_SPOOL_WRITER struct spool_writer w = { .spool = NULL };
	AUTO_FREE char *text = process_text(p);
	struct inode *file;
	uint64_t body;

	spool_writer_init(&w, &r->spool);
	if (spool_begin(&w, strlen(text), &body, e) < 0 ||
	    spool_write(&w, text, strlen(text), e) < 0 ||
	    spool_flush(&w, e) < 0)
		return -1;
	file = inode_new();
	file->mode = S_IFREG | 0644;
	file->size = strlen(text);
	file->body = body;
	return tree_add(r->tree, PROCESS_PATH, file, e);
}

int rootfs_process(struct rootfs *r, struct err *e)
{
	AUTO_BUF struct buf text = BUF_INIT(PROCESS_JSON_MAX);
	AUTO_PROCESS struct process p = { .argv = NULL };
	bool found;

	if (rootfs_text(r, PROCESS_PATH, &text, &found, e) < 0)
		return -1;
	if (!found)
		return err_set(e, ERR_INPUT,
			       "the image is marked as amended and has no '/%s': amend the original again",
			       PROCESS_PATH);
	if (process_parse(text.data ? text.data : "", text.len, &p, e) < 0)
		return err_wrap(e, "'/%s'", PROCESS_PATH);
	if (resolve_user(r, &p, e) < 0 || make_folder(r, p.cwd, e) < 0 ||
	    check_program(r, &p, e) < 0)
		return -1;
	return put_back(r, &p, e);
}
