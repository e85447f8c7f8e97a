/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox.c - what a program may still do, and entering
 */
#include "base/sandbox.h"

#include <dirent.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/sandbox_parts.h"
#include "base/xalloc.h"

static void add(struct sandbox *s, char *path, enum sandbox_access access)
{
	s->rules = xreallocarray(s->rules, s->n + 1, sizeof(*s->rules));
	s->rules[s->n++] = (struct sandbox_rule){ path, access };
}

void sandbox_read(struct sandbox *s, const char *path)
{
	if (path)
		add(s, xstrdup(path), SANDBOX_READ);
}

void sandbox_read_links(struct sandbox *s, const char *folder)
{
	DIR *d = opendir(folder);
	struct dirent *entry;
	int n = 0;

	while (d && n < SANDBOX_LINKS_MAX && (entry = readdir(d))) {
		AUTO_FREE char *path = xasprintf("%s/%s", folder,
						 entry->d_name);
		struct stat st;

		if (entry->d_type != DT_LNK &&
		    (entry->d_type != DT_UNKNOWN || lstat(path, &st) < 0 ||
		     !S_ISLNK(st.st_mode)))
			continue;
		sandbox_read(s, path);
		n++;
	}
	if (d)
		closedir(d);
}

void sandbox_change(struct sandbox *s, const char *folder)
{
	if (folder)
		add(s, xstrdup(folder), SANDBOX_CHANGE);
}

void sandbox_publish(struct sandbox *s, const char *file)
{
	const char *slash = strrchr(file, '/');

	add(s, slash ? xstrndup(file, (size_t)(slash - file) + 1) :
		       xstrdup("."), SANDBOX_PUBLISH);
}

void sandbox_network(struct sandbox *s, enum sandbox_net net)
{
	if (net > s->net)
		s->net = net;
}

void sandbox_release(struct sandbox *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->rules[i].path);
	free(s->rules);
	*s = (struct sandbox)SANDBOX_INIT;
}

int sandbox_enter(const struct sandbox *s, struct err *e)
{
	struct err ignored;
	int files;

	/* Without it neither is for those who are not root. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0)
		return err_sys(e, "the kernel does not know no_new_privs");
	files = sandbox_files(s, e);
	if (sandbox_calls(s->net, files < 0 ? &ignored : e) < 0)
		return -1;
	return files;
}
