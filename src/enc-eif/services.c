/* SPDX-License-Identifier: Apache-2.0 */
/*
 * services.c - the files that odyn's services need, looked for in the tree
 *
 * odyn would say the same, but in an enclave, where few see it.  What is in the
 * files is for odyn to judge.
 */
#include "base/xalloc.h"
#include "base/yaml.h"
#include "enc-eif/rootfs.h"
#include "enclave/manifest.h"

#define MANIFEST_PATH "etc/enclaver/enclaver.yaml"	/* by enc-amend */

static int check_tls(const struct rootfs *r, unsigned int port,
		     const char *file, struct err *e)
{
	AUTO_FREE char *path = xasprintf("etc/enclaver/tls/server/%u/%s", port,
					 file);
	const struct node *n = tree_find(r->tree, path, true);

	if (n && S_ISREG(n->inode->mode))
		return 0;
	return err_set(e, ERR_INPUT,
		       "ingress %u has tls, and the image has no '/%s': add it to the application's image",
		       port, path);
}

int rootfs_services(struct rootfs *r, struct err *e)
{
	AUTO_BUF struct buf text = BUF_INIT(YAML_MAX);
	AUTO_MANIFEST struct manifest m = { .name = NULL };
	bool found;

	if (rootfs_text(r, MANIFEST_PATH, &text, &found, e) < 0)
		return -1;
	if (!found)
		return err_set(e, ERR_INPUT,
			       "the image is marked as amended and has no '/%s': amend the original again",
			       MANIFEST_PATH);
	if (manifest_parse(text.data ? text.data : "", text.len,
			   "/" MANIFEST_PATH, &m, e) < 0)
		return err_wrap(e, "in the image");
	for (size_t i = 0; i < m.n_ingress; i++) {
		const struct manifest_ingress *in = &m.ingress[i];

		if (in->tls &&
		    (check_tls(r, in->listen_port, "cert.pem", e) < 0 ||
		     check_tls(r, in->listen_port, "key.pem", e) < 0))
			return -1;
	}
	return 0;
}
