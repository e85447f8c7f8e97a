/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.c - the store: blobs in, blobs out
 *
 * OCI image spec 1.1, image-layout.md.  Trust: what was published here was
 * verified on the way in, but the layout may be another tool's or a disk may
 * have failed: small blobs are verified when read, layers while they stream.
 */
#include "image/store.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/xalloc.h"

#define LAYOUT_FILE "oci-layout"
#define LAYOUT_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}"
#define TEMP_PREFIX "tmp/blob"
#define BLOB_PATH   (sizeof("blobs/sha256/") + SHA256_HEX)

static void blob_path(const char *hex, char out[BLOB_PATH])
{
	snprintf(out, BLOB_PATH, "blobs/sha256/%s", hex);
}

/* mkdir -p; what exists is fine. */
static int make_folders(const char *path, struct err *e)
{
	AUTO_FREE char *copy = xstrdup(path);

	for (char *s = copy + 1; ; s++) {
		char c = *s;

		if (c != '/' && c != '\0')
			continue;
		*s = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			return err_sys(e, "cannot create folder '%s'", copy);
		*s = c;
		if (c == '\0')
			return 0;
	}
}

char *store_default(struct err *e)
{
	const char *dir = getenv("ENCLAVER_STORE");
	const char *cache = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");

	if (dir && *dir)
		return xstrdup(dir);
	if (geteuid() == 0)
		return xstrdup("/var/cache/enclaver");
	if (cache && cache[0] == '/')
		return xasprintf("%s/enclaver", cache);
	if (home && home[0] == '/')
		return xasprintf("%s/.cache/enclaver", home);
	err_set(e, ERR_USAGE,
		"no place for the store: neither XDG_CACHE_HOME nor HOME is an absolute path; use --store DIR or ENCLAVER_STORE");
	return NULL;
}

static int open_dir(struct store *s, const char *dir, struct err *e)
{
	if (strpbrk(dir, ":\n"))
		return err_set(e, ERR_USAGE,
			       "store '%s': the name of its folder must not contain a colon or a newline",
			       dir);
	s->dir = realpath(dir, NULL);
	if (!s->dir)
		return err_sys(e, "cannot open store '%s'", dir);
	if (strpbrk(s->dir, ":\n"))
		return err_set(e, ERR_USAGE,
			       "store '%s' is really '%s', and a colon or a newline there cannot stand in an image path",
			       dir, s->dir);
	s->dirfd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dirfd < 0)
		return err_sys(e, "cannot open store '%s'", s->dir);
	return 0;
}

/* Makes what an empty folder lacks.  In a layout that came from somebody else
 * a symbolic link would lead our writing out of it.  Two first runs at once
 * both write the same oci-layout; the first store_tag() makes index.json. */
static int furnish(struct store *s, struct err *e)
{
	static const char *const folders[] = { "blobs", "blobs/sha256", "tmp" };

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		struct stat st;

		if (mkdirat(s->dirfd, folders[i], 0755) == 0)
			continue;
		if (errno != EEXIST ||
		    fstatat(s->dirfd, folders[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			return err_sys(e, "cannot create '%s/%s'", s->dir,
				       folders[i]);
		if (!S_ISDIR(st.st_mode))
			return err_set(e, ERR_INPUT,
				       "'%s/%s' is not a folder of the layout itself, and what is written there would land elsewhere",
				       s->dir, folders[i]);
	}
	if (faccessat(s->dirfd, LAYOUT_FILE, F_OK, 0) == 0)
		return 0;
	/* Named as blobs are, so that whoever writes one sweeps this too. */
	return outfile_put(s->dirfd, TEMP_PREFIX, LAYOUT_FILE, LAYOUT_TEXT,
			   strlen(LAYOUT_TEXT), 0644, e);
}

int store_open(struct store *s, const char *dir, struct err *e)
{
	AUTO_FREE char *chosen = dir ? xstrdup(dir) : store_default(e);
	AUTO_STORE struct store new = STORE_INIT;

	if (!chosen)
		return -1;
	if (!*chosen)
		return err_set(e, ERR_USAGE, "the store's folder has no name");
	if (make_folders(chosen, e) < 0 || open_dir(&new, chosen, e) < 0)
		return -1;
	if (furnish(&new, e) < 0)
		return -1;
	*s = new;
	new = (struct store)STORE_INIT;
	return 0;
}

int store_open_folder(struct store *s, const char *dir, struct err *e)
{
	AUTO_STORE struct store new = STORE_INIT;

	if (open_dir(&new, dir, e) < 0)
		return -1;
	*s = new;
	new = (struct store)STORE_INIT;
	return 0;
}

int store_open_existing(struct store *s, const char *dir, struct err *e)
{
	AUTO_STORE struct store new = STORE_INIT;

	if (open_dir(&new, dir, e) < 0)
		return -1;
	if (faccessat(new.dirfd, LAYOUT_FILE, F_OK, 0) < 0)
		return err_set(e, ERR_INPUT,
			       "'%s' is not an OCI image layout: it has no file '"
			       LAYOUT_FILE "'", dir);
	*s = new;
	new = (struct store)STORE_INIT;
	return 0;
}

void store_needs(const char *dir, struct sandbox *s)
{
	AUTO_FREE char *blobs = xasprintf("%s/blobs/sha256", dir);

	sandbox_read(s, dir);
	sandbox_read(s, blobs);
	sandbox_read_links(s, dir);
	sandbox_read_links(s, blobs);
}

void store_release(struct store *s)
{
	auto_closep(&s->dirfd);
	s->dirfd = -1;
	free(s->dir);
	s->dir = NULL;
}

bool store_look_up(const struct store *s, struct descriptor *d)
{
	char path[BLOB_PATH];
	struct stat st;

	blob_path(d->hex, path);
	if (fstatat(s->dirfd, path, &st, 0) < 0 || !S_ISREG(st.st_mode))
		return false;
	d->size = (uint64_t)st.st_size;
	return true;
}

bool store_has(const struct store *s, const struct descriptor *d)
{
	struct descriptor found = *d;

	return store_look_up(s, &found) && found.size == d->size;
}

int store_open_blob(const struct store *s, const struct descriptor *d,
		    struct err *e)
{
	char path[BLOB_PATH];
	AUTO_CLOSE int fd = -1;
	struct stat st;

	blob_path(d->hex, path);
	fd = openat(s->dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return err_set(e, ERR_INPUT,
			       "blob 'sha256:%s' is not in '%s': pull the image again",
			       d->hex, s->dir);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "cannot open blob '%s/%s'", s->dir, path);
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != d->size)
		return err_set(e, ERR_VERIFY,
			       "blob '%s/%s' has not the %ju bytes that it should: remove it and pull the image again",
			       s->dir, path, (uintmax_t)d->size);
	return steal_fd(&fd);
}

int store_read_blob(const struct store *s, const struct descriptor *d,
		    struct buf *b, struct err *e)
{
	AUTO_CLOSE int fd = store_open_blob(s, d, e);
	size_t start = b->len;
	char hex[SHA256_HEX];

	if (fd < 0)
		return -1;
	if (buf_read_fd(b, fd, d->hex, e) < 0)
		return -1;
	sha256_hex(b->data ? b->data + start : "", b->len - start, hex);
	if (strcmp(hex, d->hex) != 0)
		return err_set(e, ERR_VERIFY,
			       "blob '%s/blobs/sha256/%s' does not have the digest that is its name: remove it and pull the image again",
			       s->dir, d->hex);
	return 0;
}

int store_read_text(const struct store *s, const char *path, struct buf *b,
		    struct err *e)
{
	AUTO_CLOSE int fd = openat(s->dirfd, path,
				   O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "cannot open '%s/%s'", s->dir, path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INPUT, "'%s/%s' is not a regular file",
			       s->dir, path);
	return buf_read_fd(b, fd, path, e);
}

int blob_begin(struct blob_writer *w, struct store *s, struct err *e)
{
	if (outfile_open(&w->file, s->dirfd, TEMP_PREFIX, e) < 0)
		return err_wrap(e, "store '%s'", s->dir);
	w->store = s;
	w->digest = digest_new(DIGEST_SHA256);
	w->size = 0;
	return 0;
}

int blob_write(struct blob_writer *w, const void *data, size_t len,
	       struct err *e)
{
	if (io_write(w->file.fd, data, len) < 0)
		return err_sys(e, "cannot write to store '%s'", w->store->dir);
	digest_update(w->digest, data, len);
	io_write_behind(w->file.fd, w->size, w->size + len);
	w->size += len;
	return 0;
}

int blob_commit(struct blob_writer *w, const struct descriptor *want,
		const char *name, struct err *e)
{
	struct descriptor got = *want;

	got.size = w->size;
	digest_final_hex(w->digest, got.hex);
	if (got.size != want->size)
		return err_set(e, ERR_VERIFY,
			       "%s has %ju bytes, and %ju were announced", name,
			       (uintmax_t)got.size, (uintmax_t)want->size);
	if (strcmp(got.hex, want->hex) != 0)
		return err_set(e, ERR_VERIFY,
			       "%s has digest 'sha256:%s', and 'sha256:%s' was announced",
			       name, got.hex, want->hex);
	return blob_commit_as(w, &got, e);
}

int blob_commit_any(struct blob_writer *w, struct descriptor *got,
		    struct err *e)
{
	got->size = w->size;
	digest_final_hex(w->digest, got->hex);
	return blob_commit_as(w, got, e);
}

int blob_commit_as(struct blob_writer *w, const struct descriptor *is,
		   struct err *e)
{
	char path[BLOB_PATH];

	blob_path(is->hex, path);
	if (outfile_commit(&w->file, path, 0644, e) < 0)
		return err_wrap(e, "store '%s'", w->store->dir);
	blob_abort(w);
	return 0;
}

void blob_abort(struct blob_writer *w)
{
	outfile_abort(&w->file);
	digest_free(w->digest);
	w->digest = NULL;
}

int store_put_blob(struct store *s, const void *data, size_t len,
		   struct descriptor *d, struct err *e)
{
	AUTO_BLOB_WRITER struct blob_writer w = BLOB_WRITER_INIT;

	if (blob_begin(&w, s, e) < 0 || blob_write(&w, data, len, e) < 0)
		return -1;
	return blob_commit_any(&w, d, e);
}
