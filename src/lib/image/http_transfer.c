/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_transfer.c - one transfer over HTTP or HTTPS by libcurl
 *
 * RFC 9110.  Redirects are followed here and not by libcurl, so that what may
 * follow them is decided in one place that can be read.
 */
#include "image/http_parts.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/xalloc.h"
#include "config.h"

#define CONNECT_SECONDS 30L	/* to connect, the TLS handshake included */
#define STALL_SECONDS	60L	/* without ... */
#define STALL_BYTES	1L	/* ... this much a second: the peer is gone */
#define DIGEST_SECONDS	600L	/* the same for one that got a body, and may be
				 * busy with it before it answers */
#define DAEMON_SECONDS	1800L	/* docker save and load gather all of an image
				 * before they say a word */
#define RECEIVE_BUFFER	(256L << 10)
#define SEND_BUFFER	(256L << 10)
#define PAUSE_MS	500u	/* before the first of the tries that follow */
#define IGNORED_MAX	(64u << 10)	/* of a body that nobody wants */

static size_t on_body(char *data, size_t one, size_t n, void *ctx)
{
	struct http_request *r = ctx;
	struct http_private *p = r->private;
	size_t len = one * n, room;
	long status = 0;

	curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status == 200 && r->body)
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

/* The next piece of what we send. */
static size_t on_upload(char *data, size_t one, size_t n, void *ctx)
{
	struct http_request *r = ctx;
	struct http_private *p = r->private;
	uint64_t size = r->upload->size, left = size - p->sent;
	size_t len = one * n;
	ssize_t got;

	if (len > left)
		len = (size_t)left;
	if (len == 0)
		return 0;
	got = r->upload->read(r->upload->ctx, p->sent, data, len, &r->err);
	if (got == HTTP_LATER)
		return CURL_READFUNC_PAUSE;
	if (got < 0)
		return CURL_READFUNC_ABORT;
	if (got == 0 && size != HTTP_SIZE_UNKNOWN) {
		err_set(&r->err, ERR_INPUT,
			"what is sent ended after %ju bytes of %ju",
			(uintmax_t)p->sent, (uintmax_t)size);
		return CURL_READFUNC_ABORT;
	}
	p->sent += (uint64_t)got;
	return (size_t)got;
}

/* libcurl sends again, when a connection that it kept turns out to be dead. */
static int on_rewind(void *ctx, curl_off_t offset, int origin)
{
	struct http_request *r = ctx;

	if (origin != SEEK_SET || offset < 0)
		return CURL_SEEKFUNC_CANTSEEK;
	r->private->sent = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

static void forget_fields(struct http_request *r)
{
	r->challenge.scheme = CHALLENGE_NONE;
	for (int i = 0; i < HTTP_FIELDS; i++) {
		free(r->field[i]);
		r->field[i] = NULL;
	}
}

/* The value of a header's line when it is the field of that name, else NULL.
 * Returns new, caller frees. */
static char *field_value(const char *line, size_t len, const char *name)
{
	size_t n = strlen(name);
	char *value;

	if (len <= n || strncasecmp(line, name, n) != 0 || line[n] != ':')
		return NULL;
	for (n++; n < len && (line[n] == ' ' || line[n] == '\t'); n++)
		;
	value = xstrndup(line + n, len - n);
	value[strcspn(value, "\r\n")] = '\0';
	return value;
}

static size_t on_header(char *line, size_t one, size_t n, void *ctx)
{
	static const char *const names[HTTP_FIELDS] = {
		[HTTP_LOCATION] = "Location",
		[HTTP_RANGE] = "Range",
		[HTTP_CONTENT_DIGEST] = "Docker-Content-Digest",
		[HTTP_CHUNK_MIN] = "OCI-Chunk-Min-Length",
	};
	struct http_request *r = ctx;
	size_t len = one * n;
	AUTO_FREE char *challenge = field_value(line, len, "WWW-Authenticate");

	/* "HTTP/1.1 100 Continue" may come before the answer. */
	if (len >= 5 && strncmp(line, "HTTP/", 5) == 0)
		forget_fields(r);
	for (int i = 0; i < HTTP_FIELDS; i++) {
		char *value = field_value(line, len, names[i]);

		if (!value)
			continue;
		free(r->field[i]);
		r->field[i] = value;
	}
	if (challenge && challenge_parse(challenge, &r->challenge, &r->err) < 0)
		return 0;
	return len;
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
	else if (http_system_list())
		SET(easy, CURLOPT_CAINFO, http_system_list());
	if (http_system_folders())
		SET(easy, CURLOPT_CAPATH, http_system_folders());
	if (h->policy->cert_file)
		SET(easy, CURLOPT_SSLCERT, h->policy->cert_file);
	if (h->policy->key_file)
		SET(easy, CURLOPT_SSLKEY, h->policy->key_file);
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
	SET(easy, CURLOPT_LOW_SPEED_TIME,
	    h->policy->daemon ? DAEMON_SECONDS : STALL_SECONDS);
	SET(easy, CURLOPT_BUFFERSIZE, RECEIVE_BUFFER);
	SET(easy, CURLOPT_USERAGENT, "enclaver/" PACKAGE_VERSION);
	SET(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	set_trust(h, easy);
	if (h->policy->socket)
		SET(easy, CURLOPT_UNIX_SOCKET_PATH, h->policy->socket);
	/* As in Go's net/http: http_proxy is not for this machine itself. */
	if (ref_host_is_loopback(http_url_host(url, host)))
		SET(easy, CURLOPT_PROXY, "");
}

static void set_upload(struct http_request *r, CURL *easy)
{
	const struct http_upload *u = r->upload;

	SET(easy, CURLOPT_UPLOAD, 1L);
	SET(easy, CURLOPT_UPLOAD_BUFFERSIZE, SEND_BUFFER);
	SET(easy, CURLOPT_INFILESIZE_LARGE,
	    u->size == HTTP_SIZE_UNKNOWN ? (curl_off_t)-1 : (curl_off_t)u->size);
	SET(easy, CURLOPT_READFUNCTION, on_upload);
	SET(easy, CURLOPT_READDATA, r);
	SET(easy, CURLOPT_SEEKFUNCTION, on_rewind);
	SET(easy, CURLOPT_SEEKDATA, r);
	if (!r->private->http->policy->daemon)
		SET(easy, CURLOPT_LOW_SPEED_TIME, DIGEST_SECONDS);
	if (u->type)
		add_header(r->private, "Content-Type", u->type);
	if (u->range)
		add_header(r->private, "Content-Range", u->range);
}

static void set_method(struct http_request *r, CURL *easy)
{
	static const char *const names[] = {
		[HTTP_POST] = "POST",
		[HTTP_PUT] = "PUT",
		[HTTP_PATCH] = "PATCH",
	};

	if (r->form) {
		SET(easy, CURLOPT_POSTFIELDS, r->form);
		return;
	}
	if (r->method == HTTP_HEAD)
		SET(easy, CURLOPT_NOBODY, 1L);
	if (r->method == HTTP_GET || r->method == HTTP_HEAD)
		return;
	if (r->upload) {
		set_upload(r, easy);
	} else {
		SET(easy, CURLOPT_POSTFIELDS, "");
		add_header(r->private, "Content-Type", "");	/* not a form's */
	}
	SET(easy, CURLOPT_CUSTOMREQUEST, names[r->method]);
}

/* Nothing is left of an answer that came before. */
static void forget_answer(struct http_request *r)
{
	struct http_private *p = r->private;

	free_headers(p);
	p->sent = 0;
	p->error_len = p->ignored = 0;
	p->cut = p->broke = false;
	p->text[0] = '\0';
	r->status = 0;
	r->error[0] = '\0';
	r->media_type[0] = '\0';
	r->err.class = ERR_NONE;
	forget_fields(r);
}

void http_prepare(struct http *h, struct http_request *r)
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
	forget_answer(r);
	set_policy(h, p->easy, r->url);
	set_method(r, p->easy);
	if (r->accept)
		add_header(p, "Accept", r->accept);
	if (r->authorization && *r->authorization && !r->moved)
		add_header(p, "Authorization", *r->authorization);
	SET(p->easy, CURLOPT_HTTPHEADER, p->headers);
	SET(p->easy, CURLOPT_URL, r->url);
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
		forget_fields(r);
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
			    p->http->policy->daemon ?
				    "is the ca.pem of the context, or in DOCKER_CERT_PATH, the right one?" :
				    "name the authority that signed it with --ca-file");
	case CURLE_SSL_CACERT_BADFILE:
		return err_set(&r->err, ERR_INPUT,
			       "cannot use the authorities in '%s': %s",
			       p->http->policy->ca_file ?
				       p->http->policy->ca_file :
				       http_system_list() ?
				       http_system_list() : "the system",
			       p->text);
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_UNSUPPORTED_PROTOCOL:	/* an answer that is not HTTP */
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
		fail(r, "cannot talk to",
		     code != CURLE_SSL_CONNECT_ERROR ? "" :
		     p->http->policy->daemon ?
			     "a daemon that speaks plain HTTP takes no DOCKER_TLS_VERIFY" :
			     "a registry that speaks plain HTTP takes --tls-verify=false");
		r->failure = HTTP_NO_TLS;
		return -1;
	default:
		return fail(r, "transfer failed from", "");
	}
}

static bool is_redirect(const struct http_request *r)
{
	if (r->form)
		return false;
	if (r->status == 307 || r->status == 308)
		return true;
	return (r->method == HTTP_GET || r->method == HTTP_HEAD) &&
	       r->status >= 301 && r->status <= 303;
}

/* 0 when r is to be sent again to where the answer points. */
static int follow(struct http_request *r)
{
	struct http_private *p = r->private;
	const char *location = r->field[HTTP_LOCATION];
	char *to;

	p->text[0] = '\0';
	if (!location)
		return fail(r, "redirect to nowhere from", "");
	if (++p->redirects > HTTP_REDIRECTS_MAX)
		return fail(r, "too many redirects, the last from", "");
	to = http_resolve(r->url, location);
	if (!to)
		return fail(r, "refused redirect from",
			    "it does not lead to an https URL");
	if (!http_same_origin(r->url, to))
		r->moved = true;
	free(r->url);
	r->url = to;
	return 0;
}

/* What came of a connection, or did not, when it broke. */
static bool breaks(CURLcode code)
{
	return code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR ||
	       code == CURLE_GOT_NOTHING || code == CURLE_PARTIAL_FILE ||
	       code == CURLE_OPERATION_TIMEDOUT;
}

static bool passes(const struct http_request *r)
{
	if (r->failure != HTTP_ANSWERED)
		return r->private->broke;
	return r->status == 408 || r->status == 429 || r->status == 500 ||
	       (r->status >= 502 && r->status <= 504);
}

bool http_again(struct http_request *r)
{
	curl_off_t seconds = 0;

	if (!passes(r) || r->tries == HTTP_TRIES_MAX)
		return false;
	curl_easy_getinfo(r->private->easy, CURLINFO_RETRY_AFTER, &seconds);
	if (seconds > HTTP_PAUSE_MAX)
		return false;
	r->wait = seconds > 0 ? (unsigned)seconds * 1000 :
				PAUSE_MS << r->tries;
	r->tries++;
	return true;
}

int http_ended(struct http_request *r, CURLcode code)
{
	struct http_private *p = r->private;
	const char *type = NULL;

	curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &r->status);
	if (code != CURLE_OK && !(p->cut && code == CURLE_WRITE_ERROR)) {
		p->broke = r->err.class == ERR_NONE && breaks(code);
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
