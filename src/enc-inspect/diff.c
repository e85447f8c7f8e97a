/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff.c - what differs between two objects, gathered and printed
 */
#include "enc-inspect/diff.h"

#include <string.h>

/* A byte as \u007F or \\xNN in JSON; and what stands around the text. */
#define ESCAPED_MAX 6
#define AROUND_MAX  1024

void diff_release(struct diff *d)
{
	buf_release(&d->members);
	buf_release(&d->sections);
	buf_release(&d->files);
}

int diff_room(const struct buf *part, size_t len, struct err *e)
{
	size_t left = part->max - part->len;

	if (left > AROUND_MAX && len <= (left - AROUND_MAX) / ESCAPED_MAX)
		return 0;
	return err_set(e, ERR_INPUT,
		       "what differs is longer than %zu bytes", DIFF_PART_MAX);
}

void diff_add_json(struct buf *part, json_t *one)
{
	AUTO_JSON json_t *mine = one;

	if (part->len > 0)
		buf_addc(part, ',');
	text_json(part, mine);
	part->len--;		/* the newline */
}

static void add_part(struct buf *out, const struct buf *part)
{
	if (part->len > 0)
		buf_add(out, part->data, part->len);
}

/* Members sorted, as everywhere; their values are text already. */
static void add_json(struct buf *out, const struct diff *d, const char *of,
		     bool differ)
{
	buf_adds(out, "{\"files\":[");
	add_part(out, &d->files);
	buf_adds(out, "],\"members\":[");
	add_part(out, &d->members);
	buf_addf(out, "],\"of\":\"%s\",\"same\":%s,", of,
		 differ ? "false" : "true");
	buf_adds(out, "\"schema\":\"enc-inspect/1\",\"sections\":[");
	add_part(out, &d->sections);
	buf_adds(out, "],\"type\":\"diff\"}\n");
}

void diff_print(const struct diff *d, const char *of, struct request *r,
		struct buf *out)
{
	r->differ = d->members.len + d->sections.len + d->files.len > 0;
	if (d->json) {
		add_json(out, d, of, r->differ);
		return;
	}
	add_part(out, &d->members);
	add_part(out, &d->sections);
	add_part(out, &d->files);
}
