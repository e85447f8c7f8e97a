/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress.h - how the library tells how far long work has come
 *
 * The library calls, a program draws (cli/progress.h).  A NULL watcher is
 * allowed everywhere and means that nobody looks.
 */
#ifndef ENC_PROGRESS_H
#define ENC_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

struct progress {
	/* what: a short name of the piece of work ("layer 3f2a…"), the same
	 * in each call for it; total 0: not known.  The last call for a piece
	 * has done == total.  Called often: do little. */
	void (*update)(struct progress *p, const char *what, uint64_t done,
		       uint64_t total);
	/* Something worth a line of its own ("layer 3f2a…: already here"). */
	void (*note)(struct progress *p, const char *text);
};

static inline void progress_update(struct progress *p, const char *what,
				   uint64_t done, uint64_t total)
{
	if (p)
		p->update(p, what, done, total);
}

static inline void progress_note(struct progress *p, const char *text)
{
	if (p)
		p->note(p, text);
}

#endif
