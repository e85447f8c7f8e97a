/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signals.h - the signals that enc-run is told to stop by
 */
#ifndef RUN_SIGNALS_H
#define RUN_SIGNALS_H

#include <signal.h>

static inline void stop_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
}

#endif
