/* SPDX-License-Identifier: Apache-2.0 */
/*
 * odyn.c - the supervisor that goes into the image, wherever it comes from
 */
#include "enc-amend/odyn.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arch.h"
#include "base/elf.h"
#include "base/xalloc.h"
#include "cli/cli.h"
#include "cli/confine.h"
#include "image/layer.h"
#include "image/near.h"

#define BUILTIN	     "builtin"
#define PATH_IN_IMAGE "usr/local/bin/odyn"

static int read_file(struct odyn *o, const char *path, struct err *e)
{
	if (buf_read_file(&o->bytes, AT_FDCWD, path, e) < 0)
		return -1;
	o->name = xstrdup(BUILTIN);
	sha256_hex(o->bytes.data, o->bytes.len, o->hex);
	return 0;
}

static int read_builtin(struct odyn *o, const char *arch, struct err *e)
{
	AUTO_FREE char *path = cli_libexec("odyn", arch);

	if (access(path, R_OK) < 0)
		return err_sys(e, "no odyn for %s, cannot read '%s' (install the package enclaver-odyn, or give --odyn FILE, or sources.odyn in the manifest)",
			       arch_machine(arch), path);
	return read_file(o, path, e);
}

static int take_out(struct odyn *o, const struct image *img, const char *dir,
		    struct err *e)
{
	AUTO_SPOOL struct spool spool = SPOOL_INIT;
	AUTO_TREE struct tree *tree = tree_new();
	const struct node *node;

	if (spool_open(&spool, dir, e) < 0 ||
	    layers_merge(img, &spool, tree, LAYERS_SIZE_MAX, NULL, e) < 0)
		return -1;
	node = tree_find(tree, PATH_IN_IMAGE, true);
	if (!node || !S_ISREG(node->inode->mode))
		return err_set(e, ERR_INPUT,
			       "there is no file /" PATH_IN_IMAGE " in it");
	return layer_file(&spool, node->inode, PATH_IN_IMAGE, &o->bytes, e);
}

static int read_image(struct odyn *o, const char *text, const char *dir,
		      struct err *e)
{
	AUTO_IMAGE struct image img = IMAGE_INIT;

	if (image_open_near(&img, text, dir, e) < 0 ||
	    take_out(o, &img, dir, e) < 0)
		return err_wrap(e, "odyn '%s'", text);
	/* Not text: that may be a path of this machine. */
	o->name = xstrdup(*img.path.name ? img.path.name : "image");
	memcpy(o->hex, img.desc.hex, sizeof(o->hex));
	return 0;
}

/* A program for another machine would boot to a dead enclave. */
static int check_elf(const struct odyn *o, const char *from, const char *arch,
		     struct err *e)
{
	const char *is = elf_arch(o->bytes.data, o->bytes.len);

	if (!is)
		return err_set(e, ERR_INPUT, "odyn '%s' is not a program (ELF)",
			       from);
	if (strcmp(is, arch) != 0)
		return err_set(e, ERR_INPUT,
			       "odyn '%s' is for architecture %s, the image for %s: give the right one, --odyn FILE",
			       from, is, arch);
	return 0;
}

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

void odyn_needs(const char *option, const char *manifest, struct sandbox *s)
{
	if (!option && !manifest)
		cli_libexec_needs("odyn", s);
	else if (option && is_file(option))
		sandbox_read(s, option);
	else
		image_needs(option ? option : manifest, s);
}

int odyn_find(struct odyn *o, const char *option, const char *manifest,
	      const char *dir, const char *arch, struct err *e)
{
	const char *from = option ? option : manifest ? manifest : BUILTIN;
	int ret;

	if (!option && !manifest)
		ret = read_builtin(o, arch, e);
	else if (option && is_file(option))
		ret = read_file(o, option, e);
	else
		ret = read_image(o, from, dir, e);
	return ret < 0 ? -1 : check_elf(o, from, arch, e);
}

void odyn_release(struct odyn *o)
{
	buf_release(&o->bytes);
	free(o->name);
	o->name = NULL;
}
