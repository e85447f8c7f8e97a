/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame.c - what the two egress proxies say to each other over vsock
 */
#include "enclave/frame.h"

#include <limits.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"

#define NAME "egress frame"

int frame_scan(const void *data, size_t len, size_t *total, struct err *e)
{
	const uint8_t *head = data;
	size_t n;

	if (len < FRAME_HEAD)
		return 0;
	n = (size_t)head[0] | (size_t)head[1] << 8;
	if (n == 0 || n > FRAME_MAX)
		return err_set(e, ERR_REMOTE,
			       "an egress frame of %zu bytes: from 1 to %u are taken",
			       n, FRAME_MAX);
	*total = FRAME_HEAD + n;
	return len >= *total;
}

static void put(const char *json, struct buf *out)
{
	size_t len = strlen(json);

	buf_addc(out, (char)(len & 0xff));
	buf_addc(out, (char)(len >> 8));
	buf_add(out, json, len);
}

/* The text and how long it is; frame_scan() has seen to its length. */
static const char *body(const void *frame, size_t total, size_t *len)
{
	*len = total - FRAME_HEAD;
	return (const char *)frame + FRAME_HEAD;
}

void frame_put_request(const struct host *h, uint16_t port, struct buf *out)
{
	AUTO_JSON json_t *j = json_object();
	AUTO_FREE char *text = NULL;

	json_put_str(j, "host", h->text);
	json_put(j, "port", json_integer(port));
	text = json_text(j);
	put(text, out);
}

int frame_parse_request(const void *frame, size_t total, struct host *h,
			uint16_t *port, struct err *e)
{
	size_t len;
	const char *text = body(frame, total, &len);
	AUTO_JSON json_t *j = json_parse_object(text, len, NAME, e);
	const char *host = json_str(j, "host");
	json_t *number = json_object_get(j, "port");
	json_int_t n = json_integer_value(number);

	if (!j || !host || n < 1 || n > UINT16_MAX)
		return err_set(e, ERR_REMOTE,
			       "an egress request that is not {\"host\":NAME,\"port\":N}");
	if (host_parse(host, strlen(host), h, e) < 0) {
		e->class = ERR_REMOTE;
		return -1;
	}
	*port = (uint16_t)n;
	return 0;
}

void frame_put_ok(struct buf *out)
{
	put("\"Ok\"", out);
}

/* At most that many bytes, and no half character at the end. */
static void cut(const char *text, size_t size, char *out)
{
	size_t at = 0, len = strlen(text);

	while (at < len) {
		size_t n = utf8_length(text + at, len - at);

		if (n == 0 || at + n >= size)
			break;
		at += n;
	}
	memcpy(out, text, at);
	out[at] = '\0';
}

void frame_put_error(int os_code, const char *message, struct buf *out)
{
	AUTO_JSON json_t *j = json_object();
	json_t *err = json_object();
	AUTO_FREE char *text = NULL;
	char shown[FRAME_MESSAGE_MAX];

	cut(message, sizeof(shown), shown);
	json_put(err, "os_code", json_integer(os_code));
	json_put_str(err, "message", shown);
	json_put(j, "Err", err);
	text = json_text(j);
	put(text, out);
}

/* The message goes into a reply and on a console. */
static void show(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

static bool is_ok(const char *text, size_t len)
{
	return len == 4 && memcmp(text, "\"Ok\"", 4) == 0;
}

int frame_parse_answer(const void *frame, size_t total, struct frame_answer *a,
		       struct err *e)
{
	size_t len;
	const char *text = body(frame, total, &len), *message;
	AUTO_JSON json_t *j = NULL;
	json_t *err;
	json_int_t code;

	memset(a, 0, sizeof(*a));
	a->ok = is_ok(text, len);
	if (a->ok)
		return 0;
	j = json_parse_object(text, len, NAME, e);
	err = json_object_get(j, "Err");
	message = json_str(err, "message");
	code = json_integer_value(json_object_get(err, "os_code"));
	if (!message || code < INT_MIN || code > INT_MAX)
		return err_set(e, ERR_REMOTE,
			       "an egress answer that is neither \"Ok\" nor {\"Err\":{\"os_code\":N,\"message\":TEXT}}");
	a->os_code = (int)code;
	cut(message, sizeof(a->message), a->message);
	show(a->message);
	return 0;
}
