/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_app.c - the ramdisk's command, made to run in a sandbox
 *
 * Trust: the files are the image's, and nothing is done by them outside of its
 * root.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/xalloc.h"
#include "cli/cli.h"
#include "enc-run/sandbox_parts.h"
#include "enclave/boot.h"
#include "enclave/process.h"

#define ODYN_MAX (64u << 20)
/* In the help of an odyn that can do without AF_VSOCK. */
#define ODYN_MARK "--vsock PATH"

/* A regular file, or -1: nothing that an image has in its place makes us
 * wait. */
static int open_file(const char *path, int flags)
{
	AUTO_CLOSE int fd = open(path, flags | O_NONBLOCK | O_NOCTTY |
				 O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return -1;
	}
	return steal_fd(&fd);
}

/* 0 and nothing for one that is not there. */
static int read_file(const char *path, struct buf *text, struct err *e)
{
	AUTO_CLOSE int fd = open_file(path, O_RDONLY);

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_sys(e, "cannot read '%s' of the ramdisk", path);
	return buf_read_fd(text, fd, path, e);
}

static char **read_words(const char *path, struct err *e)
{
	AUTO_BUF struct buf text = BUF_INIT(BOOT_WORDS_MAX);
	char **words;

	if (read_file(path, &text, e) < 0)
		return NULL;
	words = boot_words(text.data, text.len);
	if (!words)
		err_set(e, ERR_INPUT, "'%s' of the ramdisk holds a NUL", path);
	return words;
}

/* What the kernel refuses is counted, and one of them named. */
struct refused {
	size_t	    n;
	const char *name, *path;
	int	    fault;
};

static void set_xattr(const struct boot_xattr *x, struct refused *no)
{
	static unsigned char value[BOOT_XATTR_MAX];
	ssize_t len = boot_xattr_value(x, value);

	if (len < 0)
		errno = EINVAL;
	if (len >= 0 &&
	    lsetxattr(x->path, x->name, value, (size_t)len, 0) == 0)
		return;
	no->fault = errno;
	no->name = x->name;
	no->path = x->path;
	no->n++;
}

/* As init does; in the root of the ramdisk. */
static int set_xattrs(struct err *e)
{
	AUTO_BUF struct buf list = BUF_INIT(BOOT_XATTRS_MAX);
	struct refused no = { .n = 0 };
	struct boot_xattr x;
	const char *at;
	int more = 0;

	if (read_file(BOOT_XATTRS, &list, e) < 0)
		return -1;
	if (list.len && chdir(BOOT_ROOTFS) < 0)
		return err_sys(e, "cannot enter '" BOOT_ROOTFS "'");
	at = list.data;
	while (at && (more = boot_xattr_next(&at, list.data + list.len,
					     &x)) > 0)
		set_xattr(&x, &no);
	if (more < 0)
		return err_set(e, ERR_INPUT,
			       "'" BOOT_XATTRS "' of the ramdisk is damaged");
	/* tmpfs has no user.* before Linux 6.6, and trusted.* is the host's. */
	if (no.n)
		cli_note("sandbox: extended attributes are left out: %zu, one is '%s' of '/%s': %s",
			 no.n, no.name, no.path, strerror(no.fault));
	return chdir("/") < 0 ? err_sys(e, "cannot enter '/'") : 0;
}

static bool is_odyn(const char *path)
{
	AUTO_CLOSE int fd = -1;
	struct stat st;
	bool found;
	void *map;

	if (*path != '/')
		return false;
	fd = open_file(path, O_RDONLY);
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size == 0 ||
	    st.st_size > ODYN_MAX)
		return false;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return false;
	found = memmem(map, (size_t)st.st_size, ODYN_MARK,
		       strlen(ODYN_MARK)) != NULL;
	munmap(map, (size_t)st.st_size);
	return found;
}

/* odyn finds a loopback interface that is up, and the host's clock. */
static void add_options(struct sandbox_app *app)
{
	static char vsock[] = "--vsock", bootstrap[] = "--no-bootstrap";
	static char path[] = SANDBOX_HOST_IN "/" SANDBOX_SOCKET;
	char *const ours[] = { vsock, path, bootstrap };
	const size_t more = ARRAY_SIZE(ours);
	size_t n = 0;

	while (app->argv[n])
		n++;
	app->argv = xreallocarray(app->argv, n + more + 1,
				  sizeof(*app->argv));
	memmove(app->argv + 1 + more, app->argv + 1,
		n * sizeof(*app->argv));	/* and the NULL */
	memcpy(app->argv + 1, ours, sizeof(ours));
}

/* Ids that there are not become root's: whether there were any. */
static bool fit_ids(struct process *p, const struct sandbox_ids *ids)
{
	size_t n = 0;
	bool all = p->uid < ids->uids && p->gid < ids->gids;

	if (p->uid >= ids->uids)
		p->uid = 0;
	if (p->gid >= ids->gids)
		p->gid = 0;
	for (size_t i = 0; i < p->n_groups; i++)
		if (p->groups[i] < ids->gids)
			p->groups[n++] = p->groups[i];
	all &= n == p->n_groups;
	p->n_groups = n;
	return !all;
}

/* In the image's own root. */
static int fit_process(const struct sandbox_ids *ids, struct err *e)
{
	AUTO_BUF struct buf text = BUF_INIT(PROCESS_JSON_MAX);
	AUTO_PROCESS struct process p = { .argv = NULL };
	AUTO_FREE char *fitted = NULL;
	AUTO_CLOSE int fd = -1;

	if (read_file("/" PROCESS_PATH, &text, e) < 0)
		return -1;
	/* What odyn will not read it says itself, where it is looked for. */
	if (!text.len || process_parse(text.data, text.len, &p, e) < 0 ||
	    p.user || !fit_ids(&p, ids))
		return 0;
	fitted = process_text(&p);
	fd = open_file("/" PROCESS_PATH, O_WRONLY | O_TRUNC);
	if (fd < 0 || io_write(fd, fitted, strlen(fitted)) < 0)
		return err_sys(e, "cannot write '/" PROCESS_PATH "'");
	if (ids->uids > 1 && ids->gids > 1)
		cli_note("sandbox: the application's user or groups are not in it: it runs as user %u of group %u",
			 p.uid, p.gid);
	return 0;
}

int sandbox_app_read(const struct sandbox_ids *ids, struct sandbox_app *app,
		     struct err *e)
{
	char **env;
	bool odyn;

	app->argv = read_words(BOOT_CMD, e);
	env = app->argv ? read_words(BOOT_ENV, e) : NULL;
	if (!env)
		return -1;
	if (!app->argv[0])
		return err_set(e, ERR_INPUT,
			       "'" BOOT_CMD "' of the ramdisk names no command");
	app->env = boot_env(env);
	if (set_xattrs(e) < 0 || sandbox_root_leave(e) < 0 ||
	    sandbox_root_visit(SANDBOX_IMAGE BOOT_ROOTFS, e) < 0)
		return -1;
	odyn = is_odyn(app->argv[0]);
	if (odyn)
		add_options(app);
	else
		cli_note("sandbox: '%s' is no odyn that knows of it, and runs as it is: no ports, no status",
			 app->argv[0]);
	return odyn ? fit_process(ids, e) : 0;
}
