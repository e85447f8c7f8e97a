/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nitro_cli.c - the launcher that has AWS's own tool do it
 *
 * For whoever trusts that more than nitro.c.  nitro-cli leaves the enclave to a
 * process of its own that we are not told of, so two things are done here that
 * nitro.c needs not: it is asked now and then whether the enclave is still
 * there, and a watchman ends the enclave when we are killed.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>

#include "base/io.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "enc-run/child.h"
#include "enc-run/launcher.h"
#include "enc-run/machine.h"

#define PROGRAM	   "nitro-cli"
#define VARIABLE   "ENCLAVER_NITRO_CLI"
#define DEVICE	   "/dev/nitro_enclaves"
#define OUTPUT_MAX (1u << 20)	/* bytes of what it prints */
#define ASK_MS	   2000		/* between questions */
#define CHUNK	   4096
#define WATCHMAN_FD 3

struct by_cli {
	char	    *program, *id;
	int	     watchman;		/* it acts when this is closed */
	pid_t	     watchman_pid;
	struct timer ask;
	struct child question, console;
	struct watch answer_watch, console_watch;
	struct buf   answer;
};

static int available(struct err *e)
{
	AUTO_FREE char *program = child_find(PROGRAM, VARIABLE);

	if (!program)
		return err_set(e, ERR_SYS,
			       "there is no " PROGRAM ": install aws-nitro-enclaves-cli, or say where it is with " VARIABLE);
	if (!getenv(VARIABLE) && access(DEVICE, F_OK) < 0)
		return err_set(e, ERR_SYS,
			       "there is no " DEVICE ": start the instance with enclaves enabled");
	return 0;
}

static int check(const struct enclave *en, struct err *e)
{
	return machine_check_arch(en->info, en->eif_name, e);
}

/* Between its messages: from the first brace that begins a line to the last.
 * "Started enclave with ... cpu-ids: [1, 3]" is talk. */
static json_t *json_of(const struct buf *out, struct err *e)
{
	const char *from = out->data, *to = NULL;

	while (from && *from != '{' && *from != '[') {
		from = strchr(from, '\n');
		if (from)
			from++;
	}
	for (size_t i = out->len; from && i-- > 0 && !to;)
		if (out->data[i] == '}' || out->data[i] == ']')
			to = out->data + i + 1;
	if (!from || !to || to <= from) {
		err_set(e, ERR_SYS, PROGRAM " prints no JSON: %.300s",
			out->data ? out->data : "it prints nothing");
		return NULL;
	}
	return json_parse(from, (size_t)(to - from), PROGRAM, e);
}

/* Its errors are many lines: the first that says something is shown. */
static int failed(const struct buf *out, int status, struct err *e)
{
	const char *text = out->data ? out->data : "";

	text += strspn(text, " \n");
	return err_set(e, ERR_SYS, PROGRAM " ended with status %d: %.*s",
		       status, (int)strcspn(text, "\n"), text);
}

/* The file that we have open, whatever has its name now; or a copy. */
static char *path_of(const struct enclave *en, struct err *e)
{
	AUTO_CLOSE int out = -1;
	char *copy;

	if (en->info->base == 0)
		return xasprintf("/proc/%d/fd/%d", getpid(), en->eif);
	copy = xasprintf("%s/application.eif", en->dir);
	out = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out >= 0 && io_copy_range(en->eif, en->info->base, out, 0,
				      en->info->size) == 0)
		return copy;
	err_sys(e, "cannot copy the EIF to '%s'", copy);
	free(copy);
	return NULL;
}

static int run_enclave(struct enclave *en, struct by_cli *c, struct err *e)
{
	AUTO_FREE char *path = path_of(en, e);
	AUTO_BUF struct buf out = BUF_INIT(OUTPUT_MAX);
	AUTO_ARGV struct argv a = { .n = 0 };
	AUTO_JSON json_t *j = NULL;
	json_int_t cid;
	int status;

	if (!path)
		return -1;
	argv_add(&a, c->program);
	argv_add(&a, "run-enclave");
	argv_add(&a, "--cpu-count");
	argv_addf(&a, "%u", en->cpu_count);
	argv_add(&a, "--memory");
	argv_addf(&a, "%llu", (unsigned long long)en->memory_mib);
	argv_add(&a, "--eif-path");
	argv_add(&a, path);
	if (en->want_cid) {
		argv_add(&a, "--enclave-cid");
		argv_addf(&a, "%u", en->want_cid);
	}
	if (en->debug)
		argv_add(&a, "--debug-mode");
	status = child_run(&a, &out, e);
	if (status != 0)
		return status < 0 ? -1 : failed(&out, status, e);
	j = json_of(&out, e);
	if (!j)
		return -1;
	cid = json_integer_value(json_object_get(j, "EnclaveCID"));
	if (!json_str(j, "EnclaveID") || cid <= 0 || cid >= UINT32_MAX)
		return err_set(e, ERR_SYS,
			       PROGRAM " does not say which enclave it started");
	c->id = xstrdup(json_str(j, "EnclaveID"));
	en->cid = (uint32_t)cid;
	return 0;
}

static void with_id(struct argv *a, const struct by_cli *c, const char *verb)
{
	argv_add(a, c->program);
	argv_add(a, verb);
	argv_add(a, "--enclave-id");
	argv_add(a, c->id);
}

static void terminate(const struct by_cli *c)
{
	AUTO_BUF struct buf ignored = BUF_INIT(OUTPUT_MAX);
	AUTO_ARGV struct argv a = { .n = 0 };
	struct err e;

	with_id(&a, c, "terminate-enclave");
	(void)!child_run(&a, &ignored, &e);
}

/* Waits for our end: a byte is one in order.  It keeps nothing of ours open, no
 * port above all. */
static NORETURN void watch_over(const struct by_cli *c, int fd)
{
	char byte;

	setsid();
	if (dup2(fd, WATCHMAN_FD) < 0 || close_range(WATCHMAN_FD + 1, ~0U, 0) < 0)
		_exit(1);
	if (io_read(WATCHMAN_FD, &byte, 1) != 1)
		terminate(c);
	_exit(0);
}

static int start_watchman(struct by_cli *c, struct err *e)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(e, "cannot make a pipe");
	c->watchman_pid = fork();
	if (c->watchman_pid == 0) {
		close(fds[1]);
		watch_over(c, fds[0]);
	}
	close(fds[0]);
	c->watchman = fds[1];
	return c->watchman_pid < 0 ? err_sys(e, "cannot fork") : 0;
}

static void ask(void *arg);

/* An answer that cannot be read is none: the next one may be better. */
static bool is_gone(const struct by_cli *c)
{
	struct err ignored;
	AUTO_JSON json_t *all = json_of(&c->answer, &ignored);
	json_t *one;
	size_t i;

	if (!json_is_array(all))
		return false;
	json_array_foreach(all, i, one) {
		const char *id = json_str(one, "EnclaveID");

		if (id && strcmp(id, c->id) == 0)
			return false;
	}
	return true;
}

static void answer_ready(void *arg, uint32_t events UNUSED)
{
	struct enclave *en = arg;
	struct by_cli *c = en->state;
	char data[CHUNK];
	ssize_t n = read(c->question.out, data, sizeof(data));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		(void)!buf_append(&c->answer, data, (size_t)n);
		return;
	}
	watch_stop(&c->answer_watch);
	child_end(&c->question);
	if (is_gone(c))
		en->ended(en->arg);
	else
		timer_start(&c->ask, en->loop, ASK_MS, ask, en);
}

static void ask(void *arg)
{
	struct enclave *en = arg;
	struct by_cli *c = en->state;
	AUTO_ARGV struct argv a = { .n = 0 };
	struct err e;

	argv_add(&a, c->program);
	argv_add(&a, "describe-enclaves");
	buf_release(&c->answer);
	if (child_start(&c->question, &a, -1, &e) < 0 ||
	    watch_start(&c->answer_watch, en->loop, c->question.out, EPOLLIN,
			answer_ready, en) < 0) {
		child_end(&c->question);
		timer_start(&c->ask, en->loop, ASK_MS, ask, en);
	}
}

static void console_ready(void *arg, uint32_t events UNUSED)
{
	struct enclave *en = arg;
	struct by_cli *c = en->state;
	char data[CHUNK];
	ssize_t n = read(c->console.out, data, sizeof(data));

	if (n > 0)
		en->console(en->arg, data, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		watch_stop(&c->console_watch);
}

static int start_console(struct enclave *en, struct by_cli *c, struct err *e)
{
	AUTO_ARGV struct argv a = { .n = 0 };

	if (!en->debug)
		return 0;
	with_id(&a, c, "console");
	if (child_start(&c->console, &a, -1, e) < 0)
		return -1;
	if (watch_start(&c->console_watch, en->loop, c->console.out, EPOLLIN,
			console_ready, en) < 0)
		return err_sys(e, "cannot watch the console");
	return 0;
}

static void end(struct enclave *en)
{
	struct by_cli *c = en->state;

	timer_stop(&c->ask);
	watch_stop(&c->answer_watch);
	watch_stop(&c->console_watch);
	child_end(&c->question);
	child_end(&c->console);
	if (c->id)
		terminate(c);
	if (c->watchman >= 0) {
		(void)!io_write(c->watchman, "", 1);
		close(c->watchman);
	}
	if (c->watchman_pid > 0)
		waitpid(c->watchman_pid, NULL, 0);
	buf_release(&c->answer);
	free(c->program);
	free(c->id);
	free(c);
	en->state = NULL;
}

static int start(struct enclave *en, struct err *e)
{
	struct by_cli *c = xcalloc(1, sizeof(*c));

	*c = (struct by_cli){ .watchman = -1, .question = CHILD_INIT,
			      .console = CHILD_INIT,
			      .answer = BUF_INIT(OUTPUT_MAX) };
	en->state = c;
	c->program = child_find(PROGRAM, VARIABLE);
	if (!c->program)
		err_set(e, ERR_SYS, "there is no " PROGRAM " any more");
	else if (run_enclave(en, c, e) == 0 && start_watchman(c, e) == 0 &&
		 start_console(en, c, e) == 0) {
		timer_start(&c->ask, en->loop, ASK_MS, ask, en);
		return 0;
	}
	end(en);
	return -1;
}

const struct launcher launcher_nitro_cli = {
	.name = "nitro-cli", .available = available, .check = check,
	.start = start, .kill = end,
};
