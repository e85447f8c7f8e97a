/* SPDX-License-Identifier: Apache-2.0 */
/*
 * near.c - an image that another one needs: odyn's, the sleeve's
 */
#include "image/near.h"

#include <string.h>

#include "base/xalloc.h"

/* "oci:DIR:NAME[@sha256:HEX]", or NULL when text is no reference. */
static char *path_in(const char *dir, const char *text)
{
	AUTO_FREE char *name = NULL;
	struct err ignored;
	struct ref ref;

	if (ref_parse(text, &ref, &ignored) < 0)
		return NULL;
	name = ref_name(&ref);
	return xasprintf("oci:%s:%s%s%s", dir, name,
			 ref.hex[0] ? "@sha256:" : "", ref.hex);
}

int image_open_near(struct image *img, const char *text, const char *dir,
		    struct err *e)
{
	AUTO_FREE char *path = NULL;

	if (strncmp(text, "oci:", 4) != 0)
		path = path_in(dir, text);
	if (path) {
		if (image_look(img, path, e) == 0)
			return 0;
		if (e->class != ERR_NO)
			return -1;
	}
	return image_open(img, text, e);
}
