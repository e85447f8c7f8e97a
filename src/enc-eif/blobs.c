/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blobs.c - the kernel and what goes with it: the "blobs folder"
 */
#include "enc-eif/blobs.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arch.h"
#include "base/io.h"
#include "base/xalloc.h"
#include "image/image.h"

#define AWS_FOLDER  "/" BLOBS_IMAGE_FOLDER
#define OUR_FOLDER  ENC_DATADIR "/blobs"
#define CONFIG_HEAD 1024		/* its third line is in here */

static void let_go(struct blob *f)
{
	free(f->name);
	close(f->fd);
}

void blobs_release(struct blobs *b)
{
	for (size_t i = 0; i < b->n; i++)
		let_go(&b->all[i]);
	free(b->all);
	spool_release(&b->spool);
	free(b->where);
	free(b->cmdline);
	free(b->os);
	free(b->version);
	*b = (struct blobs)BLOBS_INIT;
}

int blobs_take(struct blobs *b, const char *name, int fd, uint64_t offset,
	       uint64_t size, struct err *e)
{
	int own;

	if (b->n == BLOBS_MAX)
		return err_set(e, ERR_INPUT, "'%s' has more than %d files",
			       b->where, BLOBS_MAX);
	own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (own < 0)
		return err_sys(e, "cannot keep '%s' open", name);
	b->all = xreallocarray(b->all, b->n + 1, sizeof(*b->all));
	b->all[b->n++] = (struct blob){
		.name = xstrdup(name), .fd = own,
		.offset = offset, .size = size,
	};
	return 0;
}

const struct blob *blobs_get(const struct blobs *b, const char *name)
{
	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->all[i].name, name) == 0)
			return &b->all[i];
	return NULL;
}

/* A folder with one of the architecture's name serves several: what is in that
 * is all there is for it. */
static void narrow(struct blobs *b, const char *machine)
{
	AUTO_FREE char *prefix = xasprintf("%s/", machine);
	size_t len = strlen(prefix), kept = 0;
	char *where;

	for (size_t i = 0; i < b->n; i++) {
		struct blob *f = &b->all[i];

		if (strncmp(f->name, prefix, len) != 0)
			continue;
		memmove(f->name, f->name + len, strlen(f->name + len) + 1);
		if (i != kept) {
			struct blob other = b->all[kept];

			b->all[kept] = *f;
			*f = other;
		}
		kept++;
	}
	if (kept == 0)
		return;
	while (b->n > kept)
		let_go(&b->all[--b->n]);
	where = xasprintf("%s/%s", b->where, machine);
	free(b->where);
	b->where = where;
}

char *cmdline_trim(const char *text, size_t len)
{
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	while (len > 0 && isspace((unsigned char)*text)) {
		text++;
		len--;
	}
	return xstrndup(text, len);
}

/* "# Linux/x86_64 6.12.117-x Kernel Configuration" on line 3: AWS's tool
 * cuts it at ' ', '/' and '-' and takes the second and the fourth piece. */
void kernel_config_version(const char *config, char **os, char **version)
{
	const char *at = config;
	char **want[] = { NULL, os, NULL, version };

	*os = *version = NULL;
	for (int line = 1; line < 3; line++)
		at = at && (at = strchr(at, '\n')) ? at + 1 : NULL;
	for (size_t i = 0; at && i < ARRAY_SIZE(want); i++) {
		size_t len = strcspn(at, " /-\n");

		if (want[i] && len > 0)
			*want[i] = xstrndup(at, len);
		at = at[len] == '\n' || at[len] == '\0' ? NULL : at + len + 1;
	}
	if (!*os)
		*os = xstrdup("Unknown");
	if (!*version)
		*version = xstrdup("Unknown");
}

static int read_config(struct blobs *b, const char *name, struct err *e)
{
	const struct blob *config = blobs_get(b, name);
	char head[CONFIG_HEAD + 1] = "";
	size_t len;

	if (config) {
		len = config->size < CONFIG_HEAD ? config->size : CONFIG_HEAD;
		if (io_pread(config->fd, head, len, config->offset) < 0)
			return err_sys(e, "cannot read '%s/%s'", b->where,
				       name);
	}
	kernel_config_version(head, &b->os, &b->version);
	return 0;
}

static int read_cmdline(struct blobs *b, struct err *e)
{
	const struct blob *file = blobs_get(b, "cmdline");
	char text[EIF_CMDLINE_MAX + 2];
	ssize_t n;

	if (!file) {
		b->cmdline = NULL;
		return 0;
	}
	n = io_pread(file->fd, text, sizeof(text), file->offset);
	if (n < 0)
		return err_sys(e, "cannot read '%s/cmdline'", b->where);
	if ((uint64_t)n > file->size)
		n = (ssize_t)file->size;	/* a slice: others follow */
	if ((size_t)n == sizeof(text) || memchr(text, '\0', (size_t)n))
		return err_set(e, ERR_INPUT,
			       "'%s/cmdline' is not a kernel command line",
			       b->where);
	b->cmdline = cmdline_trim(text, (size_t)n);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct blob *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int check_kernel(struct blobs *b, const char *name, enum eif_arch arch,
			struct err *e)
{
	AUTO_FREE char *path = xasprintf("%s/%s", b->where, name);
	uint8_t head[1024];
	enum eif_arch found;
	ssize_t n = io_pread(b->kernel->fd, head, sizeof(head),
			     b->kernel->offset);

	if (n < 0)
		return err_sys(e, "cannot read '%s'", path);
	if (eif_kernel_arch(head, (size_t)n, path, &found, e) < 0)
		return -1;
	if (found != arch)
		return err_set(e, ERR_INPUT,
			       "'%s' is a kernel for the other architecture",
			       path);
	b->arch = arch;
	return 0;
}

int blobs_settle(struct blobs *b, enum eif_arch arch, struct err *e)
{
	const char *machine = arch_machine(eif_arch_oci(arch));
	const char *kernel = arch == EIF_X86_64 ? "bzImage" : "Image";
	const char *config = arch == EIF_X86_64 ? "bzImage.config" :
						  "Image.config";

	if (b->is_image && blobs_take_image(b, e) < 0)
		return -1;
	narrow(b, machine);
	if (b->n > 0)
		qsort(b->all, b->n, sizeof(*b->all), by_name);
	b->kernel = blobs_get(b, kernel);
	b->init = blobs_get(b, "init");
	if (!b->kernel)
		return err_set(e, ERR_INPUT,
			       "'%s' has no '%s', the kernel for %s: make one with scripts/build-kernel --arch %s, or install the package enclaver-kernel",
			       b->where, kernel, machine, machine);
	if (check_kernel(b, kernel, arch, e) < 0 ||
	    read_config(b, config, e) < 0)
		return -1;
	return read_cmdline(b, e);
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int none(struct err *e)
{
	return err_set(e, ERR_INPUT,
		       "no kernel: looked in $ENCLAVER_BLOBS, '%s' and '%s'; install the package enclaver-kernel or aws-nitro-enclaves-cli-devel, or build one with scripts/build-kernel --out DIR, or for trying things out take Debian's with scripts/kernel-from-debian DIR, and give --blobs DIR; or give --blobs IMAGE, a nitro-cli image that enc-pull brought, '%s' for one",
		       AWS_FOLDER, OUR_FOLDER, ENC_NITRO_CLI_IMAGE);
}

int blobs_open(const char *where, struct blobs *b, struct err *e)
{
	if (!where || !*where)
		where = getenv("ENCLAVER_BLOBS");
	if (!where || !*where) {
		where = is_folder(AWS_FOLDER) ? AWS_FOLDER : OUR_FOLDER;
		if (!is_folder(where))
			return none(e);
	}
	if (strncmp(where, "oci:", 4) != 0 &&
	    (is_folder(where) || strchr("./", *where)))
		return blobs_take_folder(b, where, e);
	b->where = xstrdup(where);
	b->is_image = true;
	return blobs_open_image(b, e);
}

void blobs_needs(const struct blobs *b, struct sandbox *s)
{
	if (b->is_image)
		image_needs(b->where, s);
}
