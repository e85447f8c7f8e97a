/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.h - a growing buffer with a ceiling
 *
 * There is no unbounded read of anything: the ceiling is given at init, and
 * an append that would pass it fails.  data[len] is always NUL once anything
 * was appended, so text can be used as a string.
 */
#ifndef ENC_BUF_H
#define ENC_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"

struct buf {
	char  *data;	/* NULL while empty */
	size_t len;
	size_t cap;
	size_t max;	/* most bytes that len may reach */
};

#define BUF_INIT(ceiling) { .data = NULL, .len = 0, .cap = 0, .max = (ceiling) }
#define AUTO_BUF	  AUTO(buf_release)

/* 0, or -1 with *b unchanged when the ceiling would be passed. */
int buf_append(struct buf *b, const void *data, size_t len) MUST_CHECK;

/* Appends what the program itself makes; passing the ceiling is a bug of ours
 * and ends the program. */
void buf_add(struct buf *b, const void *data, size_t len);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);

/* The contents as a NUL-terminated string that the caller frees; *b is empty
 * afterwards.  Never NULL. */
char *buf_steal(struct buf *b);

void buf_release(struct buf *b);
/* The same for secrets.  What they were moved from as they grew is not wiped:
 * it helps against what is read later, not against everything. */
void buf_wipe(struct buf *b);

/* Appends all of fd, from where it stands.  ERR_INPUT "'name' is larger than
 * N bytes" past the ceiling, ERR_SYS when reading fails. */
int buf_read_fd(struct buf *b, int fd, const char *name, struct err *e)
	MUST_CHECK;

/* The same for a file below dirfd (AT_FDCWD for a path as it is). */
int buf_read_file(struct buf *b, int dirfd, const char *path, struct err *e)
	MUST_CHECK;

#endif
