/* SPDX-License-Identifier: Apache-2.0 */
/*
 * io.h - reads and writes that are not cut short by a signal
 *
 * All but io_read_at() return -1 with errno set; the caller knows the name to
 * report.
 */
#ifndef ENC_IO_H
#define ENC_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/compiler.h"
#include "base/err.h"

/* Reads up to len bytes, until that many came or the end: fewer than len means
 * the end. */
ssize_t io_read(int fd, void *data, size_t len) MUST_CHECK;
ssize_t io_pread(int fd, void *data, size_t len, uint64_t offset) MUST_CHECK;

/* All len bytes of the file with that name: 0, or -1 and ERR_SYS, or ERR_INPUT
 * when it ends before, for whoever knew its size and reads it in the end. */
int io_read_at(int fd, void *data, size_t len, uint64_t offset,
	       const char *name, struct err *e) MUST_CHECK;

/* Writes all of it: 0 or -1. */
int io_write(int fd, const void *data, size_t len) MUST_CHECK;
int io_pwrite(int fd, const void *data, size_t len, uint64_t offset) MUST_CHECK;

/* Copies len bytes between files at the given offsets, inside the kernel where
 * it can (copy_file_range shares blocks when both offsets are aligned and the
 * file system is able to).  0; -1 with errno, ENODATA when in ended early. */
int io_copy_range(int in, uint64_t in_off, int out, uint64_t out_off,
		  uint64_t len) MUST_CHECK;

/* How a connect() that was under way has ended: 0, or an errno. */
int io_connect_error(int fd);

/* A file that grows has grown from one size to another: the kernel may begin to
 * bring it to the disk, so that an fsync at the end finds little left to do.
 * A hint: it changes nothing else, and nothing is reported. */
void io_write_behind(int fd, uint64_t from, uint64_t to);

#endif
