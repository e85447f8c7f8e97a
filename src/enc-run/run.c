/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.c - the life of one enclave, from its start to the status that it leaves
 *
 * Trust: the enclave is hostile.  It is carried, shown and returned from, and
 * nothing that it says decides more than that.
 */
#include "enc-run/run.h"

#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include "base/xalloc.h"
#include "cli/cli.h"
#include "enc-run/channel.h"
#include "enc-run/console.h"
#include "enc-run/events.h"
#include "enc-run/output.h"
#include "enc-run/verdict.h"
#include "enclave/files.h"
#include "enclave/process.h"

#define STOP_PORT  17003	/* contract.md section 4 */
#define LINE_MAX_  1024		/* of the status port: odyn's status.h */
#define REST_MS	   5000		/* for what an enclave that is over has yet to
				 * say */
#define HANG_UP_MS 300		/* our odyn ends its side of the status port
				 * after the final line; others wait for us */
#define QUIET_MS   1000		/* a log that is quiet for so long after the
				 * end is over: some monitors do not pass on a
				 * half-close (vhost-device-vsock 0.3.0) */
#define PATIENCE_MS 5000	/* more than the grace period: to say how it
				 * ended */

struct run {
	const struct run_options *o;
	const struct launcher *l;
	struct loop    *loop;
	struct enclave	en;
	bool		launched;
	struct vsock   *vsock;
	struct relays  *relays;
	struct gate	gate;
	struct ingress *ingress;
	struct egress  *egress;
	struct channel	status, log;
	struct buf	line;		/* of the status port */
	struct output	out;
	struct console	console;
	struct vsock_call *stop_call;
	int		signals;
	struct watch	signal_watch;
	struct timer	boot, rest, grace, hang_up, quiet;
	bool		ready;		/* the application runs, or ran */
	bool		final;		/* verdict is how it ended */
	bool		gone;		/* so has the enclave */
	unsigned	stops;		/* how often we were told to stop */
	struct verdict	verdict;
	struct err	fault;		/* why the application never ran */
};

/* The last word is said when the enclave has told how it ended and what it
 * wrote, or is gone and nothing more can come. */
static void check_end(struct run *r)
{
	bool told = !channel_is_open(&r->status);
	bool written = !channel_is_open(&r->log) && output_is_empty(&r->out);

	if ((r->final || r->gone) && told && written)
		loop_stop(r->loop);
}

/* A reader of ours that is slow is waited for as long as it takes. */
static void rest_is_over(void *arg)
{
	struct run *r = arg;

	if (output_is_empty(&r->out))
		loop_stop(r->loop);
	else
		timer_start(&r->rest, r->loop, REST_MS, rest_is_over, r);
}

static void is_quiet(void *arg)
{
	struct run *r = arg;

	if (r->log.paused) {	/* it is our reader who is slow */
		timer_start(&r->quiet, r->loop, QUIET_MS, is_quiet, r);
		return;
	}
	channel_close(&r->log);
	check_end(r);
}

/* From now on it ends by itself, or is ended. */
static void begin_end(struct run *r)
{
	timer_stop(&r->boot);
	if (!r->rest.loop)
		timer_start(&r->rest, r->loop, REST_MS, rest_is_over, r);
	check_end(r);
}

static void hang_up(void *arg)
{
	struct run *r = arg;

	channel_close(&r->status);
	check_end(r);
}

static void take_verdict(struct run *r, const struct verdict *v)
{
	if (v->kind == VERDICT_RUNNING) {
		if (r->ready)
			return;
		r->ready = true;
		timer_stop(&r->boot);
		event_ready(r->o->status_fd);
		return;
	}
	r->final = true;
	r->verdict = *v;
	timer_start(&r->hang_up, r->loop, HANG_UP_MS, hang_up, r);
	timer_start(&r->quiet, r->loop, QUIET_MS, is_quiet, r);
	begin_end(r);
}

/* A line that is none is passed over: who wrote it may write a better one. */
static void status_data(void *arg, const char *data, size_t len)
{
	struct run *r = arg;

	for (size_t i = 0; i < len && !r->final; i++) {
		struct verdict v;
		struct err e;

		if (data[i] != '\n') {
			if (r->line.len < LINE_MAX_)
				buf_addc(&r->line, data[i]);
			continue;
		}
		if (verdict_parse(r->line.data, r->line.len, &v, &e) == 0)
			take_verdict(r, &v);
		else
			cli_debug("%s", e.msg);
		r->line.len = 0;
	}
}

static void open_status(struct run *r);

static void status_ended(void *arg)
{
	struct run *r = arg;

	r->line.len = 0;
	if (r->gone || r->final)
		check_end(r);
	else
		open_status(r);
}

static void open_status(struct run *r)
{
	channel_open(&r->status, r->loop, r->vsock, r->status.port,
		     status_data, status_ended, r);
}

static void log_data(void *arg, const char *data, size_t len)
{
	struct run *r = arg;

	if (output_put(&r->out, data, len))
		channel_pause(&r->log, true);
	if (r->quiet.loop)
		timer_start(&r->quiet, r->loop, QUIET_MS, is_quiet, r);
}

static void log_ended(void *arg)
{
	check_end(arg);
}

static void out_drained(void *arg)
{
	struct run *r = arg;

	channel_pause(&r->log, false);
	check_end(r);
}

/* The application is served on; only its words are lost. */
static void out_failed(void *arg)
{
	struct run *r = arg;

	cli_warn("cannot write the application's output: %s; it is dropped from here on",
		 strerror(r->out.fault));
	channel_pause(&r->log, false);
	check_end(r);
}

static void en_console(void *arg, const char *data, size_t len)
{
	console_put(&((struct run *)arg)->console, data, len);
}

/* What is on its way still comes; a port that never answered will not. */
static void en_ended(void *arg)
{
	struct run *r = arg;

	r->gone = true;
	if (r->status.fd < 0)
		channel_close(&r->status);
	if (r->log.fd < 0)
		channel_close(&r->log);
	begin_end(r);
}

static void open_channels(struct run *r)
{
	open_status(r);
	channel_open(&r->log, r->loop, r->vsock, r->log.port, log_data,
		     log_ended, r);
}

/* A call before this is one that a booting enclave may never answer. */
static void en_booted(void *arg)
{
	open_channels(arg);
}

static void boot_is_over(void *arg)
{
	struct run *r = arg;

	err_set(&r->fault, ERR_SYS,
		"the application did not run within %u seconds: the boot hangs, or --boot-timeout is too short",
		r->o->boot_timeout);
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
 * nothing to put in order. */
static void told_to_stop(struct run *r)
{
	event_stopping(r->o->status_fd);
	if (++r->stops > 1 || !r->ready) {
		loop_stop(r->loop);
		return;
	}
	if (r->final)
		return;
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

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
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
	event_started(r->o->status_fd, r->l, &r->en);
	timer_start(&r->boot, r->loop, (uint64_t)r->o->boot_timeout * 1000,
		    boot_is_over, r);
	return 0;
}

static int connect_all(struct run *r, struct object *ob, struct err *e)
{
	const struct manifest *m = &ob->manifest;

	r->vsock = vsock_host(r->loop, r->en.vsock_path, r->en.cid);
	if (m->has_egress && m->allow.n > 0) {
		r->egress = egress_start(r->vsock, r->loop, r->relays,
					 &r->gate, m, r->en.cid, e);
		if (!r->egress)
			return -1;
	}
	if (ingress_start(r->ingress, r->vsock, r->relays, &r->gate, e) < 0)
		return -1;
	r->status.port = m->status_port;
	r->log.port = m->app_log_port;
	if (!r->en.calls)
		open_channels(r);
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

static int begin(struct run *r, struct object *ob, struct rundir *dir,
		 struct err *e)
{
	struct rlimit had;

	r->gate.max = files_raise(&had);
	r->loop = loop_new(e);
	if (!r->loop || watch_signals(r, e) < 0)
		return -1;
	r->relays = relays_new(r->loop);
	output_init(&r->out, r->loop, STDOUT_FILENO, out_drained, out_failed,
		    r);
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
	if (launch(r, e) < 0 || connect_all(r, ob, e) < 0)
		return -1;
	describe(r, ob, dir);
	return 0;
}

static void release(struct run *r)
{
	timer_stop(&r->boot);
	timer_stop(&r->rest);
	timer_stop(&r->grace);
	timer_stop(&r->hang_up);
	timer_stop(&r->quiet);
	channel_close(&r->status);
	channel_close(&r->log);
	buf_release(&r->line);
	output_release(&r->out);
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
	if (r->final)
		return say_verdict(&r->verdict);
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

int run_enclave(const struct run_options *o, struct object *ob,
		const struct launcher *l, struct rundir *dir, bool *stopped,
		struct err *e)
{
	struct run r = { .o = o, .l = l, .signals = -1,
			 .status = CHANNEL_INIT, .log = CHANNEL_INIT,
			 .line = BUF_INIT(LINE_MAX_),
			 .console.shown = o->debug || cli_is_verbose() };
	int status = -1;

	if (begin(&r, ob, dir, e) == 0 && loop_run(r.loop, e) == 0)
		status = judge(&r, e);
	*stopped = r.stops > 0;
	release(&r);
	return status;
}
