/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sleeve.c - the image that a release is built on, when one is named
 *
 * Trust: it is anybody's.
 */
#include <string.h>

#include "enc-release/release.h"
#include "image/layer.h"
#include "image/near.h"

static int check_machine(const struct image *img, const char *name,
			 const char *want, struct err *e)
{
	const char *os = json_str(img->config, "os");
	const char *arch = json_str(img->config, "architecture");

	if (!os || !arch || strcmp(os, "linux") != 0 || strcmp(arch, want) != 0)
		return err_set(e, ERR_INPUT,
			       "sleeve '%s' is for %s/%s, the EIF for linux/%s: pull the right one, enc-pull --platform linux/%s",
			       name, os ? os : "?", arch ? arch : "?", want,
			       want);
	return 0;
}

/* A release without what its entrypoint names would be found out when it is
 * started.  Only names are asked for: nothing is spooled. */
static int check_runner(const struct image *img, const char *name,
			struct progress *p, struct err *e)
{
	AUTO_TREE struct tree *tree = tree_new();
	const struct node *node;

	if (layers_merge(img, NULL, tree, LAYERS_SIZE_MAX, p, e) < 0)
		return err_wrap(e, "sleeve '%s'", name);
	node = tree_find(tree, &RUNNER[1], true);
	if (!node || !S_ISREG(node->inode->mode) ||
	    !(node->inode->mode & 0111))
		return err_set(e, ERR_INPUT,
			       "sleeve '%s' has no program '" RUNNER "', which starts a release: name another, --sleeve IMAGE, or none",
			       name);
	return 0;
}

int sleeve_open(struct release *r, struct err *e)
{
	const char *name = r->sleeve ? r->sleeve : r->manifest->sleeve;

	if (image_open_near(&r->base, name, r->into.dir, e) < 0) {
		if (r->sleeve || e->class != ERR_USAGE)
			return err_wrap(e, "sleeve '%s'", name);
		e->class = ERR_INPUT;
		return err_wrap(e, "sources.sleeve '%s' (--sleeve takes a path instead)",
				name);
	}
	if (check_machine(&r->base, name, eif_arch_oci(r->eif.arch), e) < 0)
		return -1;
	return check_runner(&r->base, name, r->progress, e);
}
