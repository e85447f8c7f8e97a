/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ps.c - the enclaves of this host that enc-run started
 */
#include "enc-run/ps.h"

#include <stdio.h>

#include "base/xalloc.h"
#include "enc-run/rundir.h"

static void print_row(const json_t *j)
{
	const json_t *cid = json_object_get(j, "cid");
	const char *name = json_str(j, "name"), *how = json_str(j, "launcher");
	AUTO_FREE char *text = json_is_integer(cid) ?
		xasprintf("%lld", json_integer_value(cid)) : xstrdup("-");

	printf("%-8lld %-10s %-10s %4lld %8lld  %s%s\n",
	       json_integer_value(json_object_get(j, "pid")),
	       how ? how : "?", text,
	       json_integer_value(json_object_get(j, "cpu_count")),
	       json_integer_value(json_object_get(j, "memory_mib")),
	       name ? name : "?",
	       json_is_true(json_object_get(j, "debug")) ? " (debug)" : "");
}

int ps(bool json, struct err *e)
{
	AUTO_JSON json_t *all = json_object();
	json_t *list = rundir_list(e), *one;
	size_t i;

	if (!list)
		return -1;
	json_put_str(all, "schema", "enc-run-ps/1");
	json_put(all, "enclaves", list);
	if (json) {
		AUTO_FREE char *text = json_text(all);

		printf("%s\n", text);
		return 0;
	}
	printf("%-8s %-10s %-10s %4s %8s  %s\n", "PID", "LAUNCHER", "CID",
	       "CPUS", "MIB", "NAME");
	json_array_foreach(list, i, one)
		print_row(one);
	return 0;
}
