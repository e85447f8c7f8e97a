/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bootstrap.h - what an enclave lacks when its kernel has started
 */
#ifndef ODYN_BOOTSTRAP_H
#define ODYN_BOOTSTRAP_H

#include <stdbool.h>

/* Brings the loopback interface up, and gives the kernel's random number
 * generator a seed from the NSM, which counts as entropy.  nsm is a descriptor
 * of nsm_open(), or -1.  What fails is said on the console: the application may
 * do without. */
void bootstrap(int nsm);

/* Is there a console that somebody reads?  In an enclave that is not in debug
 * mode there is none, but every byte to it costs an exit to the hypervisor.
 * In debug mode PCR0 is all zeros. */
bool bootstrap_has_console(int nsm);

#endif
