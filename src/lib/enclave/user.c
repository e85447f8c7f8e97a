/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user.c - Docker's USER, looked up in the image's own passwd and group
 *
 * Trust: both files come out of the image and are hostile.  Nothing is read
 * but the line that is looked for; a line that is out of order matches
 * nothing, or is an error when it is the one (Docker reads a number that is
 * none as 0, which would make it root).  passwd(5), group(5).
 */
#include "enclave/process.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"
#include "base/xalloc.h"

#define FIELDS 6		/* name:password:uid:gid:text:home; of a group's
				 * line name:password:gid:list */

struct field {
	const char *s;
	size_t len;
};

static bool is(const struct field *f, const char *s, size_t len)
{
	return f->len == len && memcmp(f->s, s, len) == 0;
}

/* Digits alone; -1 when there are others, none, or when it is no id. */
static int64_t id_number(const char *s, size_t len)
{
	int64_t n = 0;

	if (len == 0)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		n = n * 10 + (s[i] - '0');
		if (n > PROCESS_ID_MAX)
			return -1;
	}
	return n;
}

static bool all_digits(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && s[n] >= '0' && s[n] <= '9')
		n++;
	return len > 0 && n == len;
}

/* Cuts the next line off *text: its first fields, blank when missing.
 * false at the end. */
static bool next_line(const char **text, struct field f[FIELDS])
{
	const char *at = *text;
	const char *end;

	if (!at || !*at)
		return false;
	end = strchrnul(at, '\n');
	*text = *end ? end + 1 : end;
	for (size_t i = 0; i < FIELDS; i++) {
		const char *colon = memchr(at, ':', (size_t)(end - at));
		const char *stop = colon ? colon : end;

		f[i] = (struct field){ at, (size_t)(stop - at) };
		at = colon ? colon + 1 : end;
	}
	return true;
}

/* Is name one of "a,b,c"? */
static bool in_list(const struct field *list, const struct field *name)
{
	const char *at = list->s;
	const char *end = list->s + list->len;

	while (at < end) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		const char *stop = comma ? comma : end;

		if (is(name, at, (size_t)(stop - at)))
			return true;
		at = stop + 1;
	}
	return false;
}

/* Finds the first line whose name, or with a number whose id in the third
 * field, is the one asked for. */
static bool find(const char *text, const char *want, size_t len,
		 struct field f[FIELDS])
{
	bool by_id = all_digits(want, len);
	int64_t id = id_number(want, len);

	while (next_line(&text, f)) {
		if (f[0].len == 0)
			continue;
		if (by_id ? id >= 0 && id_number(f[2].s, f[2].len) == id
			  : is(&f[0], want, len))
			return true;
	}
	return false;
}

/* An id that needs no line of its own, or -1 with e filled in. */
static int64_t bare_number(const char *what, const char *want, size_t len,
			   const char *file, bool there, struct err *e)
{
	int64_t id = id_number(want, len);

	if (id >= 0)
		return id;
	if (all_digits(want, len))
		err_set(e, ERR_INPUT, "%s '%.*s' of the image is larger than "
			"%d", what, (int)len, want, PROCESS_ID_MAX);
	else
		err_set(e, ERR_INPUT, "%s '%.*s' of the image is not in its "
			"%s%s", what, (int)len, want, file,
			there ? "" : ", which is not there");
	return -1;
}

/* The id in a line that was found by name. */
static int line_id(const struct field *f, const struct field *name,
		   const char *file, uint32_t *out, struct err *e)
{
	int64_t id = id_number(f->s, f->len);

	if (id < 0)
		return err_set(e, ERR_INPUT, "%s of the image: the line of "
			       "'%.*s' has no id that is a number up to %d",
			       file, (int)name->len, name->s, PROCESS_ID_MAX);
	*out = (uint32_t)id;
	return 0;
}

/* Keeps the ids ascending and each of them once. */
static int group_add(struct process *p, uint32_t id, struct err *e)
{
	size_t at = 0;

	while (at < p->n_groups && p->groups[at] < id)
		at++;
	if (at < p->n_groups && p->groups[at] == id)
		return 0;
	if (p->n_groups == PROCESS_GROUPS_MAX)
		return err_set(e, ERR_INPUT, "/etc/group of the image puts the "
			       "user into more than %d groups",
			       PROCESS_GROUPS_MAX);
	memmove(p->groups + at + 1, p->groups + at,
		(p->n_groups - at) * sizeof(*p->groups));
	p->groups[at] = id;
	p->n_groups++;
	return 0;
}

/* The groups that list the user; a line without a number counts for none. */
static int member_groups(struct process *p, const struct field *name,
			 const char *group, struct err *e)
{
	struct field f[FIELDS];

	while (next_line(&group, f)) {
		int64_t id = id_number(f[2].s, f[2].len);

		if (id >= 0 && in_list(&f[3], name) &&
		    group_add(p, (uint32_t)id, e) < 0)
			return -1;
	}
	return 0;
}

/* Does the image set NAME?  name ends in "=". */
static bool is_set(const struct process *p, const char *name)
{
	for (size_t n = 0; p->env && p->env[n]; n++)
		if (strncmp(p->env[n], name, strlen(name)) == 0)
			return true;
	return false;
}

static void add_env(struct process *p, const char *name, const char *value,
		    size_t len)
{
	size_t n = 0;

	while (p->env && p->env[n])
		n++;
	p->env = xreallocarray(p->env, n + 2, sizeof(*p->env));
	p->env[n] = xasprintf("%s%.*s", name, (int)len, value);
	p->env[n + 1] = NULL;
}

static bool is_utf8(const struct field *f)
{
	for (size_t i = 0, n; i < f->len; i += n) {
		n = utf8_length(f->s + i, f->len - i);
		if (n == 0)
			return false;
	}
	return true;
}

/* What Docker sets for an application whose image does not.  home is NULL for
 * a number that no line has. */
static int complete_env(struct process *p, const struct field *home,
			struct err *e)
{
	static const struct field root = { "/", 1 };

	if (!is_set(p, "PATH="))
		add_env(p, "PATH=", PROCESS_DEFAULT_PATH,
			strlen(PROCESS_DEFAULT_PATH));
	if (is_set(p, "HOME="))
		return 0;
	if (!home || home->len == 0 || home->s[0] != '/')
		home = &root;
	/* process.json is UTF-8, passwd any bytes of any length. */
	if (home->len >= PATH_MAX || !is_utf8(home))
		return err_set(e, ERR_INPUT,
			       "the user's home in /etc/passwd of the image is not UTF-8, or no path at all for its length: set HOME where the image is built");
	add_env(p, "HOME=", home->s, home->len);
	return 0;
}

static int resolve(struct process *p, const char *passwd, const char *group,
		   struct err *e)
{
	const char *colon = strchr(p->user, ':');
	const char *gname = colon ? colon + 1 : "";
	const char *uname = p->user;
	size_t ulen = colon ? (size_t)(colon - uname) : strlen(uname);
	struct field u[FIELDS] = { { NULL, 0 } }, g[FIELDS];
	bool have_line;

	if (ulen == 0) {		/* no USER, or ":group" */
		uname = "0";
		ulen = 1;
	}
	have_line = find(passwd, uname, ulen, u);
	if (have_line) {
		if (line_id(&u[2], &u[0], "/etc/passwd", &p->uid, e) < 0 ||
		    line_id(&u[3], &u[0], "/etc/passwd", &p->gid, e) < 0)
			return -1;
	} else {
		int64_t id = bare_number("user", uname, ulen, "/etc/passwd",
					 passwd != NULL, e);

		if (id < 0)
			return -1;
		p->uid = (uint32_t)id;
		p->gid = 0;		/* as Docker has it */
	}
	if (*gname && find(group, gname, strlen(gname), g)) {
		if (line_id(&g[2], &g[0], "/etc/group", &p->gid, e) < 0)
			return -1;
	} else if (*gname) {
		int64_t id = bare_number("group", gname, strlen(gname),
					 "/etc/group", group != NULL, e);

		if (id < 0)
			return -1;
		p->gid = (uint32_t)id;
	}
	if (group_add(p, p->gid, e) < 0)
		return -1;
	if (have_line && !*gname && member_groups(p, &u[0], group, e) < 0)
		return -1;
	return complete_env(p, have_line ? &u[5] : NULL, e);
}

int process_resolve_user(struct process *p, const char *passwd,
			 const char *group, struct err *e)
{
	const char *colon = p->user ? strchr(p->user, ':') : NULL;

	if (!p->user)
		return 0;
	if (colon && strchr(colon + 1, ':'))
		return err_set(e, ERR_INPUT, "user '%s' of the image is not "
			       "USER or USER:GROUP", p->user);
	free(p->groups);
	p->groups = xcalloc(PROCESS_GROUPS_MAX, sizeof(*p->groups));
	p->n_groups = 0;
	if (resolve(p, passwd, group, e) < 0)
		return -1;
	free(p->user);
	p->user = NULL;
	return 0;
}
