/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox.h - a program gives up all that it does not need
 *
 * A program says what it still reads and writes and whether it has the
 * network, and enters; from then on the kernel refuses all else, whatever a
 * hostile image makes of the program.  Files are Landlock's part
 * (sandbox_files.c), system calls seccomp's (sandbox_calls.c).  What is open
 * already stays usable, a terminal for example.
 *
 * Enter before the first thread, and before the first hostile byte:
 *
 *	AUTO_SANDBOX struct sandbox box = SANDBOX_INIT;
 *
 *	sandbox_read(&box, certificate);
 *	sandbox_change(&box, store.dir);
 *	sandbox_network(&box, SANDBOX_NET);
 *	if (cli_confine(&box, e) < 0)
 *		return -1;
 *
 * A file that is not there needs no rule to be missed: a rule for it is passed
 * over, and whoever opens it is told the same as without a sandbox.
 */
#ifndef ENC_SANDBOX_H
#define ENC_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"

enum sandbox_net {
	SANDBOX_NO_NET,		/* no socket of any kind */
	SANDBOX_UNIX,		/* UNIX sockets with a path: a daemon's */
	SANDBOX_NET,		/* TCP and UDP too, to call and not to listen */
	SANDBOX_SERVE,		/* and vsock; what listens by then accepts */
};

enum sandbox_access {
	SANDBOX_READ, SANDBOX_CHANGE, SANDBOX_PUBLISH, SANDBOX_EMPTY
};

struct sandbox {
	struct sandbox_rule {
		char		   *path;
		enum sandbox_access access;
	} *rules;
	size_t		 n;
	enum sandbox_net net;
	uint16_t	*ports;
	size_t		 n_ports;
	bool		 signals;
};

#define SANDBOX_INIT { .rules = NULL, .n = 0, .net = SANDBOX_NO_NET }
#define AUTO_SANDBOX AUTO(sandbox_release)

/* A file, or a folder and all below it, is read.  A symbolic link stands for
 * what it leads to; one inside of a folder that leads out of it does not.
 * Here and below NULL and what is not there are nothing. */
void sandbox_read(struct sandbox *s, const char *path);

/* What the links in a folder lead to, up to this many of them; those further
 * down are not looked at. */
#define SANDBOX_LINKS_MAX 4096
void sandbox_read_links(struct sandbox *s, const char *folder);

/* A folder, a store's: files below it are read, written, made, renamed and
 * removed, and folders made. */
void sandbox_change(struct sandbox *s, const char *folder);

/* An output: files that are open already get names in the folder of this one,
 * over one that is there too.  Nothing in there can be opened; that names can
 * be taken away, there and below, is the price: Landlock knows no one name. */
void sandbox_publish(struct sandbox *s, const char *file);

/* Folders below this one are removed, once they are empty. */
void sandbox_empty(struct sandbox *s, const char *folder);

/* The most that was asked for counts. */
void sandbox_network(struct sandbox *s, enum sandbox_net net);

/* Without SANDBOX_NET: TCP connections to this port all the same. */
void sandbox_call(struct sandbox *s, uint16_t port);

/* Signals reach processes outside of the sandbox: what was started before. */
void sandbox_signals(struct sandbox *s);

/* Confines this process, for good.  -1: *e says what the kernel cannot do; what
 * it can is in force all the same.  Programs call cli_confine(). */
int sandbox_enter(const struct sandbox *s, struct err *e) MUST_CHECK;

/* Landlock's part of that alone, with no_new_privs set already: for odyn, which
 * has a list of system calls of its own. */
int sandbox_files(const struct sandbox *s, struct err *e) MUST_CHECK;

void sandbox_release(struct sandbox *s);

#endif
