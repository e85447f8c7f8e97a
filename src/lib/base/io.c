/* SPDX-License-Identifier: Apache-2.0 */
/*
 * io.c - reads and writes that are not cut short by a signal
 */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/xalloc.h"

#define COPY_CHUNK   ((size_t)1 << 20)
#define BEHIND_CHUNK ((uint64_t)16 << 20)

ssize_t io_read(int fd, void *data, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = read(fd, (char *)data + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

ssize_t io_pread(int fd, void *data, size_t len, uint64_t offset)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(fd, (char *)data + done, len - done,
				  (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int io_read_at(int fd, void *data, size_t len, uint64_t offset,
	       const char *name, struct err *e)
{
	ssize_t n = io_pread(fd, data, len, offset);

	if (n < 0)
		return err_sys(e, "cannot read '%s'", name);
	if ((size_t)n < len)
		return err_set(e, ERR_INPUT,
			       "'%s' became shorter while it was read", name);
	return 0;
}

int io_write(int fd, const void *data, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(fd, (const char *)data + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

int io_pwrite(int fd, const void *data, size_t len, uint64_t offset)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pwrite(fd, (const char *)data + done, len - done,
				   (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

/* For file systems where copy_file_range does not do (EXDEV, EINVAL, …). */
static int copy_by_hand(int in, uint64_t in_off, int out, uint64_t out_off,
			uint64_t len)
{
	AUTO_FREE char *chunk = xmalloc(COPY_CHUNK);

	while (len > 0) {
		size_t want = len < COPY_CHUNK ? (size_t)len : COPY_CHUNK;
		ssize_t n = io_pread(in, chunk, want, in_off);

		if (n < 0)
			return -1;
		if ((size_t)n < want) {
			errno = ENODATA;
			return -1;
		}
		if (io_pwrite(out, chunk, want, out_off) < 0)
			return -1;
		in_off += want;
		out_off += want;
		len -= want;
	}
	return 0;
}

int io_copy_range(int in, uint64_t in_off, int out, uint64_t out_off,
		  uint64_t len)
{
	while (len > 0) {
		off_t src = (off_t)in_off, dst = (off_t)out_off;
		size_t want = len < (1u << 30) ? (size_t)len : (1u << 30);
		ssize_t n = copy_file_range(in, &src, out, &dst, want, 0);

		if (n < 0 && errno == EINTR)
			continue;
		/* 0 is also what some file systems say for "not here". */
		if (n <= 0)
			return copy_by_hand(in, in_off, out, out_off, len);
		in_off += (uint64_t)n;
		out_off += (uint64_t)n;
		len -= (uint64_t)n;
	}
	return 0;
}

void io_write_behind(int fd, uint64_t from, uint64_t to)
{
	/* Whole chunks alone: a page that is written to while it is on its way
	 * to the disk has to go there twice. */
	from -= from % BEHIND_CHUNK;
	to -= to % BEHIND_CHUNK;
	if (from < to)
		sync_file_range(fd, (off_t)from, (off_t)(to - from),
				SYNC_FILE_RANGE_WRITE);
}

int io_connect_error(int fd)
{
	int fault = 0;
	socklen_t len = sizeof(fault);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &fault, &len) < 0)
		return errno;
	return fault;
}
