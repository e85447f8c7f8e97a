/* SPDX-License-Identifier: Apache-2.0 */
/*
 * near.h - an image that another one needs: odyn's, the sleeve's
 */
#ifndef ENC_NEAR_H
#define ENC_NEAR_H

#include "image/image.h"

/* Opens what text names: an image path, oci:DIR[:REF], or a docker-style name,
 * which is looked up in the layout dir first and then in the store.  ERR_INPUT
 * with "pull it first" when it is in neither; nothing is fetched. */
int image_open_near(struct image *img, const char *text, const char *dir,
		    struct err *e) MUST_CHECK;

#endif
