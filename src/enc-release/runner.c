/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runner.c - the layer that a release image without a sleeve begins with
 *
 * enc-run is static, so that nothing else of a system is needed: beside it
 * there is what a container engine mounts upon, and what it looks a user up
 * in.  Names are resolved by /etc/resolv.conf and /etc/hosts, which the engine
 * puts there; certificates are looked at inside the enclave.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arch.h"
#include "base/elf.h"
#include "base/io.h"
#include "base/xalloc.h"
#include "cli/cli.h"
#include "cli/confine.h"
#include "enc-release/release.h"
#include "image/tarwrite.h"

#define NAME "enc-run"

struct entry {
	const char *path;
	uint32_t    mode;
	const char *text;	/* of a file; NULL: a folder */
};

/* Bytewise by path, around usr/local/bin.  /run and /var/log have the folders
 * that nitro-cli wants, for a release image that brings it along. */
static const struct entry before[] = {
	{ "dev", 0755, NULL },
	{ "etc", 0755, NULL },
	{ "etc/group", 0644, "root:x:0:\n" },
	{ "etc/passwd", 0644, "root:x:0:0:root:/:/sbin/nologin\n" },
	{ "proc", 0555, NULL },
	{ "run", 0755, NULL },
	{ "run/enclaver", 0755, NULL },
	{ "run/nitro_enclaves", 0755, NULL },
	{ "sys", 0555, NULL },
	{ "tmp", 01777, NULL },
	{ "usr", 0755, NULL },
	{ "usr/local", 0755, NULL },
	{ "usr/local/bin", 0755, NULL },
};
static const struct entry after[] = {
	{ "var", 0755, NULL },
	{ "var/log", 0755, NULL },
	{ "var/log/nitro_enclaves", 0755, NULL },
};

/* Beside this program, wherever that was installed or built. */
static char *beside_us(void)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self));
	char *slash;

	if (n <= 0 || n == (ssize_t)sizeof(self))
		return xstrdup(ENC_BINDIR "/" NAME);
	self[n] = '\0';
	slash = strrchr(self, '/');
	*(slash ? slash : self) = '\0';
	return xasprintf("%s/" NAME, self);
}

static char *find(const char *arch)
{
	const char *folder = getenv("ENCLAVER_LIBEXEC");
	char *path = cli_libexec(NAME, arch);

	if (strcmp(arch, ARCH_OWN) != 0 ||
	    (folder && *folder && access(path, F_OK) == 0))
		return path;
	free(path);
	return beside_us();
}

void runner_needs(struct sandbox *s)
{
	AUTO_FREE char *beside = beside_us();

	sandbox_read(s, beside);
	cli_libexec_needs(NAME, s);
}

int runner_open(struct runner *r, const char *file, struct err *e)
{
	struct stat st;

	r->path = xstrdup(file);
	r->fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (r->fd < 0 || fstat(r->fd, &st) < 0)
		return err_sys(e, "cannot open the runner '%s' (give --runner FILE, or a sleeve to build on)",
			       r->path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INPUT, "the runner '%s' is not a file",
			       r->path);
	return 0;
}

static int open_found(struct runner *r, const char *arch, struct err *e)
{
	AUTO_FREE char *path = find(arch);

	if (strcmp(arch, ARCH_OWN) != 0 && access(path, F_OK) < 0)
		return err_sys(e, "no enc-run for %s, cannot open '%s' (install the package enclaver-odyn, give --runner FILE, or a sleeve to build on)",
			       arch_machine(arch), path);
	return runner_open(r, path, e);
}

int runner_read(struct runner *r, const char *arch, struct err *e)
{
	const char *is;

	if (r->fd < 0 && open_found(r, arch, e) < 0)
		return -1;
	if (buf_read_fd(&r->bytes, r->fd, r->path, e) < 0)
		return -1;
	is = elf_arch(r->bytes.data, r->bytes.len);
	if (!is)
		return err_set(e, ERR_INPUT,
			       "the runner '%s' is not a program (ELF)",
			       r->path);
	if (strcmp(is, arch) != 0)
		return err_set(e, ERR_INPUT,
			       "the runner '%s' is for architecture %s, the EIF for %s: give the right enc-run, --runner FILE",
			       r->path, is, arch);
	if (!elf_is_static(r->bytes.data, r->bytes.len))
		return err_set(e, ERR_INPUT,
			       "the runner '%s' is not static, or not whole, and there will be no libraries beside it: give another, --runner FILE",
			       r->path);
	sha256_hex(r->bytes.data, r->bytes.len, r->hex);
	return 0;
}

static int put_entries(struct tar_writer *w, const struct entry *all, size_t n,
		       struct err *e)
{
	for (const struct entry *p = all; p < all + n; p++) {
		int ret = p->text ? tar_put(w, p->path, p->mode, p->text,
					    strlen(p->text), e) :
				    tar_dir(w, p->path, p->mode, e);

		if (ret < 0)
			return -1;
	}
	return 0;
}

int layer_of_runner(struct store *s, const struct runner *r,
		    struct image_layer *layer, struct err *e)
{
	AUTO_BLOB_WRITER struct blob_writer blob = BLOB_WRITER_INIT;
	struct tar_writer w = { .write = tar_write_blob, .ctx = &blob };

	layer->desc = (struct descriptor){ .media_type = OCI_LAYER };
	if (blob_begin(&blob, s, e) < 0 ||
	    put_entries(&w, before, ARRAY_SIZE(before), e) < 0 ||
	    tar_put(&w, "usr/local/bin/" NAME, 0755, r->bytes.data,
		    r->bytes.len, e) < 0 ||
	    tar_symlink(&w, &RUNNER[1], NAME, e) < 0 ||
	    put_entries(&w, after, ARRAY_SIZE(after), e) < 0 ||
	    tar_finish(&w, e) < 0 ||
	    blob_commit_any(&blob, &layer->desc, e) < 0)
		return -1;
	layer_describe(layer);
	return 0;
}

void runner_release(struct runner *r)
{
	auto_closep(&r->fd);
	r->fd = -1;
	buf_release(&r->bytes);
	free(r->path);
	r->path = NULL;
}
