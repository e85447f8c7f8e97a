/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image_mode.c - from an image to an EIF
 *
 * The image is opened and merged, the kernel found, and the sections written
 * in the order of AWS's builder: kernel, cmdline, metadata, ramdisks.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "cli/cli.h"
#include "cli/confine.h"
#include "cli/progress.h"
#include "enc-eif/blobs.h"
#include "enc-eif/enc-eif.h"
#include "enc-eif/ramdisk.h"
#include "enc-eif/rootfs.h"
#include "image/annotation.h"
#include "image/image.h"

static int image_arch(const struct image *img, enum eif_arch *arch,
		      struct err *e)
{
	const char *os = json_str(img->config, "os");
	const char *name = json_str(img->config, "architecture");

	if (!os || strcmp(os, "linux") != 0 || !name)
		return err_set(e, ERR_INPUT,
			       "the image is for '%s/%s', and an enclave runs linux",
			       os ? os : "?", name ? name : "?");
	if (strcmp(name, "amd64") == 0)
		*arch = EIF_X86_64;
	else if (strcmp(name, "arm64") == 0)
		*arch = EIF_AARCH64;
	else
		return err_set(e, ERR_INPUT,
			       "the image is for '%s', and enclaves are amd64 or arm64: choose with enc-pull --platform",
			       name);
	return 0;
}

/* With our init the root must be a tmpfs, or there are no extended attributes:
 * AWS's aarch64 command line has a word that makes it a ramfs. */
static char *choose_cmdline(const struct eif_options *o, const struct blobs *b,
			    struct err *e)
{
	static const char word[] = "root=/dev/ram0";
	char *text, *at;
	size_t len;

	if (o->cmdline)
		return cmdline_trim(o->cmdline, strlen(o->cmdline));
	if (!b->cmdline) {
		err_set(e, ERR_INPUT,
			"'%s' has no file 'cmdline': give the kernel's command line with --cmdline",
			b->where);
		return NULL;
	}
	text = xstrdup(b->cmdline);
	at = o->own_init ? strstr(text, word) : NULL;
	if (!at || (at > text && at[-1] != ' ') ||
	    (at[strlen(word)] != ' ' && at[strlen(word)] != '\0'))
		return text;
	len = strlen(word) + strspn(at + strlen(word), " ");
	memmove(at, at + len, strlen(at + len) + 1);
	at = cmdline_trim(text, strlen(text));
	free(text);
	return at;
}

/* What `docker image inspect` says of the image, as far as it depends on the
 * image alone. */
static json_t *docker_info(const struct image *img)
{
	static const struct { const char *theirs, *ours; } names[] = {
		{ "Architecture", "architecture" }, { "Author", "author" },
		{ "Created", "created" }, { "Os", "os" },
		{ "Variant", "variant" },
	};
	AUTO_FREE char *id = xasprintf("sha256:%s", img->doc.config.hex);
	const json_t *config = image_run_config(img);
	json_t *info = json_object(), *rootfs = json_object();
	json_t *layers = json_object_get(json_object_get(img->config, "rootfs"),
					 "diff_ids");

	json_put_str(info, "Id", id);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *value = json_str(img->config, names[i].ours);

		if (value)
			json_put_str(info, names[i].theirs, value);
	}
	json_put(info, "Config", config ? json_deep_copy(config) :
					  json_object());
	json_put_str(rootfs, "Type", "layers");
	json_put(rootfs, "Layers", layers ? json_deep_copy(layers) :
					    json_array());
	json_put(info, "RootFS", rootfs);
	return info;
}

static int64_t build_time(const struct eif_options *o, const struct image *img)
{
	const char *created = json_str(img->config, "created");
	int64_t seconds;

	if (o->has_date)
		return o->date;
	return created && clock_parse(created, &seconds) == 0 ? seconds : 0;
}

static int put_text(struct eif_writer *w, enum eif_type type, const char *text,
		    struct err *e)
{
	if (eif_begin(w, type, strlen(text), e) < 0)
		return -1;
	return eif_write(w, text, strlen(text), e);
}

/* ImageName and ImageVersion: the options', else the application's own name
 * and tag ("repo/app:1" → "repo/app", "1"). */
static int put_metadata(struct eif_writer *w, const struct eif_options *o,
			const struct image *img, const struct blobs *b,
			struct err *e)
{
	AUTO_JSON json_t *info = docker_info(img);
	const char *base = image_annotation(img, OCI_BASE_NAME);
	AUTO_FREE char *name = xstrdup(base ? base : img->path.name);
	AUTO_FREE char *text = NULL;
	char *slash = strrchr(name, '/');
	char *colon = strchr(slash ? slash : name, ':');
	struct eif_identity id = {
		.build_time = build_time(o, img), .os = b->os,
		.kernel = b->version, .docker_info = info,
	};

	if (colon)
		*colon++ = '\0';
	id.name = o->name ? o->name : name;
	id.version = o->version ? o->version : colon ? colon : "latest";
	text = identity_text(&id);
	return put_text(w, EIF_METADATA, text, e);
}

static int put_kernel(struct eif_writer *w, const struct blobs *b,
		      const char *cmdline, struct err *e)
{
	if (eif_begin(w, EIF_KERNEL, b->kernel->size, e) < 0)
		return -1;
	if (eif_write_fd(w, b->kernel->fd, b->kernel->offset, b->kernel->size,
			 b->kernel->name, e) < 0)
		return -1;
	return put_text(w, EIF_CMDLINE, cmdline, e);
}

/* A foreign init does not know the list of extended attributes. */
static void warn_loss(const char *path, const struct inode *inode)
{
	if (inode->n_xattrs > 0)
		cli_warn("'%s' loses its extended attributes: the blobs' init does not set them",
			 path);
}

static void warn_xattrs(const struct tree *t)
{
	struct tree_list list = { .n = 0 };
	struct err ignored;

	warn_loss("/", t->root->inode);
	if (tree_sorted(t, &list, &ignored) == 0)
		for (size_t i = 0; i < list.n; i++)
			warn_loss(list.paths[i].path,
				  list.paths[i].node->inode);
	tree_list_release(&list);
}

static int put_ramdisks(struct eif_writer *w, const struct eif_options *o,
			const struct rootfs *root, const struct blobs *b,
			int init, struct eif_report *r, struct err *e)
{
	const struct app_ramdisk app = {
		.tree = root->tree, .spool = &root->spool,
		.cmd = root->cmd.data, .env = root->env.data ? root->env.data : "",
		.has_mtime = o->has_mtime, .mtime = o->mtime,
	};

	if (!o->own_init)
		warn_xattrs(root->tree);
	if (boot_ramdisk(w, b, init, r, e) < 0)
		return -1;
	return app_ramdisk(w, &app, r, e);
}

/* Beside what is open: the layouts, our init, and what main.c knows of. */
static int confine(const struct eif_options *o, const struct blobs *b,
		   struct err *e)
{
	image_needs(o->image, o->box);
	if (o->own_init)
		cli_libexec_needs("init", o->box);
	blobs_needs(b, o->box);
	return cli_confine(o->box, e);
}

int image_to_eif(const struct eif_options *o, int fd, struct eif_report *r,
		 struct err *e)
{
	AUTO_IMAGE struct image img = IMAGE_INIT;
	AUTO_ROOTFS struct rootfs root = ROOTFS_INIT;
	AUTO_BLOBS struct blobs blobs = BLOBS_INIT;
	AUTO_EIF_WRITER struct eif_writer *w = NULL;
	AUTO_FREE char *cmdline = NULL;
	AUTO_CLOSE int init = -1;

	if (blobs_open(o->blobs, &blobs, e) < 0 ||
	    spool_open_beside(&root.spool, o->output, e) < 0 ||
	    confine(o, &blobs, e) < 0 || image_open(&img, o->image, e) < 0 ||
	    image_arch(&img, &r->arch, e) < 0 ||
	    signature_demanded(image_annotation(&img, ANNOTATION_CERTIFICATE),
			       o->signer ? signer_cert_sha256(o->signer) : NULL,
			       e) < 0 ||
	    blobs_settle(&blobs, r->arch, e) < 0)
		return -1;
	if (o->own_init ? (init = boot_init_open(r->arch, e)) < 0 :
			  boot_init_check(&blobs, e) < 0)
		return -1;
	cmdline = choose_cmdline(o, &blobs, e);
	if (!cmdline ||
	    rootfs_fill(&root, &img, o->max_size, cli_progress(), e) < 0)
		return -1;
	cli_debug("kernel '%s' of '%s', command line '%s'", blobs.kernel->name,
		  blobs.where, cmdline);
	w = eif_writer_new(fd, o->output, r->arch);
	if (put_kernel(w, &blobs, cmdline, e) < 0 ||
	    put_metadata(w, o, &img, &blobs, e) < 0 ||
	    put_ramdisks(w, o, &root, &blobs, init, r, e) < 0)
		return -1;
	return eif_finish(w, o->signer, &r->pcrs, &r->size, e);
}
