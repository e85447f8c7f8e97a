/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parts.c - parts mode: an EIF of a kernel, a command line and ramdisks
 *
 * The files are the user's own; they go in as they are.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/xalloc.h"
#include "cli/confine.h"
#include "enc-eif/blobs.h"
#include "enc-eif/enc-eif.h"

struct part {
	const char *name;
	int	    fd;
	uint64_t    size;
};

static void part_close(struct part *p)
{
	if (p->fd >= 0)
		close(p->fd);
}
#define AUTO_PART AUTO(part_close)

static int part_open(struct part *p, const char *path, struct err *e)
{
	struct stat st;

	p->name = path;
	p->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (p->fd < 0 || fstat(p->fd, &st) < 0)
		return err_sys(e, "cannot open '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INPUT, "'%s' is not a regular file",
			       path);
	p->size = (uint64_t)st.st_size;
	return 0;
}

static int put_part(struct eif_writer *w, enum eif_type type,
		    const struct part *p, struct err *e)
{
	if (eif_begin(w, type, p->size, e) < 0)
		return err_wrap(e, "'%s'", p->name);
	return eif_write_fd(w, p->fd, 0, p->size, p->name, e);
}

static int put_text(struct eif_writer *w, enum eif_type type,
		    const char *text, size_t len, struct err *e)
{
	if (eif_begin(w, type, len, e) < 0)
		return -1;
	return eif_write(w, text, len, e);
}

static int kernel_arch(const struct part *kernel, enum eif_arch *arch,
		       struct err *e)
{
	uint8_t head[1024];
	ssize_t n = io_pread(kernel->fd, head, sizeof(head), 0);

	if (n < 0)
		return err_sys(e, "cannot read '%s'", kernel->name);
	return eif_kernel_arch(head, (size_t)n, kernel->name, arch, e);
}

/* What a build of Linux leaves beside the kernel, if it is there. */
static char *config_path(const char *kernel)
{
	return xasprintf("%s.config", kernel);
}

static void read_config(const char *kernel, char **os, char **version)
{
	AUTO_FREE char *path = config_path(kernel);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	char head[1024] = "";

	if (fd < 0 || io_read(fd, head, sizeof(head) - 1) < 0)
		head[0] = '\0';
	kernel_config_version(head, os, version);
}

static char *own_metadata(const struct eif_options *o)
{
	AUTO_FREE char *os = NULL;
	AUTO_FREE char *version = NULL;
	struct eif_identity id = {
		.name = o->name ? o->name : "application",
		.version = o->version ? o->version : "1.0",
		.build_time = o->has_date ? o->date : 0,
	};

	read_config(o->kernel, &os, &version);
	id.os = os;
	id.kernel = version;
	return identity_text(&id);
}

/* The members that AWS's tools do not do without. */
static int check_metadata(const struct buf *text, const char *name,
			  struct err *e)
{
	static const char *const members[] = {
		"ImageName", "ImageVersion", "BuildMetadata", "DockerInfo",
		"CustomMetadata",
	};
	AUTO_JSON json_t *j = json_parse_object(text->data ? text->data : "",
						text->len, name, e);

	if (!j)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if (!json_object_get(j, members[i]))
			return err_set(e, ERR_INPUT,
				       "'%s': no member '%s': not the metadata of an EIF",
				       name, members[i]);
	return 0;
}

static int put_metadata(const struct eif_options *o, struct eif_writer *w,
			struct err *e)
{
	AUTO_BUF struct buf given = BUF_INIT(EIF_METADATA_MAX);
	AUTO_FREE char *own = NULL;

	if (!o->metadata) {
		own = own_metadata(o);
		return put_text(w, EIF_METADATA, own, strlen(own), e);
	}
	if (buf_read_file(&given, AT_FDCWD, o->metadata, e) < 0 ||
	    check_metadata(&given, o->metadata, e) < 0)
		return -1;
	return put_text(w, EIF_METADATA, given.data, given.len, e);
}

static int put_ramdisk(struct eif_writer *w, const char *path,
		       struct eif_report *r, struct err *e)
{
	AUTO_PART struct part p = { .fd = -1 };

	if (part_open(&p, path, e) < 0)
		return -1;
	r->ramdisks += p.size;
	r->unpacked += p.size;	/* right when it is plain newc */
	return put_part(w, EIF_RAMDISK, &p, e);
}

static int confine(const struct eif_options *o, struct err *e)
{
	AUTO_FREE char *config = config_path(o->kernel);

	sandbox_read(o->box, o->kernel);
	sandbox_read(o->box, config);
	sandbox_read(o->box, o->metadata);
	for (size_t i = 0; i < o->n_ramdisks; i++)
		sandbox_read(o->box, o->ramdisks[i]);
	return cli_confine(o->box, e);
}

int parts_to_eif(const struct eif_options *o, int fd, struct eif_report *r,
		 struct err *e)
{
	AUTO_EIF_WRITER struct eif_writer *w = NULL;
	AUTO_PART struct part kernel = { .fd = -1 };

	if (confine(o, e) < 0 || part_open(&kernel, o->kernel, e) < 0 ||
	    kernel_arch(&kernel, &r->arch, e) < 0)
		return -1;
	w = eif_writer_new(fd, o->output, r->arch);
	if (put_part(w, EIF_KERNEL, &kernel, e) < 0 ||
	    put_text(w, EIF_CMDLINE, o->cmdline, strlen(o->cmdline), e) < 0 ||
	    put_metadata(o, w, e) < 0)
		return -1;
	for (size_t i = 0; i < o->n_ramdisks; i++)
		if (put_ramdisk(w, o->ramdisks[i], r, e) < 0)
			return -1;
	return eif_finish(w, o->signer, &r->pcrs, &r->size, e);
}
