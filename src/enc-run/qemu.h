/* SPDX-License-Identifier: Apache-2.0 */
/*
 * qemu.h - what the files of the emulating launcher share
 */
#ifndef RUN_QEMU_H
#define RUN_QEMU_H

#include "enc-run/child.h"
#include "enc-run/launcher.h"
#include "enclave/listener.h"
#include "enclave/vsock.h"

#define QEMU_PROGRAM	     "qemu-system-x86_64"
#define QEMU_VARIABLE	     "ENCLAVER_QEMU"
#define QEMU_ACCEL_VARIABLE  "ENCLAVER_QEMU_ACCEL"
#define QEMU_DEVICE	     "vhost-device-vsock"
#define QEMU_DEVICE_VARIABLE "ENCLAVER_VHOST_VSOCK"
#define QEMU_CID	     4		/* the first that is nobody's */

struct machine {
	struct child	qemu, device;
	struct watch	console, end;
	struct vsock   *vsock;
	struct listener heartbeat;
	struct gate	gate;
	int		beat;
	struct watch	beat_watch;
};

/* qemu_command.c: QEMU, with which machine, and what it is given. */
int qemu_available(struct err *e) MUST_CHECK;
int qemu_check(const struct enclave *en, struct err *e) MUST_CHECK;
/* Starts it with the vsock device at socket.  ERR_SYS. */
int qemu_start(const struct enclave *en, const char *socket,
	       struct child *child, struct err *e) MUST_CHECK;

#endif
