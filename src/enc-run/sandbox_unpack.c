/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_unpack.c - the ramdisks, unpacked as Linux unpacks an initramfs
 *
 * init/initramfs.c of Linux.  Trust: the archives are hostile.  They are
 * unpacked in a root of their own, in which no name leads anywhere else, and
 * the size of its tmpfs is the limit.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/xalloc.h"
#include "cli/cli.h"
#include "eif/cpio_read.h"
#include "enc-run/sandbox_parts.h"

#define CHUNK (256u << 10)	/* stays in a cache */
/* What an enclave's /dev is mounted over, and ours too. */
#define HIDDEN_DEV "rootfs/dev/"

struct unpack {
	const struct enclave	 *en;
	const struct sandbox_ids *ids;
	char	*chunk;
	uint64_t strangers;	/* entries whose owner there is not */
	uint64_t devices;	/* left out */
};

static bool is_ramdisk(const struct eif_section *s)
{
	return s->type == EIF_RAMDISK;
}

int sandbox_entries(const struct enclave *en,
		    int (*fn)(void *arg, const struct cpio_item *item,
			      struct err *e),
		    void *arg, struct err *e)
{
	unsigned ramdisks = 0;

	for (size_t i = 0; i < en->info->n_sections; i++) {
		const struct eif_section *s = &en->info->sections[i];
		AUTO_CPIO_READER struct cpio_reader *r = NULL;
		struct cpio_item item;
		int more;

		if (!is_ramdisk(s) || ramdisks++ == 0)
			continue;
		r = cpio_reader_new(en->eif, s->offset, s->size, en->eif_name);
		while ((more = cpio_next(r, &item, e)) > 0)
			if (fn(arg, &item, e) < 0)
				return -1;
		if (more < 0)
			return -1;
	}
	return 0;
}

static int fail(const struct unpack *u, const char *name, struct err *e)
{
	if (errno == ENOSPC)
		return err_set(e, ERR_USAGE,
			       "the image does not fit into half of %ju MiB, which is what an enclave's kernel unpacks to: give it more with --memory-mb, or defaults.memory_mb in the manifest",
			       (uintmax_t)u->en->memory_mib);
	return err_sys(e, "cannot unpack '%.200s' of '%s'", name,
		       u->en->eif_name);
}

/* What is of another type goes, and with mode 0 whatever is there. */
static void clear_way(const char *name, mode_t mode)
{
	struct stat st;

	if (lstat(name, &st) < 0 || !((st.st_mode ^ mode) & S_IFMT))
		return;
	/* When it stays, the next call says why. */
	if (S_ISDIR(st.st_mode))
		rmdir(name);
	else
		unlink(name);
}

/* An id that there is not is that of root. */
static int give(struct unpack *u, const struct cpio_entry *c)
{
	uid_t uid = c->uid < u->ids->uids ? c->uid : 0;
	gid_t gid = c->gid < u->ids->gids ? c->gid : 0;

	u->strangers += uid != c->uid || gid != c->gid;
	return lchown(c->name, uid, gid);
}

static struct timespec mtime_of(const struct cpio_entry *c)
{
	return (struct timespec){ .tv_sec = c->mtime };
}

static int copy_body(const struct unpack *u, const struct cpio_item *item,
		     int out, struct err *e)
{
	uint64_t at = item->body, left = item->entry.size;

	while (left > 0) {
		size_t want = left < CHUNK ? (size_t)left : CHUNK;

		if (io_read_at(u->en->eif, u->chunk, want, at,
			       u->en->eif_name, e) < 0)
			return -1;
		if (io_write(out, u->chunk, want) < 0)
			return fail(u, item->entry.name, e);
		at += want;
		left -= want;
	}
	return 0;
}

static int make_file(struct unpack *u, const struct cpio_item *item,
		     struct err *e)
{
	const struct cpio_entry *c = &item->entry;
	const struct timespec times[2] = { mtime_of(c), mtime_of(c) };
	/* A name that is one more keeps what there is, unless it brings
	 * something else. */
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY |
		    O_NONBLOCK | (item->link && c->size == 0 ? 0 : O_TRUNC);
	AUTO_CLOSE int fd = open(c->name, flags, 0600);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return fail(u, c->name, e);
	/* A name that is one more can be one of anything. */
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INPUT,
			       "cannot unpack '%.200s' of '%s': it is no regular file by then",
			       c->name, u->en->eif_name);
	if (copy_body(u, item, fd, e) < 0)
		return -1;
	/* A change of owner takes away set-user-ID. */
	if (give(u, c) < 0 || fchmod(fd, c->mode & 07777) < 0 ||
	    futimens(fd, times) < 0)
		return fail(u, c->name, e);
	return 0;
}

static int make_link(const struct unpack *u, const struct cpio_item *item,
		     struct err *e)
{
	clear_way(item->entry.name, 0);
	return link(item->link, item->entry.name) < 0 ?
	       fail(u, item->entry.name, e) : 0;
}

static int make_folder(struct unpack *u, const struct cpio_entry *c,
		       struct err *e)
{
	if ((mkdir(c->name, 0700) < 0 && errno != EEXIST) ||
	    give(u, c) < 0 || chmod(c->name, c->mode & 07777) < 0)
		return fail(u, c->name, e);
	return 0;
}

static int make_symlink(struct unpack *u, const struct cpio_item *item,
			struct err *e)
{
	const struct cpio_entry *c = &item->entry;
	const struct timespec times[2] = { mtime_of(c), mtime_of(c) };
	char target[CPIO_NAME_MAX + 1] = "";
	ssize_t n = io_pread(u->en->eif, target, c->size, item->body);

	if (n < 0)
		return err_sys(e, "cannot read '%s'", u->en->eif_name);
	clear_way(c->name, 0);
	if (symlink(target, c->name) < 0 || give(u, c) < 0 ||
	    utimensat(AT_FDCWD, c->name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(u, c->name, e);
	return 0;
}

/* A FIFO or a socket.  The kernel makes devices for the machine's root alone. */
static int make_node(struct unpack *u, const struct cpio_entry *c,
		     struct err *e)
{
	const struct timespec times[2] = { mtime_of(c), mtime_of(c) };

	if (S_ISCHR(c->mode) || S_ISBLK(c->mode)) {
		u->devices += strncmp(c->name, HIDDEN_DEV,
				      strlen(HIDDEN_DEV)) != 0;
		return 0;
	}
	clear_way(c->name, 0);
	if (mknod(c->name, (c->mode & S_IFMT) | 0600, 0) < 0 ||
	    give(u, c) < 0 || chmod(c->name, c->mode & 07777) < 0 ||
	    utimensat(AT_FDCWD, c->name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(u, c->name, e);
	return 0;
}

static int make(void *arg, const struct cpio_item *item, struct err *e)
{
	struct unpack *u = arg;
	const struct cpio_entry *c = &item->entry;

	if (S_ISLNK(c->mode))
		return make_symlink(u, item, e);
	if (item->link && !S_ISCHR(c->mode) && !S_ISBLK(c->mode)) {
		if (make_link(u, item, e) < 0)
			return -1;
		return S_ISREG(c->mode) ? make_file(u, item, e) : 0;
	}
	clear_way(c->name, c->mode);
	if (S_ISDIR(c->mode))
		return make_folder(u, c, e);
	return S_ISREG(c->mode) ? make_file(u, item, e) : make_node(u, c, e);
}

/* When nothing is put into folders any more. */
static int date_folder(void *arg, const struct cpio_item *item,
		       struct err *e)
{
	const struct cpio_entry *c = &item->entry;
	const struct timespec times[2] = { mtime_of(c), mtime_of(c) };

	if (S_ISDIR(c->mode) && utimensat(AT_FDCWD, c->name, times,
					  AT_SYMLINK_NOFOLLOW) < 0 &&
	    errno != ENOENT)
		return fail(arg, c->name, e);
	return 0;
}

int sandbox_unpack(const struct enclave *en, const struct sandbox_ids *ids,
		   struct err *e)
{
	AUTO_FREE char *chunk = xmalloc(CHUNK);
	struct unpack u = { .en = en, .ids = ids, .chunk = chunk };

	if (sandbox_entries(en, make, &u, e) < 0 ||
	    sandbox_entries(en, date_folder, &u, e) < 0)
		return -1;
	/* With one id it is said once, and for all of them. */
	if (u.strangers && ids->uids > 1 && ids->gids > 1)
		cli_note("sandbox: files of users or groups that there are not in it belong to root: %ju",
			 (uintmax_t)u.strangers);
	if (u.devices)
		cli_note("sandbox: devices of the image outside of /dev are left out: %ju",
			 (uintmax_t)u.devices);
	return 0;
}
