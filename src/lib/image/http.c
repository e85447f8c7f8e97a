/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.c - the client: transfers under way, one or many at once
 */
#include "image/http.h"

#include <fcntl.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "image/http_parts.h"

#define TRUSTED_MAX	(8u << 20)	/* the system's list has some 200 KB */
#define JOBS_MAX	16u
#define POLL_MS		1000

/* The file's authorities count beside the system's, not instead: a registry of
 * one's own may keep its blobs in a public store.  libcurl takes one list, so
 * both are read into one. */
static int read_trusted(struct http *h, struct err *e)
{
	const char *own = h->policy->ca_file, *list = http_system_list();

	h->trusted.max = TRUSTED_MAX;
	if (!own)
		return 0;
	if (buf_read_file(&h->trusted, AT_FDCWD, own, e) < 0)
		return -1;
	if (!h->trusted.data || !strstr(h->trusted.data, "CERTIFICATE-----"))
		return err_set(e, ERR_INPUT, "'%s' has no certificate in PEM",
			       own);
	if (!list || access(list, R_OK) < 0)
		return 0;	/* a system without a list of its own */
	if (buf_append(&h->trusted, "\n", 1) < 0)
		return err_set(e, ERR_INPUT, "'%s' is larger than %u bytes", own,
			       TRUSTED_MAX);
	return buf_read_file(&h->trusted, AT_FDCWD, list, e);
}

struct http *http_new(const struct http_policy *policy, struct err *e)
{
	struct http *h;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		err_set(e, ERR_SYS, "libcurl does not start");
		return NULL;
	}
	h = xcalloc(1, sizeof(*h));
	h->policy = policy;
	h->one = curl_multi_init();
	h->many = curl_multi_init();
	if (!h->one || !h->many)
		oom();
	if (read_trusted(h, e) == 0)
		return h;
	http_free(h);
	return NULL;
}

void http_free(struct http *h)
{
	if (!h)
		return;
	curl_multi_cleanup(h->one);
	curl_multi_cleanup(h->many);
	buf_release(&h->trusted);
	free(h);
}

struct active {			/* the transfers under way */
	CURLM		    *multi;
	struct http_request *request[JOBS_MAX];
	unsigned	     n;
};

static void start(struct http *h, struct active *a, struct http_request *r)
{
	http_prepare(h, r);
	a->request[a->n++] = r;
	r->private->due = clock_ticks() + r->wait;
	r->wait = 0;
}

/* Sends what is due; milliseconds until there is more of it. */
static int send_due(struct active *a)
{
	uint64_t now = clock_ticks();
	int wait = POLL_MS;

	for (unsigned i = 0; i < a->n; i++) {
		struct http_private *p = a->request[i]->private;

		if (p->due > now && p->due - now < (uint64_t)wait)
			wait = (int)(p->due - now);
		if (p->due == 0 || p->due > now)
			continue;
		if (curl_multi_add_handle(a->multi, p->easy) != CURLM_OK)
			oom();
		p->due = 0;
	}
	return wait;
}

static void stop(struct active *a, struct http_request *r)
{
	for (unsigned i = 0; i < a->n; i++) {
		if (a->request[i] != r)
			continue;
		a->request[i] = a->request[--a->n];
		if (r->private->due == 0)
			curl_multi_remove_handle(a->multi, r->private->easy);
		return;
	}
}

/* What has ended is looked at, and perhaps sent again; 1 when there was any. */
static int reap(struct http *h, struct active *a, struct http_batch *b,
		struct err *e)
{
	CURLMsg *message;
	int left, any = 0;

	while ((message = curl_multi_info_read(a->multi, &left))) {
		struct http_request *r = NULL;
		CURLcode code = message->data.result;
		int again;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &r);
		stop(a, r);
		again = http_ended(r, code);
		if (again == 0) {
			again = b->done(b, r, e);
			if (again > 0 && r->private)
				r->private->redirects = 0;
		}
		if (again < 0)
			return -1;
		if (again > 0)
			start(h, a, r);
		any = 1;
	}
	return any;
}

static int run(struct http *h, CURLM *multi, struct http_batch *b,
	       struct err *e)
{
	struct active a = { .multi = multi, .n = 0 };
	unsigned jobs = h->policy->jobs < JOBS_MAX ? h->policy->jobs : JOBS_MAX;
	struct http_request *r;
	int running, wait, ret;

	for (;;) {
		while (a.n < jobs && (r = b->next(b)))
			start(h, &a, r);
		if (a.n == 0)
			return 0;
		wait = send_due(&a);
		if (curl_multi_perform(multi, &running) != CURLM_OK)
			ret = err_set(e, ERR_SYS, "libcurl does not run");
		else
			ret = reap(h, &a, b, e);
		if (ret < 0)
			break;
		/* When one ended another can begin: nothing to wait for. */
		if (ret == 0 && curl_multi_poll(multi, NULL, 0, wait,
						NULL) != CURLM_OK)
			oom();
	}
	while (a.n > 0)
		stop(&a, a.request[0]);
	return -1;
}

int http_run_batch(struct http *h, struct http_batch *b, struct err *e)
{
	return run(h, h->many, b, e);
}

struct single {
	struct http_batch    batch;
	struct http_request *request;
};

static struct http_request *single_next(struct http_batch *b)
{
	struct single *s = (struct single *)b;

	return steal_ptr(&s->request);
}

static int single_done(struct http_batch *b UNUSED, struct http_request *r,
		       struct err *e)
{
	if (r->failure == HTTP_ANSWERED)
		return 0;
	*e = r->err;
	return -1;
}

int http_run(struct http *h, struct http_request *r, struct err *e)
{
	struct single s = { { single_next, single_done }, r };

	return run(h, h->one, &s.batch, e);
}
