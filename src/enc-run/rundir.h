/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rundir.h - the enclaves that enc-run has on this host: a folder each
 *
 * Below $ENCLAVER_RUN, or /run/enclaver for root, $XDG_RUNTIME_DIR/enclaver for
 * others, or, where that cannot be had, /tmp/enclaver-UID.  An enclave's folder
 * holds its sockets and enclave.json, and is locked while its enc-run lives: one
 * without a lock is what a killed enc-run left, and the next one removes it.
 */
#ifndef RUN_RUNDIR_H
#define RUN_RUNDIR_H

#include "base/err.h"
#include "base/json.h"

struct rundir {
	char *path;			/* absolute */
	int   fd;			/* locked */
};

#define RUNDIR_INIT { .path = NULL, .fd = -1 }
#define AUTO_RUNDIR AUTO(rundir_remove)

/* A new folder, after those that were left behind have been removed. */
int rundir_make(struct rundir *d, struct err *e) MUST_CHECK;
/* Says what runs in it, "enclave.json": one line of JSON. */
int rundir_describe(struct rundir *d, const json_t *enclave, struct err *e)
	MUST_CHECK;
/* With all that is in it; nothing happens when there is none. */
void rundir_remove(struct rundir *d);

/* New array of what runs: the enclave.json of each locked folder, in the order
 * of their pids. */
json_t *rundir_list(struct err *e) MUST_CHECK;

#endif
