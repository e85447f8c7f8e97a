/* SPDX-License-Identifier: Apache-2.0 */
/*
 * console.c - what the enclave's console said last
 */
#include "enc-run/console.h"

#include <string.h>

#include "cli/cli.h"

#define LINE_SHOWN 400		/* bytes of a line */

static void show_lines(const char *text, size_t len)
{
	while (len > 0) {
		const char *nl = memchr(text, '\n', len);
		size_t n = nl ? (size_t)(nl - text) : len;
		size_t shown = n > 0 && text[n - 1] == '\r' ? n - 1 : n;

		if (shown > 0)
			cli_warn("console: %.*s", shown < LINE_SHOWN ?
				 (int)shown : LINE_SHOWN, text);
		n += nl ? 1 : 0;
		text += n;
		len -= n;
	}
}

/* Whole lines only; the rest waits for its end. */
static void show_whole(struct console *c)
{
	char *last = memrchr(c->kept, '\n', c->len);
	size_t n = last ? (size_t)(last + 1 - c->kept) : 0;

	if (!last && c->len == sizeof(c->kept))
		n = c->len;
	show_lines(c->kept, n);
	c->len -= n;
	memmove(c->kept, c->kept + n, c->len);
}

void console_put(struct console *c, const char *data, size_t len)
{
	while (len > 0) {
		size_t n = len < sizeof(c->kept) ? len : sizeof(c->kept);
		size_t room = sizeof(c->kept) - c->len;

		if (n > room) {		/* the oldest go */
			memmove(c->kept, c->kept + (n - room),
				c->len - (n - room));
			c->len -= n - room;
		}
		memcpy(c->kept + c->len, data, n);
		c->len += n;
		data += n;
		len -= n;
		if (c->shown)
			show_whole(c);
	}
}

void console_tell(const struct console *c)
{
	const char *from = c->kept + c->len;

	if (c->len == 0)
		return;
	for (unsigned lines = 0; from > c->kept; from--)
		if (from[-1] == '\n' && from != c->kept + c->len &&
		    ++lines == CONSOLE_LINES)
			break;
	if (!c->shown)
		cli_warn("the console's last lines:");
	show_lines(from, (size_t)(c->kept + c->len - from));
}
