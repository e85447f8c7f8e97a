/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox.c - what a program may still do
 */
#include "base/sandbox.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

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

void sandbox_empty(struct sandbox *s, const char *folder)
{
	if (folder)
		add(s, xstrdup(folder), SANDBOX_EMPTY);
}

void sandbox_network(struct sandbox *s, enum sandbox_net net)
{
	if (net > s->net)
		s->net = net;
}

void sandbox_call(struct sandbox *s, uint16_t port)
{
	s->ports = xreallocarray(s->ports, s->n_ports + 1, sizeof(*s->ports));
	s->ports[s->n_ports++] = port;
}

void sandbox_signals(struct sandbox *s)
{
	s->signals = true;
}

void sandbox_release(struct sandbox *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->rules[i].path);
	free(s->rules);
	free(s->ports);
	*s = (struct sandbox)SANDBOX_INIT;
}
