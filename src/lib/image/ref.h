/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ref.h - names of images: docker-style references and image paths
 *
 * A docker-style reference is [HOST[:PORT]/]PATH[:TAG][@sha256:HEX] by the
 * grammar of the Distribution project's reference package, normalised as
 * Docker does: no host means docker.io, a docker.io name without a slash is
 * in library/, no tag and no digest means latest.
 *
 * An image path is what passes through the pipes, skopeo's own syntax:
 * oci:DIR:NAME@sha256:HEX (design.md section 2).
 */
#ifndef ENC_REF_H
#define ENC_REF_H

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/err.h"

#define REF_MAX 1024		/* most bytes of a reference, NUL included */

struct ref {
	char host[REF_MAX];	/* "docker.io", "127.0.0.1:5000", "[::1]:5000" */
	char path[REF_MAX];	/* "library/alpine" */
	char tag[129];		/* "" when only a digest was given */
	char hex[SHA256_HEX];	/* pinned digest, or "" */
};

/* What may stand before the place of an image, as skopeo has it; see
 * containers-transports(5).  TRANSPORT_OTHER are those that nothing of ours
 * reads. */
enum transport {
	TRANSPORT_NONE,
	TRANSPORT_REGISTRY,		/* docker:// */
	TRANSPORT_OCI,			/* oci: */
	TRANSPORT_OCI_ARCHIVE,		/* oci-archive: */
	TRANSPORT_DOCKER_ARCHIVE,	/* docker-archive: */
	TRANSPORT_DOCKER_DAEMON,	/* docker-daemon: */
	TRANSPORT_OTHER,
};

/* How text begins; *rest (may be NULL) is what follows, in text. */
enum transport transport_of(const char *text, const char **rest);

/* ERR_USAGE with the part that is wrong.  What begins with a transport is never
 * a repository: "oci:x" would be one of Docker Hub's. */
int ref_parse(const char *text, struct ref *ref, struct err *e) MUST_CHECK;
/* The same for what follows a transport, or is a name for sure: there "dir:1"
 * is the tag 1 of dir. */
int ref_parse_name(const char *text, struct ref *ref, struct err *e) MUST_CHECK;

/* The full name "host/path[:tag]": the NAME that the store files the image
 * under.  No digest in it.  Returns new, caller frees. */
char *ref_name(const struct ref *ref);

/* Is the host this machine's loopback (plain HTTP is allowed there)? */
bool ref_is_loopback(const struct ref *ref);
bool ref_host_is_loopback(const char *host);	/* "host[:port]" */

struct image_path {
	char *dir;		/* the OCI layout */
	char *name;		/* NAME, may itself contain ':' and '/' */
	char  hex[SHA256_HEX];	/* digest of the manifest */
};

#define AUTO_IMAGE_PATH AUTO(image_path_release)

/* ERR_USAGE when text is not oci:DIR:NAME@sha256:HEX. */
int image_path_parse(const char *text, struct image_path *p, struct err *e)
	MUST_CHECK;
/* Returns new, caller frees. */
char *image_path_format(const char *dir, const char *name, const char *hex);
void image_path_release(struct image_path *p);

#endif
