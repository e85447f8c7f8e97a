/* SPDX-License-Identifier: Apache-2.0 */
/*
 * docker_list.h - manifest.json of docker save: which image, and its paths
 */
#ifndef ENC_DOCKER_LIST_H
#define ENC_DOCKER_LIST_H

#include "base/err.h"
#include "base/json.h"

/* Borrowed entry of the list whose RepoTags have the name (both are put into
 * Docker's full form first), or with NULL the only one there is.  ERR_INPUT
 * that lists what there is; file stands in messages. */
const json_t *docker_list_choose(const json_t *list, const char *file,
				 const char *name, struct err *e) MUST_CHECK;

/* "a/b/../c" without its dots; what climbs out of the archive stays at its
 * top.  New, caller frees. */
char *docker_tidy_path(const char *path);

/* Where a symbolic link at path points.  New, caller frees. */
char *docker_link_target(const char *path, const char *target);

#endif
