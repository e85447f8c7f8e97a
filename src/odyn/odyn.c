/* SPDX-License-Identifier: Apache-2.0 */
/*
 * odyn.c - the services of an enclave around its application, from the first
 * to the last
 *
 * Once the status port is there, nothing ends without a final line on it.
 */
#include "odyn/odyn.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "enclave/files.h"
#include "enclave/nsm.h"
#include "odyn/api.h"
#include "odyn/bootstrap.h"
#include "odyn/confine.h"
#include "odyn/console.h"
#include "odyn/egress.h"
#include "odyn/ingress.h"
#include "odyn/kms.h"
#include "odyn/output.h"
#include "odyn/status.h"
#include "odyn/stop.h"
#include "odyn/supervisor.h"
#include "odyn/timekeeper.h"
#include "odyn/variables.h"

struct odyn {
	const struct odyn_options *options;
	struct manifest	   manifest;
	struct process	   process;
	struct rlimit	   files;	/* as odyn was given it */
	struct loop	  *loop;
	struct vsock	  *vsock;
	struct output	  *output;	/* NULL with --no-console */
	struct status	  *status;
	struct stop	  *stop;
	struct timekeeper *timekeeper;	/* or NULL */
	struct relays	  *relays;
	struct gate	   gate;	/* of all relays */
	struct ingress	  *ingress;
	struct dialer	   dialer;
	struct egress	  *egress;	/* NULL: nothing may go out */
	int		   nsm;		/* -1: there is none */
	struct api_ports  *api;
	struct kms_proxy  *kms;		/* NULL: none is wanted */
	struct supervisor *supervisor;
	struct timer	   linger;
	bool		   over;
	int		   wait_status;
};

static char **copy_words(char *const *words)
{
	size_t n = 0;
	char **copy;

	while (words[n])
		n++;
	copy = xcalloc(n + 1, sizeof(*copy));
	for (size_t i = 0; i < n; i++)
		copy[i] = xstrdup(words[i]);
	return copy;
}

/* Without a description: the words of our own command line, as who we are
 * (root, in an enclave), with the environment that we were given. */
static int process_from_command(const struct odyn_options *o,
				struct process *p, struct err *e)
{
	int n_groups;

	if (!o->command[0])
		return err_set(e, ERR_USAGE, "no command, and no '%s/%s'",
			       o->config_dir, "process.json");
	p->groups = xcalloc(PROCESS_GROUPS_MAX, sizeof(*p->groups));
	n_groups = getgroups(PROCESS_GROUPS_MAX, p->groups);
	if (n_groups < 0)
		return err_sys(e, "cannot read our own groups");
	p->n_groups = (size_t)n_groups;
	p->uid = getuid();
	p->gid = getgid();
	p->argv = copy_words(o->command);
	p->env = copy_words(environ);
	p->cwd = xstrdup("/");
	p->stop_signal = SIGTERM;
	return 0;
}

static int process_load(const struct odyn_options *o, struct process *p,
			struct err *e)
{
	AUTO_FREE char *path = xasprintf("%s/process.json", o->config_dir);
	AUTO_BUF struct buf text = BUF_INIT(PROCESS_JSON_MAX);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return process_from_command(o, p, e);
	if (fd < 0)
		return err_sys(e, "cannot open '%s'", path);
	if (buf_read_fd(&text, fd, path, e) < 0 ||
	    process_parse(text.data, text.len, p, e) < 0)
		return -1;
	if (p->user)
		return err_set(e, ERR_INPUT, "'%s': the user is not resolved; "
			       "build the enclave image with enc-eif", path);
	return 0;
}

static int manifest_of(struct odyn *od, struct err *e)
{
	AUTO_FREE char *path = xasprintf("%s/enclaver.yaml",
					 od->options->config_dir);

	return manifest_load(path, &od->manifest, e);
}

/* The end comes when the status and all output were read, or by the timer. */
static void check_end(void *arg)
{
	struct odyn *od = arg;

	if (od->over && status_is_read(od->status) &&
	    (!od->output || output_is_read(od->output)))
		loop_stop(od->loop);
}

static void linger_is_over(void *arg)
{
	loop_stop(((struct odyn *)arg)->loop);
}

static void on_running(void *arg)
{
	status_running(((struct odyn *)arg)->status);
}

static void on_ended(void *arg, int wait_status)
{
	struct odyn *od = arg;

	od->wait_status = wait_status;
	status_ended(od->status, wait_status);
}

static void on_over(void *arg)
{
	struct odyn *od = arg;

	od->over = true;
	if (od->output)
		output_finish(od->output);
	timer_start(&od->linger, od->loop,
		    (uint64_t)od->options->linger * 1000, linger_is_over, od);
	check_end(od);
}

static void on_stop(void *arg, unsigned grace_seconds)
{
	struct odyn *od = arg;

	if (od->supervisor)
		supervisor_stop(od->supervisor, grace_seconds);
}

static void to_output(void *arg, const char *line, size_t len)
{
	output_line(arg, line, len);
}

/* What tells the outside what becomes of us, before anything else can fail.
 * The manifest says on which ports; without one they are the usual ones. */
static int open_outside(struct odyn *od, struct err *e)
{
	const struct odyn_options *o = od->options;
	struct err wrong;
	bool readable = manifest_of(od, &wrong) == 0;

	if (!readable) {
		od->manifest.status_port = MANIFEST_STATUS_PORT;
		od->manifest.app_log_port = MANIFEST_LOG_PORT;
	}
	od->vsock = vsock_enclave(od->loop, o->vsock, e);
	if (!od->vsock ||
	    status_listen(od->status, od->vsock, od->manifest.status_port,
			  e) < 0)
		return -1;
	if (o->console) {
		od->output = output_new(od->loop, o->log_buffer, check_end, od,
					e);
		if (!od->output ||
		    output_listen(od->output, od->vsock,
				  od->manifest.app_log_port, e) < 0)
			return -1;
		console_send_to(to_output, od->output);
	}
	if (!readable) {
		*e = wrong;
		return -1;
	}
	return 0;
}

/* What the application may do without. */
static void prepare(struct odyn *od)
{
	bool asked = od->manifest.api_port || od->manifest.kms_port;
	struct err e;

	od->nsm = nsm_open(&e);
	if (od->nsm < 0 && (asked || od->options->bootstrap))
		console_say("%s: attestation and KMS answer 503", e.msg);
	if (od->output)
		output_console(od->output, bootstrap_has_console(od->nsm));
	if (!od->options->bootstrap)
		return;
	bootstrap(od->nsm);
	od->timekeeper = timekeeper_start(od->loop, od->nsm);
}

/* What the application calls. */
static int open_inside(struct odyn *od, struct err *e)
{
	const struct manifest *m = &od->manifest;

	dialer_init(&od->dialer, od->loop, od->vsock, m,
		    od->options->vsock != NULL);
	if (manifest_allows_egress(m)) {
		od->egress = egress_start(od->loop, &od->dialer, od->relays,
					  &od->gate, m, e);
		if (!od->egress)
			return -1;
	}
	od->api = api_start(od->loop, &od->gate, m, od->nsm, e);
	if (!od->api)
		return -1;
	if (m->kms_port)
		od->kms = kms_start(od->loop, &od->dialer, &od->gate, m,
				    od->nsm, od->options->config_dir, e);
	return m->kms_port && !od->kms ? -1 : 0;
}

static int start(struct odyn *od, struct err *e)
{
	const struct supervisor_events events = { on_running, on_ended,
						  on_over, od };
	struct child_setup setup = { .process = &od->process,
				     .files = od->files };

	if (open_outside(od, e) < 0)
		return -1;
	prepare(od);
	if (process_load(od->options, &od->process, e) < 0)
		return -1;
	variables_add(&od->process, &od->manifest);
	od->stop = stop_listen(od->loop, od->vsock, on_stop, od, e);
	if (!od->stop)
		return -1;
	od->relays = relays_new(od->loop);
	od->ingress = ingress_start(od->loop, od->vsock, od->relays, &od->gate,
				    &od->manifest, od->options->config_dir, e);
	if (!od->ingress || open_inside(od, e) < 0)
		return -1;
	setup.output = od->output ? output_pipe(od->output) : -1;
	od->supervisor = supervisor_start(od->loop, &setup, od->options->grace,
					  &events, e);
	if (!od->supervisor)
		return -1;
	if (od->output)
		output_started(od->output);
	/* The application starts meanwhile, and nobody waits for us yet. */
	kms_prepare(od->kms);
	confine(&od->manifest, od->options->vsock, &(struct calls){
		.child = supervisor_child(od->supervisor),
		.hybrid = od->options->vsock != NULL,
		.clock = od->timekeeper != NULL,
	});
	return 0;
}

static void release(struct odyn *od)
{
	timer_stop(&od->linger);
	supervisor_free(od->supervisor);
	kms_free(od->kms);
	api_free(od->api);
	egress_free(od->egress);
	ingress_free(od->ingress);
	relays_free(od->relays);
	timekeeper_free(od->timekeeper);
	if (od->nsm >= 0)
		close(od->nsm);
	stop_free(od->stop);
	console_send_to(NULL, NULL);
	output_free(od->output);
	status_free(od->status);
	vsock_free(od->vsock);
	loop_free(od->loop);
	process_release(&od->process);
	manifest_release(&od->manifest);
}

static int exit_status(int wait_status)
{
	return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status)
					: WEXITSTATUS(wait_status);
}

int odyn_run(const struct odyn_options *o)
{
	struct odyn od = { .options = o, .nsm = -1 };
	struct err e;
	int ret = -1;

	od.gate.max = files_raise(&od.files);
	od.loop = loop_new(&e);
	if (od.loop) {
		od.status = status_new(od.loop, check_end, &od);
		if (start(&od, &e) < 0) {
			console_say("%s", e.msg);
			status_fatal(od.status, e.msg);
			ret = e.class == ERR_USAGE ? 2 : ODYN_EXIT_OURS;
			if (od.output)
				output_console(od.output, true);
			on_over(&od);
		}
	}
	if (!od.loop || loop_run(od.loop, &e) < 0) {
		console_say("%s", e.msg);
		ret = ODYN_EXIT_OURS;
	}
	release(&od);
	return ret < 0 ? exit_status(od.wait_status) : ret;
}
