/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.h - what becomes of the enclave, for programs: a line of JSON each
 *
 * On the descriptor of --status-fd: {"event":"starting"}, then "started" with
 * the launcher and the CID (null: none), "ready" when the application runs, and
 * at the end "exited" with the status that enc-run leaves.  Under systemd,
 * sd_notify(3)'s READY=1 and STOPPING=1 say the same.
 */
#ifndef RUN_EVENTS_H
#define RUN_EVENTS_H

#include "enc-run/launcher.h"

/* fd may be -1; what cannot be written at once is lost. */
void event_starting(int fd);
void event_started(int fd, const struct launcher *l, const struct enclave *en);
void event_ready(int fd);
void event_stopping(int fd);
void event_exited(int fd, int status);

#endif
