/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.c - hostile bytes as text
 */
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "enc-inspect/inspect.h"

void text_add(struct buf *out, const char *data, size_t len)
{
	while (len > 0) {
		size_t n = utf8_length(data, len);

		if (n > 0 && utf8_is_shown(utf8_code(data, n))) {
			buf_add(out, data, n);
		} else {
			n = n ? n : 1;
			for (size_t i = 0; i < n; i++)
				buf_addf(out, "\\x%02x",
					 (unsigned char)data[i]);
		}
		data += n;
		len -= n;
	}
}

void text_adds(struct buf *out, const char *s)
{
	text_add(out, s, strlen(s));
}

void text_row(struct buf *out, const char *label, const char *value)
{
	if (!value)
		return;
	buf_addf(out, "%-14s ", label);
	text_adds(out, value);
	buf_addc(out, '\n');
}

struct sink {
	struct buf *out;
	size_t	    max;	/* as long as out may become */
};

/* DEL is the one control character that JSON lets through. */
static int put_json(const char *data, size_t len, void *ctx)
{
	static const char del[] = "\\u007F";
	const struct sink *s = ctx;

	for (size_t i = 0; i < len; i++) {
		const char *at = data[i] == 0x7f ? del : &data[i];
		size_t n = data[i] == 0x7f ? strlen(del) : 1;

		if (s->out->len + n >= s->max ||
		    buf_append(s->out, at, n) < 0)
			return -1;
	}
	return 0;
}

static int add_json(struct buf *out, const json_t *j, size_t flags, size_t max)
{
	struct sink s = { out, max };

	if (json_dump_callback(j, put_json, &s, JSON_SORT_KEYS |
			       JSON_ENSURE_ASCII | JSON_ENCODE_ANY | flags) < 0)
		return -1;
	return put_json("\n", 1, &s);
}

void text_json(struct buf *out, const json_t *j)
{
	if (add_json(out, j, JSON_COMPACT, out->max) < 0)
		oom();
}

int text_json_pretty(struct buf *out, const json_t *j, struct err *e)
{
	if (add_json(out, j, JSON_INDENT(2), PRETTY_MAX) == 0)
		return 0;
	out->len = 0;
	return err_set(e, ERR_INPUT,
		       "indented it has more than %zu bytes: use --json",
		       PRETTY_MAX);
}

json_t *text_json_string(const char *data, size_t len)
{
	AUTO_BUF struct buf shown = BUF_INIT(4 * len + 1);

	text_add(&shown, data, len);
	return json_stringn(shown.data ? shown.data : "", shown.len);
}

void text_json_cert(json_t *j, const struct cert *cert)
{
	char when[CLOCK_TEXT];

	json_put(j, "subject",
		 text_json_string(cert->subject, strlen(cert->subject)));
	json_put(j, "issuer",
		 text_json_string(cert->issuer, strlen(cert->issuer)));
	clock_format(cert->not_before, when);
	json_put_str(j, "not_before", when);
	clock_format(cert->not_after, when);
	json_put_str(j, "not_after", when);
}
