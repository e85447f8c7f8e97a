/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_run.c - what enc-run reads of the status port, and how long a boot may
 * take
 */
#include <string.h>

#include "enc-run/machine.h"
#include "enc-run/verdict.h"
#include "tap.h"

static int parse(const char *line, struct verdict *v)
{
	struct err e;

	return verdict_parse(line, strlen(line), v, &e);
}

static void test_good(void)
{
	static const struct {
		const char *line;
		enum verdict_kind kind;
		int number;
	} lines[] = {
		{ "{\"status\":\"running\"}", VERDICT_RUNNING, 0 },
		{ "{\"status\":\"exited\",\"code\":0}", VERDICT_EXITED, 0 },
		{ "{\"code\":255,\"status\":\"exited\"}", VERDICT_EXITED, 255 },
		{ "{\"status\":\"signaled\",\"signal\":9}", VERDICT_SIGNALED, 9 },
		/* as the Rust odyn writes it */
		{ "{\"status\":\"signaled\",\"signal\":\"SIGTERM\"}",
		  VERDICT_SIGNALED, 15 },
		{ "{\"status\":\"fatal\",\"error\":\"no disk\"}", VERDICT_FATAL, 0 },
		{ "{\"status\":\"running\",\"since\":[1]}", VERDICT_RUNNING, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct verdict v;

		ok(parse(lines[i].line, &v) == 0 && v.kind == lines[i].kind &&
		   v.number == lines[i].number, lines[i].line);
	}
}

static void test_bad(void)
{
	static const char *const lines[] = {
		"", "running", "[]", "{}", "{\"status\":1}",
		"{\"status\":\"asleep\"}",
		"{\"status\":\"exited\"}",
		"{\"status\":\"exited\",\"code\":256}",
		"{\"status\":\"exited\",\"code\":-1}",
		"{\"status\":\"exited\",\"code\":\"0\"}",
		"{\"status\":\"exited\",\"code\":1e99}",
		"{\"status\":\"signaled\",\"signal\":65}",
		"{\"status\":\"signaled\",\"signal\":\"SIGNO\"}",
		"{\"status\":\"fatal\"}",
		"{\"status\":\"running\",\"status\":\"exited\",\"code\":0}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct verdict v;

		ok(parse(lines[i], &v) < 0, *lines[i] ? lines[i] : "an empty line");
	}
}

static void test_long(void)
{
	char line[900];
	struct verdict v;

	memset(line, 'x', sizeof(line));
	memcpy(line, "{\"status\":\"fatal\",\"error\":\"", 27);
	memcpy(line + sizeof(line) - 3, "\"}", 3);
	ok(parse(line, &v) == 0 && strlen(v.error) == sizeof(v.error) - 1,
	   "a long error is cut");
}

static void test_timeout(void)
{
	const uint64_t gib = UINT64_C(1) << 30;

	ok(machine_boot_timeout(1, 1) == 180, "90 s for each that was begun");
	ok(machine_boot_timeout(6 * gib, 102400) == 180, "the whole of it");
	ok(machine_boot_timeout(6 * gib + 1, 102401) == 360, "and one more");
}

int main(void)
{
	test_good();
	test_bad();
	test_long();
	test_timeout();
	return tap_done();
}
