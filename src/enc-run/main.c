/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - enc-run: starts an enclave, and ends as its application does
 *
 * Called as enclaver-run it is the entrypoint of a release image.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "cli/cli.h"
#include "cli/confine.h"
#include "eif/expect.h"
#include "eif/measurements.h"
#include "enc-run/events.h"
#include "enc-run/machine.h"
#include "enc-run/options.h"
#include "enc-run/ps.h"
#include "enc-run/run.h"
#include "enc-run/signals.h"

/* Between two starts, twice as long each time; an enclave that ran for longer
 * than the most of it starts anew. */
#define PAUSE_MIN_MS 1000u
#define PAUSE_MAX_MS 60000u

/* Ports to carry: those that were given, or the manifest's, each under its own
 * number. */
static int choose_ports(struct options *o, const struct manifest *m,
			struct err *e)
{
	for (size_t i = 0; i < o->n_publish; i++) {
		size_t at = 0;

		while (at < m->n_ingress &&
		       m->ingress[at].listen_port != o->publish[i].enclave)
			at++;
		for (size_t k = 0; k < i; k++)
			if (o->publish[k].host == o->publish[i].host &&
			    (!o->publish[k].address || !o->publish[i].address ||
			     strcmp(o->publish[k].address,
				    o->publish[i].address) == 0))
				return err_set(e, ERR_USAGE,
					       "port %u is published twice",
					       o->publish[i].host);
		if (at == m->n_ingress)
			return err_set(e, ERR_USAGE,
				       "the enclave has no port %u: the manifest's ingress has it not",
				       o->publish[i].enclave);
	}
	if (o->n_publish > 0 || o->no_publish)
		return 0;
	o->publish = xcalloc(m->n_ingress + 1, sizeof(*o->publish));
	for (size_t i = 0; i < m->n_ingress; i++)
		o->publish[i].host = o->publish[i].enclave =
			m->ingress[i].listen_port;
	o->n_publish = m->n_ingress;
	return 0;
}

static struct run_options fill_in(const struct options *o,
				  const struct object *ob)
{
	const struct manifest *m = &ob->manifest;
	struct run_options r = {
		.publish = o->publish,
		.n_publish = o->n_publish, .resolver = o->resolver,
		.cid = o->cid, .debug = o->debug,
		.status_fd = o->status_fd, .grace = o->grace,
		.boot_timeout = o->boot_timeout, .restarts = o->restart > 0,
	};

	r.cpu_count = o->cpu_count ? o->cpu_count : (unsigned)m->cpu_count;
	r.memory_mib = o->memory_mib ? o->memory_mib : (uint64_t)m->memory_mb;
	if (!r.boot_timeout)
		r.boot_timeout = machine_boot_timeout(ob->info.size,
						      r.memory_mib);
	return r;
}

static int open_and_measure(const struct options *o, struct object *ob,
			    struct err *e)
{
	AUTO_FREE char *piped = NULL;
	const char *text = o->object;

	if (text && strcmp(text, "-") == 0) {
		piped = cli_object(text, "release image or EIF", e);
		if (!piped)
			return -1;
		text = piped;
	}
	if (object_open(ob, text, o->eif_file, o->manifest_file, e) < 0)
		return -1;
	if (o->verb == VERB_MANIFEST)
		return 0;
	return object_measure(ob, e);
}

static int as_expected(const char *file, const struct object *ob,
		       struct err *e)
{
	AUTO_JSON json_t *want = expect_read(file, e);
	AUTO_JSON json_t *is = measurements_json(&ob->info.pcrs);

	return want ? expect_check(want, is, ob->name, e) : -1;
}

static int describe_eif(const struct object *ob)
{
	AUTO_JSON json_t *all = json_object();
	AUTO_FREE char *text = NULL;

	json_put(all, "Measurements", measurements_json(&ob->info.pcrs));
	text = json_text_ordered(all);
	printf("%s\n", text);
	return 0;
}

/* Whether to try it again.  -1 is what we could not even start, and will not; an
 * application may end with any status, 125 too. */
static bool is_failure(int status)
{
	return status > 0;
}

/* From here on there is something to put in order before the end. */
static void block_signals(void)
{
	sigset_t set;

	stop_signals(&set);
	sigaddset(&set, SIGPIPE);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* Between two starts; true when we are told to stop meanwhile. */
static bool wait_or_stop(uint64_t ms)
{
	struct timespec t = { .tv_sec = (time_t)(ms / 1000) };
	sigset_t set;

	stop_signals(&set);
	return sigtimedwait(&set, NULL, &t) > 0;
}

static int run(struct options *o, struct object *ob, struct err *e)
{
	uint64_t pause = PAUSE_MIN_MS / 2;
	const struct launcher *l;
	struct run_options r;

	if (cli_confine_check(e) < 0 ||
	    choose_ports(o, &ob->manifest, e) < 0)
		return -1;
	r = fill_in(o, ob);
	l = launcher_choose(o->launcher, e);
	if (!l || run_check(&r, ob, l, e) < 0)
		return -1;
	cli_note("%s '%s' with launcher %s: %u vCPUs, %llu MiB",
		 o->verb == VERB_CHECK ? "can start" : "starting", ob->name,
		 l->name, r.cpu_count, (unsigned long long)r.memory_mib);
	if (o->verb == VERB_CHECK) {
		AUTO_RUNDIR struct rundir dir = RUNDIR_INIT;

		return rundir_make(&dir, e);
	}
	block_signals();
	for (unsigned again = 0;; again++) {
		AUTO_RUNDIR struct rundir dir = RUNDIR_INIT;
		uint64_t began = clock_ticks();
		bool stopped = false;
		int status;

		if (rundir_make(&dir, e) < 0)
			return -1;
		status = run_enclave(&r, ob, l, &dir, &stopped, e);
		if (stopped || !is_failure(status) || again == o->restart)
			return status;
		pause = clock_ticks() - began < PAUSE_MAX_MS ?
			pause * 2 : PAUSE_MIN_MS;
		if (pause > PAUSE_MAX_MS)
			pause = PAUSE_MAX_MS;
		cli_note("it ended with status %d: again in %llu s, %u of %u",
			 status, (unsigned long long)pause / 1000, again + 1,
			 o->restart);
		if (wait_or_stop(pause))
			return STATUS_INTERRUPTED;
	}
}

/* Statuses of ours that an application's cannot be taken for; of what runs no
 * application they are the suite's own. */
static int act(struct options *o, struct err *e)
{
	AUTO_OBJECT struct object ob = OBJECT_INIT;
	int status;

	if (o->verb == VERB_PS)
		return ps(o->json, e);
	if (open_and_measure(o, &ob, e) < 0)
		return -1;
	if (o->verb == VERB_MANIFEST) {
		fwrite(ob.manifest.text, 1, ob.manifest.len, stdout);
		return 0;
	}
	if (o->expect && as_expected(o->expect, &ob, e) < 0)
		return -1;
	if (o->verb == VERB_DESCRIBE)
		return describe_eif(&ob);
	status = run(o, &ob, e);
	return status;
}

static const char *name_of(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	const char *name = slash ? slash + 1 : path;

	return name && strcmp(name, "enclaver-run") == 0 ? name : "enc-run";
}

int main(int argc, char **argv)
{
	struct options o;
	struct err e = { .class = ERR_NONE };
	int status;

	cli_init(name_of(argv[0]));
	cli_set_status(STATUS_OURS);
	options_read(argc, argv, &o);
	if (o.verb != VERB_RUN)
		cli_set_status(0);
	status = act(&o, &e);
	if (status < 0)
		status = cli_fail(&e);
	if (o.verb == VERB_RUN)
		event_exited(o.status_fd, status);
	options_release(&o);
	return status;
}
