/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timekeeper.h - the clock of the enclave, kept by what the parent has no say in
 *
 * The kernel's own clock drifts, and certificates, signatures and tokens
 * depend on it.  The hypervisor knows the time: through the PTP device that
 * KVM gives a guest (ptp_kvm), or else by the timestamp of an attestation
 * document of the NSM.  Looked at when odyn starts and every five minutes.
 */
#ifndef ODYN_TIMEKEEPER_H
#define ODYN_TIMEKEEPER_H

#include <stdbool.h>

#include "enclave/loop.h"

struct timekeeper;

/* Sets the clock now and keeps it from now on; what fails is said on the
 * console, once.  nsm is a descriptor of nsm_open(), borrowed, or -1.  Returns
 * new, or NULL when there is nothing to keep it by; the caller frees it. */
struct timekeeper *timekeeper_start(struct loop *l, int nsm);
void timekeeper_free(struct timekeeper *t);

enum time_step { TIME_LEAVE, TIME_SLEW, TIME_SET };

/* What is done about a clock that is so many nanoseconds behind (or, when
 * negative, ahead): a little is made up for by and by, so that time never runs
 * backwards. */
enum time_step time_step_for(int64_t behind);

#endif
