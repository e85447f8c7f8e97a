/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rundir.c - the enclaves that enc-run has on this host: a folder each
 */
#include "enc-run/rundir.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/outfile.h"
#include "base/xalloc.h"

#define DESCRIPTION	"enclave.json"
#define DESCRIPTION_MAX 65536u
#define PREFIX		"run."
#define BASES_MAX	2
#define BASE_LEN	72u	/* bytes: a socket's name below it, its number
				 * and all, has 107 */
#define DEPTH_MAX	8	/* of an enclave's folder; ours have two */

/* Where the folders are: the first that can be used; all of them are looked
 * into. */
struct bases {
	char  *at[BASES_MAX];
	size_t n;
};

#define AUTO_BASES AUTO(bases_release)

static void bases_release(struct bases *b)
{
	for (size_t i = 0; i < b->n; i++)
		free(b->at[i]);
}

static int find_bases(struct bases *b, struct err *e)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	const char *own = getenv("ENCLAVER_RUN");

	if (own && *own && (*own != '/' || strlen(own) > BASE_LEN))
		return err_set(e, ERR_USAGE,
			       "ENCLAVER_RUN is '%s': give an absolute path of at most %u bytes, sockets have no longer ones",
			       own, BASE_LEN);
	if (own && *own) {
		b->at[b->n++] = xstrdup(own);
	} else if (geteuid() == 0) {
		b->at[b->n++] = xstrdup("/run/enclaver");
	} else {
		if (runtime && *runtime == '/' && strlen(runtime) +
		    strlen("/enclaver") <= BASE_LEN)
			b->at[b->n++] = xasprintf("%s/enclaver", runtime);
		b->at[b->n++] = xasprintf("/tmp/enclaver-%u", geteuid());
	}
	return 0;
}

/* A descriptor, or -1. */
static int open_base(const char *path, struct err *e)
{
	AUTO_CLOSE int fd = -1;
	struct stat st;

	/* What is in /tmp could have been made by anybody. */
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_sys(e, "cannot make '%s' (ENCLAVER_RUN names another folder)",
			       path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "cannot open '%s'", path);
	if (st.st_uid != geteuid() || (st.st_mode & 022))
		return err_set(e, ERR_SYS,
			       "'%s' can be written by others than this user: set ENCLAVER_RUN to a folder of yours",
			       path);
	return steal_fd(&fd);
}

/* All that is below fd, by descriptors: what was a folder and becomes a link
 * meanwhile leads nowhere.  What does not go now is tried again by the next
 * enc-run. */
static void empty_folder(int fd, unsigned depth)
{
	int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = again < 0 ? NULL : fdopendir(again);
	struct dirent *entry;

	if (!dir && again >= 0)
		close(again);
	while (dir && (entry = readdir(dir))) {
		AUTO_CLOSE int below = -1;

		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		below = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY |
			       O_CLOEXEC | O_NOFOLLOW);
		if (below < 0) {
			unlinkat(fd, entry->d_name, 0);
			continue;
		}
		if (depth > 0)
			empty_folder(below, depth - 1);
		unlinkat(fd, entry->d_name, AT_REMOVEDIR);
	}
	if (dir)
		closedir(dir);
}

static void remove_all(const char *path, int fd)
{
	empty_folder(fd, DEPTH_MAX);
	rmdir(path);
}

/* Calls fn(arg, path, fd) for each folder of an enclave; locked says whether
 * it is in use. */
static void for_each(const char *base, int basefd,
		     void (*fn)(void *arg, const char *path, int fd,
				bool locked), void *arg)
{
	int again = openat(basefd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = again < 0 ? NULL : fdopendir(again);
	struct dirent *entry;

	if (!dir && again >= 0)
		close(again);
	while (dir && (entry = readdir(dir))) {
		AUTO_FREE char *path = NULL;
		AUTO_CLOSE int fd = -1;

		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0)
			continue;
		fd = openat(basefd, entry->d_name, O_RDONLY | O_DIRECTORY |
			    O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0)
			continue;
		path = xasprintf("%s/%s", base, entry->d_name);
		fn(arg, path, fd, flock(fd, LOCK_EX | LOCK_NB) < 0);
	}
	if (dir)
		closedir(dir);
}

static void sweep(void *arg UNUSED, const char *path, int fd, bool locked)
{
	if (!locked)
		remove_all(path, fd);
}

int rundir_make(struct rundir *d, struct err *e)
{
	AUTO_BASES struct bases all = { .n = 0 };
	AUTO_FREE char *path = NULL;
	AUTO_CLOSE int basefd = -1;
	const char *base = NULL;

	if (find_bases(&all, e) < 0)
		return -1;
	/* "su" leaves another user's XDG_RUNTIME_DIR. */
	for (size_t i = 0; i < all.n && basefd < 0; i++) {
		base = all.at[i];
		basefd = open_base(base, e);
	}
	if (basefd < 0)
		return -1;
	path = xasprintf("%s/" PREFIX "XXXXXX", base);
	/* The lock keeps others from taking a folder that has none yet for
	 * abandoned. */
	if (flock(basefd, LOCK_EX) < 0)
		return err_sys(e, "cannot lock '%s'", base);
	for_each(base, basefd, sweep, NULL);
	if (!mkdtemp(path))
		return err_sys(e, "cannot make a folder in '%s'", base);
	d->path = steal_ptr(&path);
	d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (d->fd < 0 || flock(d->fd, LOCK_EX | LOCK_NB) < 0)
		return err_sys(e, "cannot lock '%s'", d->path);
	return 0;
}

int rundir_describe(struct rundir *d, const json_t *enclave, struct err *e)
{
	AUTO_FREE char *text = json_text(enclave);
	AUTO_FREE char *line = xasprintf("%s\n", text);

	return outfile_put(d->fd, DESCRIPTION, DESCRIPTION, line, strlen(line),
			   0644, e);
}

void rundir_remove(struct rundir *d)
{
	if (d->path && d->fd >= 0)
		remove_all(d->path, d->fd);
	if (d->fd >= 0)
		close(d->fd);
	free(d->path);
	*d = (struct rundir)RUNDIR_INIT;
}

static void list_one(void *arg, const char *path UNUSED, int fd, bool locked)
{
	AUTO_BUF struct buf text = BUF_INIT(DESCRIPTION_MAX);
	struct err ignored;
	json_t *j;

	if (!locked || buf_read_file(&text, fd, DESCRIPTION, &ignored) < 0)
		return;
	j = json_parse_object(text.data, text.len, DESCRIPTION, &ignored);
	if (j)
		json_add(arg, j);
}

static int by_pid(const void *a, const void *b)
{
	json_t *const *x = a, *const *y = b;
	json_int_t p = json_integer_value(json_object_get(*x, "pid"));
	json_int_t q = json_integer_value(json_object_get(*y, "pid"));

	return p < q ? -1 : p > q;
}

/* New array; all is taken over. */
static json_t *sorted(json_t *all)
{
	size_t n = json_array_size(all);
	AUTO_FREE json_t **items = xcalloc(n + 1, sizeof(json_t *));
	json_t *out = json_array();

	for (size_t i = 0; i < n; i++)
		items[i] = json_array_get(all, i);
	qsort(items, n, sizeof(*items), by_pid);
	for (size_t i = 0; i < n; i++)
		json_add(out, json_incref(items[i]));
	return out;
}

json_t *rundir_list(struct err *e)
{
	AUTO_BASES struct bases where = { .n = 0 };
	AUTO_JSON json_t *all = json_array();

	if (find_bases(&where, e) < 0)
		return NULL;
	for (size_t i = 0; i < where.n; i++) {
		AUTO_CLOSE int basefd = -1;

		if (access(where.at[i], F_OK) < 0)
			continue;
		basefd = open_base(where.at[i], e);
		if (basefd < 0)
			return NULL;
		for_each(where.at[i], basefd, list_one, all);
	}
	return sorted(all);
}
