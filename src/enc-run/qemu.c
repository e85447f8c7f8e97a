/* SPDX-License-Identifier: Apache-2.0 */
/*
 * qemu.c - the launcher that emulates an enclave
 *
 * QEMU 9.2 and later has a machine "nitro-enclave", which boots the EIF itself
 * and has an NSM.  An older one boots kernel and ramdisks out of the EIF on its
 * "microvm": everything but attestation works.  vhost-device-vsock makes hybrid
 * UNIX sockets of the machine's vsock.
 *
 * Trust: the enclave is QEMU's guest.  Its first words are a heartbeat to the
 * parent's port 9000 (contract.md section 2): from then on its ports answer.
 */
#include "enc-run/qemu.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include "base/io.h"
#include "base/xalloc.h"
#include "cli/cli.h"
#include "enc-run/heartbeat.h"

#define SOCKET_MS   5000	/* until vhost-device-vsock must listen */
#define CONSOLE_CHUNK 4096

static void machine_free(struct machine *q)
{
	watch_stop(&q->beat_watch);
	if (q->beat >= 0)
		close(q->beat);
	listener_stop(&q->heartbeat);
	vsock_free(q->vsock);
	watch_stop(&q->console);
	watch_stop(&q->end);
	child_end(&q->qemu);
	child_end(&q->device);
	free(q);
}

/* What it still has to say comes before its end. */
static bool drain(struct enclave *en, struct machine *q)
{
	char data[CONSOLE_CHUNK];
	ssize_t n = read(q->qemu.out, data, sizeof(data));

	if (n > 0)
		en->console(en->arg, data, (size_t)n);
	return n > 0;
}

static void console_ready(void *arg, uint32_t events UNUSED)
{
	struct enclave *en = arg;
	struct machine *q = en->state;

	if (!drain(en, q) && errno != EAGAIN && errno != EINTR)
		watch_stop(&q->console);
}

static void has_ended(void *arg, uint32_t events UNUSED)
{
	struct enclave *en = arg;
	struct machine *q = en->state;

	watch_stop(&q->end);
	while (drain(en, q))
		;
	watch_stop(&q->console);
	if (q->beat < 0 && !getenv(QEMU_ACCEL_VARIABLE) &&
	    access("/dev/kvm", R_OK | W_OK) == 0)
		cli_note("the emulator ended before the enclave called; with "
			 QEMU_ACCEL_VARIABLE "=tcg it goes without KVM");
	en->ended(en->arg);
}

/* The byte comes back, and the connection stays: whoever sent it holds it until
 * it has. */
static void beat_ready(void *arg, uint32_t events UNUSED)
{
	struct enclave *en = arg;
	struct machine *q = en->state;
	char byte;
	ssize_t n = recv(q->beat, &byte, 1, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	watch_stop(&q->beat_watch);
	if (n == 1 && send(q->beat, &byte, 1, MSG_NOSIGNAL) == 1)
		en->booted(en->arg);
}

static void beat_accepted(void *arg, int fd)
{
	struct enclave *en = arg;
	struct machine *q = en->state;

	if (q->beat >= 0 ||
	    watch_start(&q->beat_watch, en->loop, fd, EPOLLIN, beat_ready,
			en) < 0) {
		close(fd);
		gate_leave(&q->gate);
		return;
	}
	q->beat = fd;
}

static int listen_for_heartbeat(struct enclave *en, struct machine *q,
				struct err *e)
{
	q->gate.max = 1;
	q->vsock = vsock_host(en->loop, en->vsock_path, en->cid);
	return vsock_listen(q->vsock, HEARTBEAT_PORT, &q->heartbeat, &q->gate,
			    beat_accepted, en, e);
}

/* Its socket appears when it is ready; nothing tells. */
static int wait_for_device(const struct machine *q, const char *path,
			   struct err *e)
{
	const struct timespec pause = { .tv_nsec = 2000000 };

	for (int ms = 0; ms < SOCKET_MS; ms += 2) {
		char data[512];
		ssize_t n;

		if (access(path, F_OK) == 0)
			return 0;
		n = read(q->device.out, data, sizeof(data));
		if (n >= 0)
			return err_set(e, ERR_SYS,
				       "vhost-device-vsock ended: %.*s",
				       (int)n, n > 0 ? data : "");
		nanosleep(&pause, NULL);
	}
	return err_set(e, ERR_SYS,
		       "vhost-device-vsock does not listen after %d seconds",
		       SOCKET_MS / 1000);
}

static int start_device(const struct enclave *en, struct machine *q,
			const char *socket, struct err *e)
{
	AUTO_FREE char *program = child_find(QEMU_DEVICE, QEMU_DEVICE_VARIABLE);
	AUTO_ARGV struct argv argv = { .n = 0 };

	if (!program)
		return err_set(e, ERR_SYS, "there is no " QEMU_DEVICE " any more");
	argv_add(&argv, program);
	argv_add(&argv, "--vm");
	argv_addf(&argv, "guest-cid=%u,socket=%s,uds-path=%s", en->cid, socket,
		  en->vsock_path);
	if (child_start(&q->device, &argv, -1, e) < 0)
		return -1;
	return wait_for_device(q, socket, e);
}

static int start(struct enclave *en, struct machine *q, struct err *e)
{
	AUTO_FREE char *socket = xasprintf("%s/vhost", en->dir);

	en->cid = en->want_cid ? en->want_cid : QEMU_CID;
	en->vsock_path = xasprintf("%s/vsock", en->dir);
	if (listen_for_heartbeat(en, q, e) < 0 ||
	    start_device(en, q, socket, e) < 0 ||
	    qemu_start(en, socket, &q->qemu, e) < 0)
		return -1;
	if (watch_start(&q->console, en->loop, q->qemu.out, EPOLLIN,
			console_ready, en) < 0 ||
	    watch_start(&q->end, en->loop, q->qemu.pidfd, EPOLLIN, has_ended,
			en) < 0)
		return err_sys(e, "cannot watch the emulator");
	en->calls = true;
	return 0;
}

static int launch(struct enclave *en, struct err *e)
{
	struct machine *q = xcalloc(1, sizeof(*q));

	q->qemu = q->device = (struct child)CHILD_INIT;
	q->beat = -1;
	en->state = q;
	if (start(en, q, e) == 0)
		return 0;
	machine_free(q);
	en->state = NULL;
	free(steal_ptr(&en->vsock_path));
	return -1;
}

static void end(struct enclave *en)
{
	machine_free(en->state);
	en->state = NULL;
}

const struct launcher launcher_qemu = {
	.name = "qemu", .available = qemu_available, .check = qemu_check,
	.start = launch, .settled = true, .kill = end,
};
