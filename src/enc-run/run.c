/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.c - the life of one enclave, from its start to the status that it leaves
 *
 * Trust: the enclave is hostile.  It is carried, shown and returned from, and
 * nothing that it says decides more than that.
 */
#include "enc-run/run.h"

#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include "base/xalloc.h"
#include "cli/cli.h"
#include "cli/confine.h"
#include "enc-run/console.h"
#include "enc-run/events.h"
#include "enc-run/report.h"
#include "enc-run/signals.h"
#include "enclave/files.h"
#include "enclave/process.h"

#define PORTS_TEXT 512		/* bytes of the note on them */
#define STOP_PORT  17003	/* contract.md section 4 */
#define PATIENCE_MS 5000	/* more than the grace period: to say how it
				 * ended */

struct run {
	const struct run_options *o;
	const struct launcher *l;
	const struct object *object;
	const struct manifest *manifest;
	struct loop    *loop;
	struct enclave	en;
	bool		launched;
	struct vsock   *vsock;
	struct relays  *relays;
	struct gate	gate;
	struct ingress *ingress;
	struct egress  *egress;
	struct report	report;
	struct console	console;
	struct vsock_call *stop_call;
	int		signals;
	struct watch	signal_watch;
	struct timer	boot, grace;
	bool		booted;		/* its init has called */
	bool		ready;		/* and said so */
	unsigned	stops;		/* how often we were told to stop */
	struct err	fault;		/* why the application never ran */
};

static void en_console(void *arg, const char *data, size_t len)
{
	console_put(&((struct run *)arg)->console, data, len);
}

static void en_ended(void *arg)
{
	struct run *r = arg;

	timer_stop(&r->boot);
	report_gone(&r->report);
}

static void open_report(struct run *r)
{
	report_open(&r->report, r->vsock, r->manifest->status_port,
		    r->manifest->app_log_port);
}

/* A call before this is one that a booting enclave may never answer.  What has
 * booted has read its file. */
static void en_booted(void *arg)
{
	struct run *r = arg;

	r->booted = true;
	if (object_unchanged(r->object, &r->fault) < 0)
		loop_stop(r->loop);
	else
		open_report(r);
}

/* What a user is waiting for, and which of his ports are open to whom. */
static void say_ports(const struct run *r)
{
	AUTO_BUF struct buf text = BUF_INIT(PORTS_TEXT);

	for (size_t i = 0; i < r->o->n_publish; i++) {
		const struct publish *p = &r->o->publish[i];
		AUTO_FREE char *one = xasprintf("%s%s port %u -> %u",
						i ? "; " : ", ",
						p->address ? p->address :
						"all addresses", p->host,
						p->enclave);

		if (buf_append(&text, one, strlen(one)) < 0)
			break;
	}
	cli_note("the application runs%s", text.len ? text.data : "");
}

static void report_changed(void *arg)
{
	struct run *r = arg;

	timer_stop(&r->boot);
	if (!r->report.ready || r->ready)
		return;
	r->ready = true;
	event_ready(r->o->status_fd);
	say_ports(r);
}

static void report_over(void *arg)
{
	loop_stop(((struct run *)arg)->loop);
}

static void boot_is_over(void *arg)
{
	struct run *r = arg;

	err_set(&r->fault, ERR_SYS,
		"the application did not run within %u s: %s",
		r->o->boot_timeout, r->en.calls && !r->booted &&
		r->console.len > 0 ?
		"the kernel spoke, and its init never called by vsock; does that kernel see the device?" :
		"the boot hangs, or --boot-timeout is too short");
	loop_stop(r->loop);
}

static void grace_is_over(void *arg)
{
	struct run *r = arg;

	cli_warn("the enclave did not end within %u seconds: ended",
		 r->o->grace);
	loop_stop(r->loop);
}

static void ask_to_stop(void *arg, int fd)
{
	struct run *r = arg;
	char line[64];
	int n = snprintf(line, sizeof(line),
			 "{\"stop\":{\"grace_seconds\":%u}}\n", r->o->grace);

	r->stop_call = NULL;
	if (fd < 0 || send(fd, line, (size_t)n, MSG_NOSIGNAL) != n)
		cli_note("the enclave does not take a request to stop: %s",
			 strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* Once it asks, twice it ends.  An application that does not run yet has
 * nothing to put in order; what it writes can be here before its status is. */
static void told_to_stop(struct run *r)
{
	if (r->report.final) {	/* it is over, and so are its last words */
		loop_stop(r->loop);
		return;
	}
	event_stopping(r->o->status_fd);
	if (++r->stops > 1 || !(r->ready || r->report.heard)) {
		loop_stop(r->loop);
		return;
	}
	cli_note("stopping: the application has %u seconds; again ends it at once",
		 r->o->grace);
	timer_start(&r->grace, r->loop,
		    (uint64_t)r->o->grace * 1000 + PATIENCE_MS, grace_is_over,
		    r);
	r->stop_call = vsock_call(r->vsock, STOP_PORT, ask_to_stop, r);
}

static void signals_ready(void *arg, uint32_t events UNUSED)
{
	struct run *r = arg;
	struct signalfd_siginfo info;

	while (read(r->signals, &info, sizeof(info)) == sizeof(info))
		told_to_stop(r);
}

/* Blocked by main() since its start: none is missed. */
static int watch_signals(struct run *r, struct err *e)
{
	sigset_t set;

	stop_signals(&set);
	r->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (r->signals < 0 ||
	    watch_start(&r->signal_watch, r->loop, r->signals, EPOLLIN,
			signals_ready, r) < 0)
		return err_sys(e, "cannot watch signals");
	return 0;
}

static int launch(struct run *r, struct err *e)
{
	if (r->l->start(&r->en, e) < 0)
		return -1;
	r->launched = true;
	if (object_unchanged(r->object, e) < 0)
		return -1;
	event_started(r->o->status_fd, r->l, &r->en);
	timer_start(&r->boot, r->loop, (uint64_t)r->o->boot_timeout * 1000,
		    boot_is_over, r);
	return 0;
}

static int connect_all(struct run *r, struct err *e)
{
	const struct manifest *m = r->manifest;

	r->vsock = vsock_host(r->loop, r->en.vsock_path, r->en.cid);
	if (manifest_allows_egress(m)) {
		r->egress = egress_start(r->vsock, r->loop, r->relays,
					 &r->gate, m, r->en.cid,
					 r->o->resolver, e);
		if (!r->egress)
			return -1;
	}
	if (ingress_start(r->ingress, r->vsock, r->relays, &r->gate, e) < 0)
		return -1;
	if (!r->en.calls)
		open_report(r);
	return 0;
}

static void describe(struct run *r, struct object *ob, struct rundir *dir)
{
	AUTO_JSON json_t *j = json_object();
	json_t *ports = json_array();
	struct err e;

	for (size_t i = 0; i < r->o->n_publish; i++) {
		const struct publish *p = &r->o->publish[i];
		AUTO_FREE char *text = xasprintf("%s%s%u:%u",
						 p->address ? p->address : "",
						 p->address ? ":" : "",
						 p->host, p->enclave);

		json_add(ports, json_string(text));
	}
	json_put_str(j, "schema", "enc-run/1");
	json_put_str(j, "name", ob->manifest.name);
	json_put_str(j, "image", ob->name);
	json_put_str(j, "launcher", r->l->name);
	json_put(j, "pid", json_integer(getpid()));
	json_put(j, "cid", r->en.cid ? json_integer(r->en.cid) : json_null());
	json_put(j, "cpu_count", json_integer(r->en.cpu_count));
	json_put(j, "memory_mib", json_integer((json_int_t)r->en.memory_mib));
	json_put(j, "debug", json_boolean(r->en.debug));
	json_put(j, "ports", ports);
	if (r->en.vsock_path)
		json_put_str(j, "vsock", r->en.vsock_path);
	if (rundir_describe(dir, j, &e) < 0)
		cli_note("'enc-run ps' will not list this enclave: %s", e.msg);
}

/* From now on it only carries what two sides send that are both hostile.  What
 * would have to start something again stays as it is. */
static int confine(struct run *r, const struct rundir *dir, struct err *e)
{
	AUTO_SANDBOX struct sandbox box = SANDBOX_INIT;
	AUTO_FREE char *base = xstrndup(dir->path, (size_t)
					(strrchr(dir->path, '/') - dir->path));

	if (!r->l->settled || r->o->restarts) {
		cli_debug("not confined: it may have to start a program");
		return 0;
	}
	sandbox_network(&box, SANDBOX_SERVE);
	sandbox_signals(&box);		/* the end of what was started */
	sandbox_change(&box, dir->path);
	sandbox_empty(&box, base);
	resolver_needs(&box);
	return cli_confine(&box, e);
}

static int begin(struct run *r, struct object *ob, struct rundir *dir,
		 struct err *e)
{
	struct rlimit had;

	r->gate.max = files_raise(&had);
	r->loop = loop_new(e);
	if (!r->loop || watch_signals(r, e) < 0)
		return -1;
	r->relays = relays_new(r->loop);
	report_init(&r->report, r->loop, report_changed, report_over, r);
	r->ingress = ingress_open(r->loop, r->o->publish, r->o->n_publish, e);
	if (!r->ingress)
		return -1;
	r->en = (struct enclave){
		.loop = r->loop, .eif_name = ob->name, .eif = ob->eif,
		.info = &ob->info, .cpu_count = r->o->cpu_count,
		.memory_mib = r->o->memory_mib, .want_cid = r->o->cid,
		.debug = r->o->debug, .dir = dir->path,
		.booted = en_booted, .console = en_console, .ended = en_ended,
		.arg = r,
	};
	event_starting(r->o->status_fd);
	if (launch(r, e) < 0 || connect_all(r, e) < 0)
		return -1;
	describe(r, ob, dir);
	return confine(r, dir, e);
}

static void release(struct run *r)
{
	timer_stop(&r->boot);
	timer_stop(&r->grace);
	report_release(&r->report);
	if (r->stop_call)
		vsock_hang_up(r->stop_call);
	if (r->launched)
		r->l->kill(&r->en);
	ingress_free(r->ingress);
	egress_free(r->egress);
	relays_free(r->relays);
	vsock_free(r->vsock);
	free(r->en.vsock_path);
	watch_stop(&r->signal_watch);
	if (r->signals >= 0)
		close(r->signals);
	loop_free(r->loop);
}

static int say_verdict(const struct verdict *v)
{
	char name[PROCESS_SIGNAL_NAME];

	switch (v->kind) {
	case VERDICT_EXITED:
		return v->number;
	case VERDICT_SIGNALED:
		process_signal_name(v->number, name);
		cli_note("the application was killed by signal %d (%s)",
			 v->number, name);
		return STATUS_SIGNALED;
	default:
		cli_warn("fatal in the enclave: %s", v->error);
		return STATUS_FATAL;
	}
}

/* -1 and *e: the application never ran. */
static int judge(struct run *r, struct err *e)
{
	if (r->stops > 0)
		return STATUS_INTERRUPTED;
	if (r->report.final)
		return say_verdict(&r->report.verdict);
	if (r->fault.class == ERR_NONE && r->ready) {
		cli_warn("the enclave ended without saying how");
		console_tell(&r->console);
		return STATUS_FATAL;
	}
	console_tell(&r->console);
	*e = r->fault;
	if (e->class == ERR_NONE)
		err_set(e, ERR_SYS,
			"the enclave ended before its application ran");
	return -1;
}

/* A launcher that was told to stop while it was at work gives up. */
static bool was_interrupted(const struct run *r)
{
	struct signalfd_siginfo info;

	return r->signals >= 0 &&
	       read(r->signals, &info, sizeof(info)) == sizeof(info);
}

int run_enclave(const struct run_options *o, struct object *ob,
		const struct launcher *l, struct rundir *dir, bool *stopped,
		struct err *e)
{
	struct run r = { .o = o, .l = l, .object = ob,
			 .manifest = &ob->manifest,
			 .signals = -1, .report = REPORT_INIT,
			 .console.shown = !l->echoes &&
					  (o->debug || cli_is_verbose()) };
	int status = -1;

	if (begin(&r, ob, dir, e) == 0) {
		if (loop_run(r.loop, e) == 0)
			status = judge(&r, e);
	} else if (was_interrupted(&r)) {
		cli_note("%s", e->msg);
		r.stops++;
		status = STATUS_INTERRUPTED;
	}
	*stopped = r.stops > 0;
	release(&r);
	return status;
}
