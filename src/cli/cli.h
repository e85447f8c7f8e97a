/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli.h - what every program of the suite does alike
 *
 * The only code that prints to stderr, and main()'s alone.  One write(2) a
 * message, control characters as '?', "PROGRAM: message".
 */
#ifndef ENC_CLI_H
#define ENC_CLI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* First in main(): sets the name for messages and sees to it that a stdout
 * that cannot be flushed (a full disk) ends in status 6. */
void cli_init(const char *program);

void cli_set_quiet(bool quiet);		/* -q: no notes, no progress */
void cli_set_verbose(bool verbose);	/* -v */
bool cli_is_quiet(void);
bool cli_is_verbose(void);

/* "PROGRAM (enclaver) VERSION" on stdout, exit 0. */
void cli_version(void) NORETURN;
/* The text on stdout, exit 0. */
void cli_help(const char *text) NORETURN;

/* One line on stderr. */
void cli_note(const char *fmt, ...) PRINTF(1, 2);	/* unless -q */
void cli_debug(const char *fmt, ...) PRINTF(1, 2);	/* with -v */
void cli_warn(const char *fmt, ...) PRINTF(1, 2);	/* always */

/* One line, then "try 'PROGRAM --help'"; exit 2. */
void cli_usage(const char *fmt, ...) NORETURN PRINTF(1, 2);
/* getopt_long said '?' or ':' (opterr = 0, optstring begins "+:"). */
void cli_bad_option(int c, char **argv) NORETURN;

/* The value of an option that takes a number of bytes, one at least: digits
 * and nothing, k, M, G or T (powers of 1024).  Ends by cli_usage(). */
uint64_t cli_size(const char *option, const char *text);

/* Where a program that goes into an image is ("odyn", "init"): in the folder
 * $ENCLAVER_LIBEXEC, else in the one where this build installs it; for another
 * architecture than this program's (arch is OCI's name) in the folder of its
 * name in there ("aarch64").  Returns new, caller frees. */
char *cli_libexec(const char *name, const char *arch);

/* Prints the error and returns its class: "return cli_fail(&e);" in main(). */
int cli_fail(const struct err *e);

/* The object a program works on: arg, or the one line on standard input when
 * arg is NULL or "-".  what names it in the message ("image path").  Returns
 * new, caller frees.  ERR_USAGE when stdin is a terminal, empty, or holds more
 * than one line. */
char *cli_object(const char *arg, const char *what, struct err *e) MUST_CHECK;

/* The same object, when it is the path of a file and not an image: *fd is open
 * for reading.  A file that is there is one; what looks like a path stays one
 * when it is not (ERR_SYS).  All else is an image, and *fd is -1. */
int cli_open_file(const char *object, int *fd, struct err *e) MUST_CHECK;

/* For a program whose status is another's: from now on its own failures,
 * cli_usage() too, end with this one; 0: with their own again. */
void cli_set_status(int status);

#endif
