/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oci.h - descriptors, manifests and image configurations
 *
 * OCI image spec 1.1 (descriptor.md, manifest.md, image-index.md, config.md)
 * and Docker's image manifest v2 schema 2, which differ in media types alone.
 */
#ifndef ENC_OCI_H
#define ENC_OCI_H

#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/json.h"

#define OCI_MANIFEST	  "application/vnd.oci.image.manifest.v1+json"
#define OCI_INDEX	  "application/vnd.oci.image.index.v1+json"
#define OCI_CONFIG	  "application/vnd.oci.image.config.v1+json"
#define OCI_LAYER	  "application/vnd.oci.image.layer.v1.tar"
#define OCI_LAYER_GZIP	  "application/vnd.oci.image.layer.v1.tar+gzip"
#define OCI_LAYER_ZSTD	  "application/vnd.oci.image.layer.v1.tar+zstd"
#define DOCKER_MANIFEST	  "application/vnd.docker.distribution.manifest.v2+json"
#define DOCKER_INDEX	  "application/vnd.docker.distribution.manifest.list.v2+json"
#define DOCKER_CONFIG	  "application/vnd.docker.container.image.v1+json"
#define DOCKER_LAYER_GZIP "application/vnd.docker.image.rootfs.diff.tar.gzip"
#define DOCKER_LAYER	  "application/vnd.docker.image.rootfs.diff.tar"

#define OCI_REF_NAME	  "org.opencontainers.image.ref.name"
#define OCI_BASE_NAME	  "org.opencontainers.image.base.name"
#define OCI_BASE_DIGEST	  "org.opencontainers.image.base.digest"

#define MEDIA_TYPE_MAX	  256		/* RFC 6838: 127 "/" 127 */
#define MANIFEST_MAX	  (4u << 20)	/* distribution spec: clients take 4 MiB */
#define CONFIG_MAX	  (8u << 20)
#define LAYERS_MAX	  1024		/* Docker itself stops at 127 */

struct descriptor {
	char	 media_type[MEDIA_TYPE_MAX];
	char	 hex[SHA256_HEX];	/* sha256 */
	uint64_t size;			/* bytes */
};

/* Fills *d from a descriptor object.  ERR_INPUT when a member is missing, of
 * the wrong type, or the digest is not sha256; what names it in messages. */
int descriptor_parse(const json_t *j, const char *what, struct descriptor *d,
		     struct err *e) MUST_CHECK;
/* New reference. */
json_t *descriptor_json(const struct descriptor *d);

/* ERR_INPUT for a member that differs in case alone from one of the
 * specification's that matters: of a manifest or an index, of a descriptor
 * (and its platform), of a configuration (and its "config" and "rootfs").
 * what stands in the message.  oci.c calls the first two. */
int oci_check_manifest(const json_t *j, const char *what, struct err *e)
	MUST_CHECK;
int oci_check_descriptor(const json_t *j, const char *what, struct err *e)
	MUST_CHECK;
int oci_check_config(const json_t *j, const char *what, struct err *e)
	MUST_CHECK;

bool oci_is_manifest(const char *media_type);
bool oci_is_index(const char *media_type);

struct manifest_doc {		/* a manifest whose digest was verified */
	json_t		  *json;	/* as it came */
	struct descriptor  config;
	struct descriptor *layers;	/* bottom layer first */
	size_t		   n_layers;
};

#define AUTO_MANIFEST_DOC AUTO(manifest_doc_release)

/* Parses a manifest, Docker's or OCI's.  name stands in messages. */
int manifest_doc_parse(const char *text, size_t len, const char *name,
		       struct manifest_doc *doc, struct err *e) MUST_CHECK;
void manifest_doc_release(struct manifest_doc *doc);

struct platform {
	char os[32], arch[32], variant[32];	/* variant may be "" */
};

/* "os/arch[/variant]" or "arch"; ERR_USAGE otherwise. */
int platform_parse(const char *text, struct platform *p, struct err *e)
	MUST_CHECK;
/* linux/<this machine>. */
void platform_default(struct platform *p);

/* Chooses the one entry of an index that is for the platform (an entry
 * without a variant matches any, an equal one is preferred; entries that are
 * neither manifest nor index are passed over).  ERR_INPUT that lists what
 * there is when none fits. */
int index_choose(const char *text, size_t len, const char *name,
		 const struct platform *p, struct descriptor *d, struct err *e)
	MUST_CHECK;

#endif
