/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy.h - blobs from one layout into another
 */
#ifndef ENC_COPY_H
#define ENC_COPY_H

#include "image/image.h"

/* Copies the layers of an image that the store lacks, each verified on the
 * way; nothing happens when the image is in that store. */
int copy_layers(const struct image *img, struct store *to, struct err *e)
	MUST_CHECK;

#endif
