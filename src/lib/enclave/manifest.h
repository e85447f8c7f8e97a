/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest.h - enclaver.yaml, version v1
 *
 * enclaver.yaml(5).  A manifest is trusted, but nothing in it is passed over:
 * an unknown field, a wrong type, a missing field, a number out of range or
 * two ports that collide are ERR_INPUT "NAME:LINE:COLUMN: …".
 */
#ifndef ENC_MANIFEST_H
#define ENC_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "enclave/pattern.h"

#define MANIFEST_CPU_COUNT  2		/* what "defaults" is by default */
#define MANIFEST_MEMORY_MB  4096
#define MANIFEST_PROXY_PORT 10000	/* egress.proxy_port */
#define MANIFEST_STATUS_PORT 17000	/* vsock_ports */
#define MANIFEST_LOG_PORT    17001
#define MANIFEST_EGRESS_PORT 17002

struct manifest_ingress {
	uint16_t listen_port;
	bool	 tls;
	char	*key_file, *cert_file;	/* hints; NULL without tls */
};

struct manifest_endpoint {
	char *region, *host;
};

struct manifest_patterns {
	struct pattern *items;
	size_t n;
};

struct manifest {
	char *text;			/* the file's own bytes */
	size_t len;
	char *folder;			/* "" for standard input */

	char *name, *target;
	char *app, *odyn, *sleeve;	/* sources; the last two may be NULL */
	char *certificate, *key;	/* signature: paths that can be opened,
					 * both NULL without one */
	int32_t cpu_count, memory_mb;	/* defaults, filled in */

	struct manifest_ingress *ingress;
	size_t n_ingress;

	bool has_egress;
	uint16_t proxy_port;
	struct manifest_patterns allow, deny;	/* no allow: no egress at all */

	uint16_t kms_port;		/* 0: no kms_proxy */
	struct manifest_endpoint *endpoints;	/* sorted by region */
	size_t n_endpoints;

	uint16_t api_port, aux_api_port;	/* 0: off */

	bool has_vsock_ports;		/* given; the values are always set */
	uint16_t status_port, app_log_port, http_egress_port;
};

#define AUTO_MANIFEST AUTO(manifest_release)

/* Reads and checks the file at path, or standard input when it is "-" (then
 * "<stdin>" in messages).  *m is filled on success only. */
int manifest_load(const char *path, struct manifest *m, struct err *e)
	MUST_CHECK;

/* The same for a text; name stands in messages, and the folder part of it is
 * what the paths of "signature" are relative to. */
int manifest_parse(const char *text, size_t len, const char *name,
		   struct manifest *m, struct err *e) MUST_CHECK;

void manifest_release(struct manifest *m);

/* Without an allow nothing may go out, whatever else "egress" says. */
static inline bool manifest_allows_egress(const struct manifest *m)
{
	return m->has_egress && m->allow.n > 0;
}

/* The manifest that goes into the enclave: only what is used there, in one
 * order and one spelling, with "target" and "sources" as "-", so that a change
 * of those, of "signature" or of "defaults" changes no measurement.  It is a
 * valid manifest whose canonical text is itself.  Returns new, caller frees. */
char *manifest_canonical(const struct manifest *m);

#endif
