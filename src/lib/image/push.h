/* SPDX-License-Identifier: Apache-2.0 */
/*
 * push.h - an image of a store goes to a registry
 *
 * OCI Distribution spec 1.1, "Push": what the registry has is not sent, what
 * another repository of it has is mounted, the rest is uploaded, and the
 * manifest, which makes an image of it all, comes last.
 */
#ifndef ENC_PUSH_H
#define ENC_PUSH_H

#include "base/progress.h"
#include "image/image.h"
#include "image/registry.h"

struct push_options {		/* borrowed */
	struct remote_options remote;
	struct progress	     *progress;	/* may be NULL */
};

enum push_how { PUSH_PRESENT, PUSH_MOUNTED, PUSH_UPLOADED };

struct push_blob {
	const struct descriptor *d;	/* borrowed from the image */
	enum push_how		 how;
};

struct push {
	struct registry		   registry;
	const struct push_options *options;
	/* what push_image() did */
	char		 *name;		/* "host/path[:tag]" */
	char		 *pinned;	/* "host/path@sha256:HEX" */
	struct push_blob *blobs;	/* configuration, layers, each once */
	size_t		  n;
};

#define PUSH_INIT { .registry = REGISTRY_INIT, .blobs = NULL, .n = 0 }
#define AUTO_PUSH AUTO(push_release)

/* Makes a client, which has asked nobody yet; then a program can confine itself
 * to what push_needs() adds. */
int push_open(struct push *p, const struct push_options *o, struct err *e)
	MUST_CHECK;
void push_needs(const struct push *p, struct sandbox *s);

/* Pushes the image, its manifest byte by byte, under the docker-style name
 * (with or without docker://) name.  Memory does not depend on sizes: a blob is
 * read, and hashed, while it is sent, and one that is not what its name says is
 * not completed.  0 when the registry confirms that name leads to the image.
 * ERR_VERIFY when a blob is missing in the store, or damaged, or the registry
 * speaks of other digests than ours; then nothing new has the name. */
int push_image(struct push *p, const struct image *img, const char *name,
	       struct err *e) MUST_CHECK;
void push_release(struct push *p);

#endif
