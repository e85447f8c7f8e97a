/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.h - process.json: how odyn runs the application
 *
 * process.json(5).  enc-amend writes the image's configuration down as it is
 * ("user"); enc-eif, which has the merged tree, replaces that by numbers
 * ("uid", "gid", "groups"); odyn reads the final form only.
 *
 *   {"argv":["/bin/app","-v"],"cwd":"/srv","env":["A=b"],"schema":"process/1",
 *    "stop_signal":15,"user":"app:staff"}
 *   {…,"gid":50,"groups":[50,100],…,"uid":1000}
 */
#ifndef ENC_PROCESS_H
#define ENC_PROCESS_H

#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"

#define PROCESS_PATH	 "etc/enclaver/process.json"	/* below the root */
#define PROCESS_SCHEMA	 "process/1"
#define PROCESS_JSON_MAX (4u << 20)
#define PROCESS_GROUPS_MAX 1024
#define PROCESS_ID_MAX	 2147483647	/* what Docker takes, too */
#define PROCESS_SIGNAL_MAX 64
#define PROCESS_SIGNAL_NAME 16		/* "SIGRTMIN+30" and room to spare */
/* The kernel's MAX_ARG_STRLEN less the NUL, and what it takes of all words
 * together under its own stack limit of 8 MiB, less some for itself. */
#define PROCESS_WORD_MAX 131071
#define PROCESS_EXEC_MAX ((2 << 20) - 65536)

#define PROCESS_LOG_BUFFER_MAX (1u << 30)	/* odyn --log-buffer, bytes */

/* Where a command is looked for when the image's environment has no PATH. */
#define PROCESS_DEFAULT_PATH \
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct process {
	char   **argv;		/* NULL-terminated, at least one word */
	char   **env;		/* NULL-terminated "NAME=value" */
	char	*cwd;		/* absolute */
	int	 stop_signal;	/* number, 15 unless the image says otherwise */
	char	*user;		/* as in the image ("": none named), or NULL
				 * when resolved */
	uint32_t uid, gid;	/* valid when user is NULL */
	uint32_t *groups;	/* supplementary, gid included, ascending */
	size_t	 n_groups;
};

#define AUTO_PROCESS AUTO(process_release)

/* From the text of process.json, in either form; ERR_INPUT with the member
 * that is wrong or not known.  *p is filled in on success alone. */
int process_parse(const char *text, size_t len, struct process *p,
		  struct err *e) MUST_CHECK;
/* The canonical text with a final newline; returns new, caller frees. */
char *process_text(const struct process *p);
void process_release(struct process *p);

/* Replaces p->user by numbers.  passwd and group are the image's own files
 * (NULL: not there).  By the rules of Docker: "user", "uid", "user:group", any
 * part by name or number; a name must be in the file, a number need not be;
 * without a group the user's own, and then the groups that list the user; an
 * explicit group gives no supplementary ones.  ERR_INPUT names what is not
 * found and in which file.  No user at all ("") is root.  PATH and HOME (the
 * user's own, else "/") join p->env when the image does not set them.  p->groups may have
 * changed on failure, p->user has not. */
int process_resolve_user(struct process *p, const char *passwd,
			 const char *group, struct err *e) MUST_CHECK;

/* "SIGTERM", "TERM", "15", "SIGRTMIN+3" → number, or -1. */
int process_signal(const char *name);
/* 15 → "SIGTERM", 37 → "SIGRTMIN+3"; "signal 99" for what is none. */
void process_signal_name(int number, char out[PROCESS_SIGNAL_NAME]);

#endif
