/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output.h - what the application and odyn write, for whoever wants to read it
 *
 * One stream of bytes, as they were written: the application's standard output
 * and error, which are one pipe so that they keep their order, and between
 * them odyn's own lines.  Its last bytes are kept.  A reader gets those that
 * are kept, and then what comes; each has its own pace, and none holds the
 * application back: one that is too slow, or that comes too late for the
 * beginning, finds in the stream a line "odyn: N bytes were dropped here".
 */
#ifndef ODYN_OUTPUT_H
#define ODYN_OUTPUT_H

#include <stdbool.h>

#include "enclave/process.h"
#include "enclave/vsock.h"

#define OUTPUT_RING    131072		/* bytes kept, unless told otherwise */
#define OUTPUT_RING_MAX PROCESS_LOG_BUFFER_MAX

struct output;

/* changed(arg) is called whenever output_is_read() may have become true.
 * Returns new, or NULL (ERR_SYS).  The caller frees it; that takes up to a
 * second when the console is slow. */
struct output *output_new(struct loop *l, size_t ring,
			  void (*changed)(void *arg), void *arg,
			  struct err *e) MUST_CHECK;
void output_free(struct output *o);

/* Serves the stream on a port of the enclave.  ERR_SYS. */
int output_listen(struct output *o, struct vsock *v, uint32_t port,
		  struct err *e) MUST_CHECK;
/* Writes the stream to standard output, too; on = false: no longer. */
void output_console(struct output *o, bool on);

/* A line of odyn's, with its newline. */
void output_line(struct output *o, const char *line, size_t len);

/* The end of the pipe that the application writes to, borrowed;
 * output_started() closes it when the application has it. */
int output_pipe(const struct output *o);
void output_started(struct output *o);

/* The application has ended: what is left in the pipe comes to the stream, and
 * that ends there. */
void output_finish(struct output *o);
/* After that: have all who read the stream read it to its end and hung up? */
bool output_is_read(const struct output *o);

#endif
