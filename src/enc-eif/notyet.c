/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notyet.c - image mode, until it lands
 */
#include "enc-eif/blobs.h"
#include "enc-eif/enc-eif.h"

int image_to_eif(const struct eif_options *o UNUSED, int fd UNUSED,
		 struct eif_report *r UNUSED, struct err *e)
{
	return err_set(e, ERR_USAGE, "images are not supported yet");
}

int blobs_take_image(struct blobs *b UNUSED, const char *image UNUSED,
		     struct err *e)
{
	return err_set(e, ERR_USAGE, "blobs in images are not supported yet");
}
