/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_feed.c - a request whose body is written, not read
 *
 * libcurl pulls; what makes a tar pushes.  So a transfer is paused whenever it
 * has sent all that there is, and runs while somebody writes.
 */
#include <string.h>

#include "base/xalloc.h"
#include "image/http_parts.h"

#define POLL_MS 1000

struct http_feed {
	struct http	    *http;
	struct http_request *request;
	struct http_upload   upload;
	const char	    *data;	/* what is not sent yet */
	size_t		     len;
	uint64_t	     sent;
	bool		     all;	/* there will be no more */
	bool		     ended;	/* the transfer has */
};

static ssize_t on_pull(void *ctx, uint64_t offset, void *data, size_t len,
		       struct err *e)
{
	struct http_feed *f = ctx;

	if (offset != f->sent)
		return err_set(e, ERR_REMOTE,
			       "the connection was lost, and what was sent cannot be sent again");
	if (f->len == 0)
		return f->all ? 0 : HTTP_LATER;
	if (len > f->len)
		len = f->len;
	memcpy(data, f->data, len);
	f->data += len;
	f->len -= len;
	f->sent += len;
	return (ssize_t)len;
}

struct http_feed *http_feed_new(struct http *h, struct http_request *r,
				const char *type)
{
	struct http_feed *f = xcalloc(1, sizeof(*f));

	f->http = h;
	f->request = r;
	f->upload = (struct http_upload){
		.read = on_pull,
		.ctx = f,
		.size = HTTP_SIZE_UNKNOWN,
		.type = type,
	};
	r->upload = &f->upload;
	http_prepare(h, r);
	if (curl_multi_add_handle(h->one, r->private->easy) != CURLM_OK)
		oom();
	return f;
}

static void leave(struct http_feed *f)
{
	if (!f->ended)
		curl_multi_remove_handle(f->http->one, f->request->private->easy);
	f->ended = true;
}

void http_feed_free(struct http_feed *f)
{
	if (!f)
		return;
	leave(f);
	f->request->upload = NULL;
	free(f);
}

/* The transfer runs until it wants more, or until it has ended. */
static int run(struct http_feed *f, struct err *e)
{
	CURLM *multi = f->http->one;
	CURLMsg *message;
	int running, left;

	if (!f->ended)
		curl_easy_pause(f->request->private->easy, CURLPAUSE_CONT);
	while (!f->ended && (f->len > 0 || f->all)) {
		if (curl_multi_perform(multi, &running) != CURLM_OK)
			return err_set(e, ERR_SYS, "libcurl does not run");
		while ((message = curl_multi_info_read(multi, &left))) {
			CURLcode code = message->data.result;

			if (message->msg != CURLMSG_DONE)
				continue;
			leave(f);
			if (http_ended(f->request, code) == 1)
				return err_set(e, ERR_REMOTE,
					       "redirect to '%s', which cannot be followed with what was sent",
					       f->request->url);
		}
		if (!f->ended && (f->len > 0 || f->all) &&
		    curl_multi_poll(multi, NULL, 0, POLL_MS, NULL) != CURLM_OK)
			oom();
	}
	if (f->ended && f->request->failure != HTTP_ANSWERED) {
		*e = f->request->err;
		return -1;
	}
	return 0;
}

int http_feed_write(struct http_feed *f, const void *data, size_t len,
		    struct err *e)
{
	f->data = data;
	f->len = len;
	if (run(f, e) < 0)
		return -1;
	if (f->len > 0)
		return err_set(e, ERR_REMOTE,
			       "the answer came before all was sent");
	return 0;
}

int http_feed_end(struct http_feed *f, struct err *e)
{
	f->all = true;
	return run(f, e);
}
