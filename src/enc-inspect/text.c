/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.c - hostile bytes as text
 */
#include <string.h>

#include "base/utf8.h"
#include "base/xalloc.h"
#include "enc-inspect/inspect.h"

/* C1 controls and the marks that turn the direction of writing are controls
 * too: a terminal obeys the first, an eye the second. */
static bool is_shown(uint32_t code)
{
	return code >= 0x20 && code != 0x7f && !(code >= 0x80 && code < 0xa0) &&
	       !(code >= 0x202a && code <= 0x202e) &&
	       !(code >= 0x2066 && code <= 0x2069) &&
	       code != 0x2028 && code != 0x2029;
}

void text_add(struct buf *out, const char *data, size_t len)
{
	while (len > 0) {
		size_t n = utf8_length(data, len);

		if (n > 0 && is_shown(utf8_code(data, n))) {
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

static void add_json(struct buf *out, const json_t *j, size_t flags)
{
	char *text = json_dumps(j, JSON_SORT_KEYS | JSON_ENSURE_ASCII |
				JSON_ENCODE_ANY | flags);

	if (!text)
		oom();
	/* DEL is the one control character that JSON lets through. */
	for (const char *at = text; *at; at++) {
		if (*at == 0x7f)
			buf_adds(out, "\\u007F");
		else
			buf_addc(out, *at);
	}
	buf_addc(out, '\n');
	free(text);
}

void text_json(struct buf *out, const json_t *j)
{
	add_json(out, j, JSON_COMPACT);
}

void text_json_pretty(struct buf *out, const json_t *j)
{
	add_json(out, j, JSON_INDENT(2));
}

json_t *text_json_string(const char *data, size_t len)
{
	AUTO_BUF struct buf shown = BUF_INIT(4 * len + 1);

	text_add(&shown, data, len);
	return json_stringn(shown.data ? shown.data : "", shown.len);
}
