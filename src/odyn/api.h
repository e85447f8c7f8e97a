/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api.h - the ports of the API: enclave/api.h says what is answered there
 */
#ifndef ODYN_API_H
#define ODYN_API_H

#include "enclave/manifest.h"
#include "odyn/service.h"

struct api_ports;

/* Listens on the manifest's api and aux_api, where it has them.  nsm is a
 * descriptor of nsm_open(), borrowed, or -1.  Returns new, or NULL
 * (ERR_SYS). */
struct api_ports *api_start(struct loop *l, struct gate *g,
			    const struct manifest *m, int nsm, struct err *e)
	MUST_CHECK;
void api_free(struct api_ports *a);

#endif
