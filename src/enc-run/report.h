/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.h - what the enclave tells of itself: how its application is, and what
 * it writes, to the last word
 *
 * The status port and the log port, contract.md section 4.  The last word is
 * said when the status is final and the log has ended, or when the enclave is
 * gone and nothing more can come.
 */
#ifndef RUN_REPORT_H
#define RUN_REPORT_H

#include "enc-run/channel.h"
#include "enc-run/output.h"
#include "enc-run/verdict.h"

struct report {
	struct loop   *loop;
	struct vsock  *vsock;
	uint32_t       status_port;
	struct channel status, log;
	struct buf     line;		/* of the status port, so far */
	struct output  out;
	struct timer   again, hang_up, quiet, rest;
	bool	       heard;		/* it wrote something: odyn is there */
	bool	       ready;		/* the application runs, or ran */
	bool	       final;		/* verdict is how it ended */
	bool	       gone;		/* so has the enclave */
	struct verdict verdict;
	/* From the loop: it became ready or final; and, once, nothing more
	 * will come. */
	void	     (*changed)(void *arg);
	void	     (*over)(void *arg);
	void	      *arg;
};

#define REPORT_INIT { .status = CHANNEL_INIT, .log = CHANNEL_INIT, \
	.out = OUTPUT_INIT }

/* The application's output goes to standard output. */
void report_init(struct report *r, struct loop *l,
		 void (*changed)(void *arg), void (*over)(void *arg),
		 void *arg);
/* Reads these ports of the enclave, as soon as they answer: the log first, for
 * an enclave whose end was read and whose log nobody reads is over. */
void report_open(struct report *r, struct vsock *v, uint32_t status_port,
		 uint32_t log_port);
/* The enclave is gone: what is on its way still comes. */
void report_gone(struct report *r);
void report_release(struct report *r);

#endif
