/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elsewhere.h - an image goes where no registry is: to the docker daemon, or
 * into a file
 */
#ifndef ENC_PUSH_ELSEWHERE_H
#define ENC_PUSH_ELSEWHERE_H

#include "base/sandbox.h"
#include "image/export.h"

struct elsewhere {
	const char *text;	/* --target, borrowed; NULL: to a registry */
	enum export_kind kind;
	const char *where;	/* the file, or the name there or "" */
	struct outfile file;
	struct daemon daemon;
};

#define ELSEWHERE_INIT { .file = OUTFILE_INIT, .daemon = DAEMON_INIT }

/* Is it for here?  Ends by cli_usage() when it is, and makes no sense. */
void elsewhere_parse(struct elsewhere *w, const char *target);

/* Opens the output, or the daemon, and says what it takes. */
int elsewhere_open(struct elsewhere *w, struct sandbox *box, struct err *e)
	MUST_CHECK;

/* Brings the image there.  Returns what it is called there, new, caller frees.
 * A daemon that has it under that name is not sent it again. */
char *elsewhere_put(struct elsewhere *w, const struct image *img,
		    struct progress *p, struct err *e) MUST_CHECK;
void elsewhere_release(struct elsewhere *w);

#endif
