/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.h - where images come from, and bringing one into the store
 *
 * A source hands out a manifest's text and puts blobs into the store; whether
 * it is a registry, a layout or an archive is its own affair.  What is common
 * (choosing a platform, verifying, what to fetch) is in source.c.
 */
#ifndef ENC_SOURCE_H
#define ENC_SOURCE_H

#include "base/progress.h"
#include "image/oci.h"
#include "image/ref.h"
#include "image/remote.h"
#include "image/store.h"

/* The most that is taken in for one image, compressed as it comes: a manifest
 * announces what it likes. */
#define PULL_SIZE_MAX (UINT64_C(64) << 30)

struct pull_options {		/* borrowed by the source */
	const char	*platform;	/* OS/ARCH[/VARIANT], NULL: this machine's */
	struct remote_options remote;
	uint64_t	 max_size;	/* of an image's layers, bytes */
	struct progress *progress;	/* may be NULL */
};

struct source;

struct source_ops {
	/* Appends the text of the manifest or index that want names, or with
	 * NULL of what the user asked for.  type gets the media type that the
	 * source declares, or "". */
	int (*manifest)(struct source *s, const struct descriptor *want,
			struct buf *text, char type[MEDIA_TYPE_MAX],
			struct err *e);
	/* Puts the blobs into the store, verified; none is there yet and no
	 * two are the same.  what[i] names blob i for progress and messages. */
	int (*blobs)(struct source *s, struct store *store,
		     const struct descriptor *d, char *const *what, size_t n,
		     struct err *e);
	void (*free)(struct source *s);
	/* What the first two will open, and whether they need the network;
	 * NULL for what is all open already. */
	void (*needs)(const struct source *s, struct sandbox *box);
};

struct source {
	const struct source_ops	  *ops;
	const struct pull_options *options;
	char			  *name;	/* NAME to file the image under */
	char			   pinned[SHA256_HEX];	/* or "" */
	struct store		  *store;	/* source_pull()'s, in all ops */
	bool			   fleeting;	/* the name says little about
						 * tomorrow: file the image
						 * under NAME@digest alone */
};

/* text: a docker-style name, docker://NAME, oci:DIR[:REF],
 * oci-archive:FILE[:REF], docker-archive:FILE[:NAME] or docker-daemon:NAME.
 * New source. */
struct source *source_open(const char *text, const struct pull_options *o,
			   struct err *e) MUST_CHECK;
void source_free(struct source *s);

static inline void source_freep(struct source **s)
{
	source_free(*s);
}
#define AUTO_SOURCE AUTO(source_freep)

/* The constructors behind it: rest is what follows the transport's name. */
struct source *registry_open(const char *rest, const struct pull_options *o,
			     struct err *e) MUST_CHECK;
struct source *layout_open(const char *rest, const struct pull_options *o,
			   struct err *e) MUST_CHECK;
struct source *oci_archive_open(const char *rest, const struct pull_options *o,
				struct err *e) MUST_CHECK;
struct source *docker_archive_open(const char *rest,
				   const struct pull_options *o, struct err *e)
	MUST_CHECK;
struct source *docker_daemon_open(const char *rest,
				  const struct pull_options *o, struct err *e)
	MUST_CHECK;

/* An image that names no platform (os or arch is NULL) is one for whoever
 * wants it; one for another than was asked for by --platform is an error, and
 * worth a note when nothing was asked for. */
int source_check_platform(const struct source *s, const char *os,
			  const char *arch, struct err *e) MUST_CHECK;

/* What source_pull() needs of the source; the store is the caller's. */
void source_needs(const struct source *s, struct sandbox *box);

/* Brings the image into the store: one platform chosen, every digest verified,
 * no blob fetched that is there.  Returns its image path (new, caller frees)
 * or NULL; on failure the store has no new image. */
char *source_pull(struct source *s, struct store *store, struct err *e)
	MUST_CHECK;

#endif
