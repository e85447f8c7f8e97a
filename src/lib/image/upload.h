/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upload.h - one blob on its way to a registry, one request after the other
 *
 * OCI Distribution spec 1.1, "Pushing blobs":
 *
 *	HEAD the blob		there: done
 *	POST, with mount=	another repository has it: done
 *	PUT			all of it at once, or
 *	PATCH, PATCH ... PUT	in pieces: when it is large, when the registry
 *				finds it too large, or to go on where a
 *				connection broke
 *	GET the upload		how much did it get?
 *
 * A Location may be relative, or on another host, which then gets the blob
 * but never an Authorization.
 */
#ifndef ENC_UPLOAD_H
#define ENC_UPLOAD_H

#include "base/progress.h"
#include "image/push.h"
#include "image/registry.h"
#include "image/store.h"

enum upload_step { UPLOAD_CHECK, UPLOAD_START, UPLOAD_PIECE, UPLOAD_STATUS,
		   UPLOAD_FINISH };

struct upload {
	/* set by the caller, borrowed */
	struct registry		*registry;
	const struct store	*store;
	const struct descriptor *d;
	const char		*what;		/* "layer 3f2a…", for messages */
	struct progress		*progress;	/* or NULL */
	/* the result */
	enum push_how		 how;
	/* private; all of it zero at first, but fd -1 */
	struct http_request	 request;
	struct http_upload	 body;
	struct registry_try	 refusals;
	enum upload_step	 step;
	char			*location;	/* of the upload, absolute */
	char			 range[48];	/* Content-Range */
	bool			 mounting;	/* does this POST ask for a mount? */
	bool			 mount_tried;
	bool			 whole;		/* it takes no pieces */
	uint64_t		 piece;		/* bytes; 0: all at once */
	uint64_t		 piece_min;	/* what the registry wants */
	uint64_t		 offset;	/* what it has got */
	int			 fd;
	struct digest		*digest;
	uint64_t		 hashed;	/* bytes that went through it */
};

/* The first request.  Valid until upload_release(). */
struct http_request *upload_begin(struct upload *u);

/* u->request has ended: 1 when it is to be sent as it is now, 0 when the blob
 * is in the registry (u->how). */
int upload_next(struct upload *u, struct err *e) MUST_CHECK;
void upload_release(struct upload *u);

/* Does an answer name the digest that it should?  0 also when it names none;
 * ERR_VERIFY otherwise. */
int upload_check_digest(const struct registry *r, const struct http_request *q,
			const char *hex, const char *what, struct err *e)
	MUST_CHECK;

#endif
