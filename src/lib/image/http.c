/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.c - transfers over HTTP and HTTPS by libcurl
 *
 * RFC 9110.  Redirects are followed here and not by libcurl, so that what may
 * follow them is decided in one place that can be read.
 */
#include "image/http.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "base/xalloc.h"
#include "config.h"

#define CONNECT_SECONDS 30L	/* to connect, the TLS handshake included */
#define STALL_SECONDS	60L	/* without ... */
#define STALL_BYTES	1L	/* ... this much a second: the peer is gone */
#define RECEIVE_BUFFER	(256L << 10)
#define TRUSTED_MAX	(8u << 20)	/* the system's list has some 200 KB */
#define IGNORED_MAX	(64u << 10)	/* of a body that nobody wants */
#define JOBS_MAX	16u
#define POLL_MS		1000

struct http_private {
	struct http	  *http;
	CURL		  *easy;
	struct curl_slist *headers;
	unsigned	   redirects;
	size_t		   error_len, ignored;
	bool		   cut;		/* ended by us: enough was ignored */
	char		   text[CURL_ERROR_SIZE];
};

struct http {
	const struct http_policy *policy;
	CURLM	  *one, *many;	/* two, so that a batch may ask in between */
	struct buf trusted;	/* PEM: the system's authorities and the user's */
};

/* The file's authorities count beside the system's, not instead: a registry of
 * one's own may keep its blobs in a public store.  libcurl takes one list, so
 * both are read into one. */
static int read_trusted(struct http *h, struct err *e)
{
	const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);
	const char *own = h->policy->ca_file;

	h->trusted.max = TRUSTED_MAX;
	if (!own)
		return 0;
	if (buf_read_file(&h->trusted, AT_FDCWD, own, e) < 0)
		return -1;
	if (!h->trusted.data || !strstr(h->trusted.data, "CERTIFICATE-----"))
		return err_set(e, ERR_INPUT, "'%s' has no certificate in PEM",
			       own);
	if (!v->cainfo || access(v->cainfo, R_OK) < 0)
		return 0;	/* a system without a list of its own */
	if (buf_append(&h->trusted, "\n", 1) < 0)
		return err_set(e, ERR_INPUT, "'%s' is larger than %u bytes", own,
			       TRUSTED_MAX);
	return buf_read_file(&h->trusted, AT_FDCWD, v->cainfo, e);
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

static size_t on_body(char *data, size_t one, size_t n, void *ctx)
{
	struct http_request *r = ctx;
	struct http_private *p = r->private;
	size_t len = one * n, room;
	long status = 0;

	curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status == 200)
		return r->body(r->ctx, data, len, &r->err) < 0 ? 0 : len;
	room = sizeof(r->error) - 1 - p->error_len;
	if (room > len)
		room = len;
	memcpy(r->error + p->error_len, data, room);
	p->error_len += room;
	r->error[p->error_len] = '\0';
	p->ignored += len;
	p->cut = p->ignored > IGNORED_MAX;
	return p->cut ? 0 : len;
}

static size_t on_header(char *line, size_t one, size_t n, void *ctx)
{
	static const char name[] = "www-authenticate:";
	struct http_request *r = ctx;
	size_t len = one * n;
	AUTO_FREE char *value = NULL;

	/* "HTTP/1.1 100 Continue" may come before the answer. */
	if (len >= 5 && strncmp(line, "HTTP/", 5) == 0)
		r->challenge.scheme = CHALLENGE_NONE;
	if (len < sizeof(name) || strncasecmp(line, name, strlen(name)) != 0)
		return len;
	value = xstrndup(line + strlen(name), len - strlen(name));
	value[strcspn(value, "\r\n")] = '\0';
	return challenge_parse(value, &r->challenge, &r->err) < 0 ? 0 : len;
}

static void add_header(struct http_private *p, const char *name,
		       const char *value)
{
	AUTO_SECRET char *line = xasprintf("%s: %s", name, value);
	struct curl_slist *list = curl_slist_append(p->headers, line);

	if (!list)
		oom();
	p->headers = list;
}

static void free_headers(struct http_private *p)
{
	for (struct curl_slist *h = p->headers; h; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(p->headers);
	p->headers = NULL;
}

/* Out of memory is the one way in which these fail. */
#define SET(easy, option, value) \
	do { \
		if (curl_easy_setopt(easy, option, value) != CURLE_OK) \
			oom(); \
	} while (0)

static void set_protocols(CURL *easy)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	SET(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

static void set_trust(struct http *h, CURL *easy)
{
	struct curl_blob pem = {
		.data = h->trusted.data,
		.len = h->trusted.len,
		.flags = CURL_BLOB_NOCOPY,
	};

	SET(easy, CURLOPT_SSL_VERIFYPEER, h->policy->tls_verify ? 1L : 0L);
	SET(easy, CURLOPT_SSL_VERIFYHOST, h->policy->tls_verify ? 2L : 0L);
	if (h->policy->ca_file)
		SET(easy, CURLOPT_CAINFO_BLOB, &pem);
}

static void set_policy(struct http *h, CURL *easy, const char *url)
{
	char host[HTTP_HOST_MAX];

	set_protocols(easy);
	SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
	SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(easy, CURLOPT_NOSIGNAL, 1L);
	SET(easy, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	SET(easy, CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES);
	SET(easy, CURLOPT_LOW_SPEED_TIME, STALL_SECONDS);
	SET(easy, CURLOPT_BUFFERSIZE, RECEIVE_BUFFER);
	SET(easy, CURLOPT_USERAGENT, "enclaver/" PACKAGE_VERSION);
	SET(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	set_trust(h, easy);
	/* As in Go's net/http: http_proxy is not for this machine itself. */
	if (ref_host_is_loopback(http_url_host(url, host)))
		SET(easy, CURLOPT_PROXY, "");
}

/* Makes r ready to be sent, for the first time or again. */
static void prepare(struct http *h, struct http_request *r)
{
	struct http_private *p = r->private;

	if (!p)
		p = r->private = xcalloc(1, sizeof(*p));
	p->http = h;
	if (!p->easy)
		p->easy = curl_easy_init();
	if (!p->easy)
		oom();
	curl_easy_reset(p->easy);
	free_headers(p);
	p->error_len = p->ignored = 0;
	p->cut = false;
	p->text[0] = '\0';
	r->status = 0;
	r->error[0] = '\0';
	r->media_type[0] = '\0';
	r->challenge.scheme = CHALLENGE_NONE;
	r->err.class = ERR_NONE;
	set_policy(h, p->easy, r->url);
	if (r->accept)
		add_header(p, "Accept", r->accept);
	if (r->authorization && *r->authorization && !r->moved)
		add_header(p, "Authorization", *r->authorization);
	SET(p->easy, CURLOPT_HTTPHEADER, p->headers);
	SET(p->easy, CURLOPT_URL, r->url);
	if (r->form)
		SET(p->easy, CURLOPT_POSTFIELDS, r->form);
	SET(p->easy, CURLOPT_WRITEFUNCTION, on_body);
	SET(p->easy, CURLOPT_WRITEDATA, r);
	SET(p->easy, CURLOPT_HEADERFUNCTION, on_header);
	SET(p->easy, CURLOPT_HEADERDATA, r);
	SET(p->easy, CURLOPT_ERRORBUFFER, p->text);
	SET(p->easy, CURLOPT_PRIVATE, r);
}

void http_request_release(struct http_request *r)
{
	if (r->private) {
		free_headers(r->private);
		curl_easy_cleanup(r->private->easy);
		free(r->private);
	}
	r->private = NULL;
	free(r->url);
	r->url = NULL;
}

static int fail(struct http_request *r, const char *what, const char *advice)
{
	char host[HTTP_HOST_MAX];

	r->failure = HTTP_FAILED;
	return err_set(&r->err, ERR_REMOTE, "%s '%s'%s%s%s%s", what,
		       http_url_host(r->url, host), *r->private->text ? ": " : "",
		       r->private->text, *advice ? ": " : "", advice);
}

static int no_answer(struct http_request *r, CURLcode code)
{
	struct http_private *p = r->private;

	r->failure = HTTP_FAILED;
	if (r->err.class != ERR_NONE)	/* a callback said what is wrong */
		return -1;
	if (!*p->text)
		snprintf(p->text, sizeof(p->text), "%s",
			 curl_easy_strerror(code));
	switch (code) {
	case CURLE_OUT_OF_MEMORY:
		oom();
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return fail(r, "cannot find", "check the name and the network");
	case CURLE_COULDNT_CONNECT:
		fail(r, "cannot connect to", "is it the right port, and is the registry running?");
		r->failure = HTTP_REFUSED;
		return -1;
	case CURLE_PEER_FAILED_VERIFICATION:
		return fail(r, "cannot trust the certificate of",
			    "name the authority that signed it with --ca-file");
	case CURLE_SSL_CACERT_BADFILE:
		return err_set(&r->err, ERR_INPUT,
			       "cannot use the authorities in '%s': %s",
			       p->http->policy->ca_file ?
				       p->http->policy->ca_file : "the system",
			       p->text);
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_UNSUPPORTED_PROTOCOL:	/* an answer that is not HTTP */
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
		fail(r, "cannot talk to",
		     code == CURLE_SSL_CONNECT_ERROR ?
			     "a registry that speaks plain HTTP takes --tls-verify=false" :
			     "");
		r->failure = HTTP_NO_TLS;
		return -1;
	default:
		return fail(r, "transfer failed from", "");
	}
}

static bool is_redirect(const struct http_request *r)
{
	return !r->form && (r->status == 301 || r->status == 302 ||
			    r->status == 303 || r->status == 307 ||
			    r->status == 308);
}

/* 0 when r is to be sent again to where the answer points. */
static int follow(struct http_request *r)
{
	struct http_private *p = r->private;
	const char *to = NULL;

	p->text[0] = '\0';
	curl_easy_getinfo(p->easy, CURLINFO_REDIRECT_URL, &to);
	if (!to)
		return fail(r, "redirect to nowhere from", "");
	if (++p->redirects > HTTP_REDIRECTS_MAX)
		return fail(r, "too many redirects, the last from", "");
	if (!http_url_ok(to, strncasecmp(r->url, "https://", 8) == 0))
		return fail(r, "refused redirect from",
			    "it does not lead to an https URL");
	if (!http_same_origin(r->url, to))
		r->moved = true;
	to = xstrdup(to);
	free(r->url);
	r->url = (char *)(uintptr_t)to;
	return 0;
}

/* 1: send it again, 0: it has ended, one way or the other. */
static int ended(struct http_request *r, CURLcode code)
{
	struct http_private *p = r->private;
	const char *type = NULL;

	curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &r->status);
	if (code != CURLE_OK && !(p->cut && code == CURLE_WRITE_ERROR)) {
		no_answer(r, code);
		return 0;
	}
	if (is_redirect(r))
		return follow(r) == 0;
	r->failure = HTTP_ANSWERED;
	curl_easy_getinfo(p->easy, CURLINFO_CONTENT_TYPE, &type);
	snprintf(r->media_type, sizeof(r->media_type), "%.*s",
		 type ? (int)strcspn(type, "; \t") : 0, type ? type : "");
	return 0;
}

struct active {			/* the transfers under way */
	CURLM		    *multi;
	struct http_request *request[JOBS_MAX];
	unsigned	     n;
};

static void start(struct http *h, struct active *a, struct http_request *r)
{
	prepare(h, r);
	if (curl_multi_add_handle(a->multi, r->private->easy) != CURLM_OK)
		oom();
	a->request[a->n++] = r;
}

static void stop(struct active *a, struct http_request *r)
{
	for (unsigned i = 0; i < a->n; i++) {
		if (a->request[i] != r)
			continue;
		a->request[i] = a->request[--a->n];
		curl_multi_remove_handle(a->multi, r->private->easy);
		return;
	}
}

/* What has ended is looked at, and perhaps sent again. */
static int reap(struct http *h, struct active *a, struct http_batch *b,
		struct err *e)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(a->multi, &left))) {
		struct http_request *r = NULL;
		CURLcode code = message->data.result;
		int again;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &r);
		stop(a, r);
		again = ended(r, code);
		if (again == 0) {
			again = b->done(b, r, e);
			if (again > 0)
				r->private->redirects = 0;
		}
		if (again < 0)
			return -1;
		if (again > 0)
			start(h, a, r);
	}
	return 0;
}

static int run(struct http *h, CURLM *multi, struct http_batch *b,
	       struct err *e)
{
	struct active a = { .multi = multi, .n = 0 };
	unsigned jobs = h->policy->jobs < JOBS_MAX ? h->policy->jobs : JOBS_MAX;
	struct http_request *r;
	int running, ret = 0;

	for (;;) {
		while (a.n < jobs && (r = b->next(b)))
			start(h, &a, r);
		if (a.n == 0)
			return 0;
		if (curl_multi_perform(multi, &running) != CURLM_OK)
			ret = err_set(e, ERR_SYS, "libcurl does not run");
		if (ret == 0)
			ret = reap(h, &a, b, e);
		if (ret < 0)
			break;
		if (running && curl_multi_poll(multi, NULL, 0, POLL_MS,
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
