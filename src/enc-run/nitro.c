/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nitro.c - the launcher for real enclaves: the device of this instance
 */
#include <inttypes.h>

#include "base/xalloc.h"
#include "cli/cli.h"
#include "enc-run/heartbeat.h"
#include "enc-run/launcher.h"
#include "enc-run/machine.h"
#include "enc-run/nitro_console.h"
#include "enclave/ne.h"

/* Until somebody else's enclave has started: a large one takes minutes. */
#define TURN_MS 300000

struct nitro {
	struct enclave	     *en;
	struct ne_vm	     *vm;
	struct heartbeat     *heartbeat;
	struct nitro_console *console;
	struct watch	      watch;
};

static struct ne_want want_of(const struct enclave *en)
{
	return (struct ne_want){
		.eif = en->eif, .eif_name = en->eif_name,
		.base = en->info->base, .size = en->info->size,
		.memory_mib = en->memory_mib, .cpus = en->cpu_count,
		.cid = en->want_cid, .debug = en->debug,
	};
}

static int check(const struct enclave *en, struct err *e)
{
	struct ne_want want = want_of(en);

	if (machine_check_arch(en->info, en->eif_name, e) < 0)
		return -1;
	return ne_check(&want, e);
}

static void nitro_free(struct nitro *n)
{
	watch_stop(&n->watch);
	heartbeat_free(n->heartbeat);
	nitro_console_free(n->console);
	ne_free(n->vm);
	free(n);
}

static void nitro_cleanup(struct nitro **n)
{
	if (*n)
		nitro_free(*n);
}

static void hung_up(void *arg, uint32_t events)
{
	struct nitro *n = arg;

	if (!(events & (EPOLLHUP | EPOLLERR)))
		return;
	watch_stop(&n->watch);
	nitro_console_drain(n->console);
	n->en->ended(n->en->arg);
}

static void beat(void *arg)
{
	struct nitro *n = arg;

	n->en->booted(n->en->arg);
}

static void said(void *arg, const char *data, size_t len)
{
	struct nitro *n = arg;

	n->en->console(n->en->arg, data, len);
}

/* From here on the enclave runs: its end, its heartbeat, its console. */
static int attend(struct nitro *n, uint32_t cid, struct err *e)
{
	struct enclave *en = n->en;

	if (watch_start(&n->watch, en->loop, ne_fd(n->vm), 0, hung_up, n) < 0)
		return err_sys(e, "cannot watch the enclave");
	if (heartbeat_answer(n->heartbeat, cid, beat, n, e) < 0)
		return -1;
	if (en->debug)
		n->console = nitro_console_open(en->loop, cid, said, n);
	return 0;
}

static int start(struct enclave *en, struct err *e)
{
	AUTO(nitro_cleanup) struct nitro *n = xcalloc(1, sizeof(*n));
	struct ne_want want = want_of(en);
	uint32_t cid;

	n->en = en;
	n->vm = ne_new(&want, e);
	if (!n->vm)
		return -1;
	if (ne_memory_mib(n->vm) > en->memory_mib + 1)
		cli_note("the enclave has %" PRIu64 " MiB instead of %" PRIu64
			 ": there are no smaller huge pages",
			 ne_memory_mib(n->vm), en->memory_mib);
	/* The port is had for as short as can be: others wait for it. */
	n->heartbeat = heartbeat_listen(en->loop, TURN_MS, e);
	if (!n->heartbeat || ne_start(n->vm, &cid, e) < 0 ||
	    attend(n, cid, e) < 0)
		return -1;
	en->cid = cid;
	en->calls = true;
	en->state = steal_ptr(&n);
	return 0;
}

static void end(struct enclave *en)
{
	if (en->state)
		nitro_free(en->state);
	en->state = NULL;
}

const struct launcher launcher_nitro = {
	.name = "nitro",
	.available = ne_available,
	.check = check,
	.start = start,
	.settled = true,
	.kill = end,
};
