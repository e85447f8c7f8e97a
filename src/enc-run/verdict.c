/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verdict.c - what the status port says, read
 */
#include "enc-run/verdict.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "enclave/process.h"

static int bad(struct err *e)
{
	return err_set(e, ERR_REMOTE,
		       "the enclave's status is none that is known");
}

static int number_of(const json_t *j, int max, int *out)
{
	json_int_t n = json_integer_value(j);

	if (!json_is_integer(j) || n < 0 || n > max)
		return -1;
	*out = (int)n;
	return 0;
}

int verdict_parse(const char *line, size_t len, struct verdict *v,
		  struct err *e)
{
	AUTO_JSON json_t *j = json_parse_object(line, len, "status", e);
	const char *status = j ? json_str(j, "status") : NULL;
	const char *text;

	if (!status)
		return bad(e);
	*v = (struct verdict){ .kind = VERDICT_RUNNING };
	if (strcmp(status, "running") == 0)
		return 0;
	if (strcmp(status, "exited") == 0) {
		v->kind = VERDICT_EXITED;
		return number_of(json_object_get(j, "code"), 255,
				 &v->number) < 0 ? bad(e) : 0;
	}
	if (strcmp(status, "signaled") == 0) {
		v->kind = VERDICT_SIGNALED;
		text = json_str(j, "signal");
		if (text) {
			v->number = process_signal(text);
			return v->number < 0 ? bad(e) : 0;
		}
		return number_of(json_object_get(j, "signal"), 64,
				 &v->number) < 0 ? bad(e) : 0;
	}
	text = json_str(j, "error");
	if (strcmp(status, "fatal") != 0 || !text)
		return bad(e);
	v->kind = VERDICT_FATAL;
	snprintf(v->error, sizeof(v->error), "%s", text);
	return 0;
}
