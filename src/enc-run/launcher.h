/* SPDX-License-Identifier: Apache-2.0 */
/*
 * launcher.h - the ways to start an enclave, behind one set of calls
 *
 * A launcher starts one enclave, says how to reach it over vsock (a CID, or the
 * path of hybrid sockets, vsock.h), hands out what its console says and tells
 * when it is gone.  Everything else, the proxies, the output, the status, is
 * the same for all of them.
 *
 * What a launcher starts never outlives it: kill() and the death of this
 * process, by SIGKILL too, end the enclave and free what it had.
 */
#ifndef RUN_LAUNCHER_H
#define RUN_LAUNCHER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "eif/eif_read.h"
#include "enclave/loop.h"

/* One enclave.  The first part is filled in by the caller and borrowed. */
struct enclave {
	struct loop *loop;
	const char  *eif_name;		/* for messages */
	int	     eif;		/* the file that it is in */
	const struct eif_info *info;	/* read and judged; info->base and
					 * info->size: where in the file */
	unsigned int cpu_count;
	uint64_t     memory_mib;
	uint32_t     want_cid;		/* 0: any */
	bool	     debug;
	const char  *dir;		/* absolute; a folder of this enclave's
					 * alone, for sockets and copies */
	/* Its init has called (contract.md section 2, the heartbeat), so that its
	 * ports will answer: once, from the loop, where calls is set. */
	void (*booted)(void *arg);
	/* What the console said, any bytes; from the loop. */
	void (*console)(void *arg, const char *data, size_t len);
	/* The enclave is gone; from the loop, once, never before start() has
	 * returned and not after kill(). */
	void (*ended)(void *arg);
	void *arg;

	/* What became of it, by start(). */
	uint32_t cid;			/* as its peers call it; 0: none */
	char	*vsock_path;		/* P, or NULL for AF_VSOCK; new */
	bool	 calls;			/* booted() will come; else its ports may
					 * be called at once */
	void	*state;			/* the launcher's own */
};

struct launcher {
	const char *name;
	/* 0 when this machine can start enclaves this way; ERR_SYS or ERR_USAGE
	 * with what is missing and how to get it. */
	int (*available)(struct err *e) MUST_CHECK;
	/* All that would otherwise fail without a reason: one sentence and what
	 * to do.  Nothing is changed. */
	int (*check)(const struct enclave *en, struct err *e) MUST_CHECK;
	/* Starts it.  What is not an error but should be known is said by
	 * cli_note().  On failure nothing is left. */
	int (*start)(struct enclave *en, struct err *e) MUST_CHECK;
	/* The console says again what the application's output says. */
	bool echoes;
	/* Once started it starts nothing and opens nothing any more: enc-run
	 * can be confined. */
	bool settled;
	/* Ends it at once, if it has not ended, and lets go of en->state.  It
	 * is gone when this returns. */
	void (*kill)(struct enclave *en);
};

extern const struct launcher launcher_nitro;
extern const struct launcher launcher_nitro_cli;
extern const struct launcher launcher_qemu;
extern const struct launcher launcher_sandbox;

#endif
