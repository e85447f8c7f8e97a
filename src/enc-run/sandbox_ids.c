/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_ids.c - which users and groups there are in a sandbox
 *
 * user_namespaces(7).  Root maps what it likes, others the ids that
 * /etc/subuid and /etc/subgid give them, by newuidmap(1); without those there
 * is one id, the caller's own, as root.  This program is static and asks no NSS:
 * the files are read as they are.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/xalloc.h"
#include "cli/cli.h"
#include "enc-run/sandbox_parts.h"

#define FILE_MAX    (16u << 20)	/* of /etc/passwd, /etc/subuid */
#define MAP_MAX	    16384	/* of a map: 340 lines at most, Linux 4.15 */
#define RANGES_MAX  32u		/* that a user may have; ours */
#define ALL_IDS	    UINT32_MAX	/* of a machine; -1 is none */

/* Root of the machine has itself mapped to ids that nobody has, 2^31 and on:
 * what gets out of its sandbox is nobody, and not root. */
#define SHIFT	    2147483648u
#define SHIFT_IDS   (ALL_IDS - SHIFT)

struct kind {
	const char *map, *own, *sub, *helper;
};

static const struct kind users = {
	"uid_map", "/proc/self/uid_map", "/etc/subuid", "newuidmap",
};
static const struct kind groups = {
	"gid_map", "/proc/self/gid_map", "/etc/subgid", "newgidmap",
};

static int write_proc(pid_t pid, const char *file, const char *text)
{
	AUTO_FREE char *path = xasprintf("/proc/%d/%s", (int)pid, file);
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);

	/* One write(2): the kernel takes a map whole. */
	return fd < 0 || write(fd, text, strlen(text)) < 0 ? -1 : 0;
}

/* A number at *at, and what comes after it and one more character. */
static bool number(const char **at, uint32_t *out)
{
	char *end;
	unsigned long n;

	*at += strspn(*at, " \t");
	if (**at < '0' || **at > '9')
		return false;
	errno = 0;
	n = strtoul(*at, &end, 10);
	if (errno || n > UINT32_MAX)
		return false;
	*out = (uint32_t)n;
	*at = *end ? end + 1 : end;
	return true;
}

/* Our own map, line by line onto itself, or shifted when it is the machine's:
 * how many ids from 0 on that makes. */
static uint32_t own_map(const char *text, struct buf *map)
{
	uint32_t first, outer, count, n = 0;

	while (number(&text, &first) && number(&text, &outer) &&
	       number(&text, &count)) {
		if (first == 0 && outer == 0 && count == ALL_IDS) {
			buf_addf(map, "0 %u %u\n", SHIFT, SHIFT_IDS);
			return SHIFT_IDS;
		}
		buf_addf(map, "%u %u %u\n", first, first, count);
		if (first == n)
			n += count;
	}
	return n;
}

static uint32_t map_as_root(pid_t pid, const struct kind *k, uint32_t *root)
{
	AUTO_BUF struct buf own = BUF_INIT(MAP_MAX);
	AUTO_BUF struct buf map = BUF_INIT(2 * MAP_MAX);
	struct err ignored;
	uint32_t n;

	if (buf_read_file(&own, AT_FDCWD, k->own, &ignored) < 0 || !own.len)
		return 0;
	n = own_map(own.data, &map);
	if (n < 2 || write_proc(pid, k->map, map.data) < 0)
		return 0;
	*root = n == SHIFT_IDS ? SHIFT : 0;
	return n;
}

/* The line's next field, cut off. */
static char *field(char **line)
{
	return *line ? strsep(line, ":") : NULL;
}

static bool is_number(const char *text, uint32_t want)
{
	uint32_t n;

	return text && number(&text, &n) && !*text && n == want;
}

/* The name that /etc/passwd has for this user: new, or NULL. */
static char *own_name(void)
{
	AUTO_BUF struct buf text = BUF_INIT(FILE_MAX);
	struct err ignored;
	char *rest, *line;

	if (buf_read_file(&text, AT_FDCWD, "/etc/passwd", &ignored) < 0)
		return NULL;
	rest = text.data;
	while (rest && (line = strsep(&rest, "\n"))) {
		const char *name = field(&line);

		field(&line);
		if (is_number(field(&line), geteuid()))
			return xstrdup(name);
	}
	return NULL;
}

/* Appends "FIRST START COUNT" words for each range that this user has: how many
 * ids that makes with 0, which is the user itself. */
static uint32_t find_ranges(const struct kind *k, const char *name,
			    char **words, size_t *n_words)
{
	AUTO_BUF struct buf text = BUF_INIT(FILE_MAX);
	uint32_t next = 1, start, count, ranges = 0;
	struct err ignored;
	char *rest, *line;

	if (buf_read_file(&text, AT_FDCWD, k->sub, &ignored) < 0)
		return 1;
	rest = text.data;
	while (rest && ranges < RANGES_MAX && (line = strsep(&rest, "\n"))) {
		const char *owner = field(&line), *at = line;

		if (!(name && strcmp(owner, name) == 0) &&
		    !is_number(owner, geteuid()))
			continue;
		if (!at || !number(&at, &start) || !number(&at, &count) ||
		    count == 0 || count > ALL_IDS - next ||
		    count > ALL_IDS - start)
			continue;
		words[(*n_words)++] = xasprintf("%u", next);
		words[(*n_words)++] = xasprintf("%u", start);
		words[(*n_words)++] = xasprintf("%u", count);
		next += count;
		ranges++;
	}
	return next;
}

static int run_helper(char **words)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		/* What it complains of is said by us, or not worth a word. */
		dup2(null, 1);
		dup2(null, 2);
		execvp(words[0], words);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0
									: -1;
}

static uint32_t map_as_user(pid_t pid, const struct kind *k, uint32_t own)
{
	char *words[2 + 3 * (RANGES_MAX + 1) + 1] = { NULL };
	AUTO_FREE char *name = own_name();
	size_t n = 0;
	uint32_t ids;

	words[n++] = xstrdup(k->helper);
	words[n++] = xasprintf("%d", (int)pid);
	words[n++] = xstrdup("0");
	words[n++] = xasprintf("%u", own);
	words[n++] = xstrdup("1");
	ids = find_ranges(k, name, words, &n);
	if (ids > 1 && run_helper(words) < 0) {
		cli_debug("%s does not map the ids of '%s'", k->helper,
			  k->sub);
		ids = 1;
	}
	while (n > 0)
		free(words[--n]);
	return ids > 1 ? ids : 0;
}

static int map_one(pid_t pid, const struct kind *k, uint32_t own,
		   struct err *e)
{
	AUTO_FREE char *map = xasprintf("0 %u 1\n", own);

	if (k == &groups && write_proc(pid, "setgroups", "deny") < 0)
		return err_sys(e, "cannot refuse setgroups(2) in a user namespace");
	if (write_proc(pid, k->map, map) < 0)
		return err_sys(e, "cannot map an id into a user namespace");
	return 1;
}

/* How many ids that makes, or -1. */
static int64_t map_kind(pid_t pid, const struct kind *k, uint32_t *root,
			struct err *e)
{
	uint32_t own = *root, n;

	if (geteuid() == 0)
		n = map_as_root(pid, k, root);
	/* With no_new_privs newuidmap has no more privileges than we. */
	else if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0)
		n = map_as_user(pid, k, own);
	else
		n = 0;
	if (n)
		return n;
	return map_one(pid, k, own, e);
}

int sandbox_ids_map(pid_t pid, struct sandbox_ids *ids, struct err *e)
{
	int64_t uids, gids;

	ids->root_uid = geteuid();
	ids->root_gid = getegid();
	uids = map_kind(pid, &users, &ids->root_uid, e);
	gids = uids < 0 ? -1 : map_kind(pid, &groups, &ids->root_gid, e);
	if (gids < 0)
		return -1;
	ids->uids = (uint32_t)uids;
	ids->gids = (uint32_t)gids;
	return 0;
}
