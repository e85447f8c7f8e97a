/* SPDX-License-Identifier: Apache-2.0 */
/*
 * docker_context.h - where the docker command would look for its daemon
 *
 * As the docker command does, which is the only specification: environment,
 * then contexts (config.json, contexts/meta/ID/meta.json and
 * contexts/tls/ID/docker/, ID being the SHA-256 of the context's name).
 */
#ifndef ENC_DOCKER_CONTEXT_H
#define ENC_DOCKER_CONTEXT_H

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/err.h"

#define DOCKER_FILE_MAX (1u << 20)	/* of config.json or meta.json */

struct docker_endpoint {	/* all owned */
	char *from;		/* who says so, for messages; NULL: the default */
	char *host;		/* "unix:///…", "tcp://…"; NULL: the default */
	bool  tls, verify;	/* for tcp:// */
	char *ca, *cert, *key;	/* files in PEM, or NULL */
};

int docker_endpoint_find(struct docker_endpoint *p, struct err *e) MUST_CHECK;
void docker_endpoint_release(struct docker_endpoint *p);

#endif
