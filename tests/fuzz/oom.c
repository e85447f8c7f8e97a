/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oom.c - "out of memory" where there was enough is a fault too
 *
 * make fuzz links with --wrap=oom: what the library then calls instead of
 * ending the program in good order, which libFuzzer would take for success.
 */
#include "fuzz.h"

void __wrap_oom(void) NORETURN;

void __wrap_oom(void)
{
	abort();
}
