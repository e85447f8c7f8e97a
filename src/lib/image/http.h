/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h - transfers over HTTP and HTTPS, one or many at once
 *
 * The one place (http*.c) that knows libcurl.  What holds for every transfer:
 *  - http and https only; from https a redirect goes to https alone;
 *  - Authorization goes to the host, scheme and port it was made for, and to
 *    no other that a redirect names;
 *  - GET and HEAD follow redirects; what sends a body follows 307 and 308
 *    alone, with its method and body (RFC 9110 section 15.4), and a form,
 *    which has secrets in it, none;
 *  - the body of an answer other than 200 goes to nobody's sink;
 *  - the bytes come as they are: no Content-Encoding is asked for or undone,
 *    because they are about to be hashed;
 *  - no limit on the whole time, one on the time without progress.
 */
#ifndef ENC_HTTP_H
#define ENC_HTTP_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/sandbox.h"
#include "image/auth.h"
#include "image/oci.h"

#define HTTP_REDIRECTS_MAX 5		/* what registries need is one or two */
#define HTTP_URL_MAX	   (16u << 10)	/* signed URLs of object stores are long */
#define HTTP_HOST_MAX	   300	/* 253 of a name and a port */
#define HTTP_TRIES_MAX	   3	/* after the first */
#define HTTP_PAUSE_MAX	   60	/* seconds, of a Retry-After */
#define HTTP_ERROR_MAX	   (4u << 10)	/* of an error's body, for its message */

struct http_policy {	/* borrowed */
	bool	    tls_verify;
	const char *ca_file;	/* PEM, to trust beside the system's; NULL */
	const char *cert_file;	/* PEM, to show as the client; NULL */
	const char *key_file;	/* PEM, of cert_file */
	bool	    daemon;	/* the peer is docker's daemon, not a registry:
				 * how long it may be silent, what to advise */
	unsigned    jobs;	/* most transfers at once */
	const char *socket;	/* path of a UNIX socket to connect to, whatever
				 * the URL's host; NULL */
};

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_PATCH };

/* A piece of the body; a failure (e filled in) ends the transfer with it. */
typedef int http_body_fn(void *ctx, const void *data, size_t len,
			 struct err *e);

#define HTTP_SIZE_UNKNOWN UINT64_MAX
#define HTTP_LATER	  (-2)

/* The body of a request, which is pulled. */
struct http_upload {
	/* Up to len bytes (not 0) from offset on into data; how many came,
	 * HTTP_LATER when there is nothing yet (http_feed.c), 0 at the end,
	 * which of a known size comes not before it.  offset continues, until
	 * the request has to be sent again: then it is 0 once more, and who
	 * cannot go back fails. */
	ssize_t (*read)(void *ctx, uint64_t offset, void *data, size_t len,
			struct err *e);
	void	   *ctx;
	uint64_t    size;	/* HTTP_SIZE_UNKNOWN: Transfer-Encoding chunked */
	const char *type;	/* Content-Type */
	const char *range;	/* Content-Range, or NULL */
};

enum http_field {		/* what uploads must know of an answer */
	HTTP_LOCATION,		/* as it came, perhaps relative: http_resolve() */
	HTTP_RANGE,
	HTTP_CONTENT_DIGEST,	/* Docker-Content-Digest */
	HTTP_CHUNK_MIN,		/* OCI-Chunk-Min-Length */
	HTTP_FIELDS,
};

enum http_failure {	/* why there is no answer */
	HTTP_ANSWERED,	/* there is one: see status */
	HTTP_NO_TLS,	/* what listens there does not speak TLS (or HTTP) */
	HTTP_REFUSED,	/* nothing listens */
	HTTP_FAILED,	/* anything else */
};

struct http_request {
	char	     *url;		/* owned; the last one after redirects */
	const char   *accept;		/* value of the header, or NULL */
	char *const  *authorization;	/* where the header's value stands, which
					 * may change during the run; or NULL */
	enum http_method method;
	const char   *form;		/* POST this urlencoded text, or NULL */
	const struct http_upload *upload;	/* what POST, PUT or PATCH send,
					 * or NULL: nothing */
	http_body_fn *body;		/* NULL: nobody wants it */
	void	     *ctx;
	/* the answer */
	enum http_failure failure;
	long	     status;
	char	     media_type[MEDIA_TYPE_MAX];	/* "" when not given */
	struct challenge challenge;
	char	     *field[HTTP_FIELDS];	/* owned; NULL when not given */
	char	     error[HTTP_ERROR_MAX];	/* begin of an error's body */
	bool	     moved;	/* a redirect led to another host */
	struct err   err;	/* when there is no answer */
	unsigned     tries;	/* see http_again() */
	unsigned     wait;	/* milliseconds before it is sent */
	struct http_private *private;
};

void http_request_release(struct http_request *r);

struct http;

/* New client; keeps connections between requests.  policy is borrowed. */
struct http *http_new(const struct http_policy *policy, struct err *e)
	MUST_CHECK;
void http_free(struct http *h);

/* What a client needs of the system once it is made: sockets, and the files by
 * which names are resolved and certificates judged. */
void http_needs(struct sandbox *s);

/* One request.  0 when there was an answer, whatever its status. */
int http_run(struct http *h, struct http_request *r, struct err *e) MUST_CHECK;

/* Many requests, policy->jobs at once, in one thread. */
struct http_batch {
	/* The next request to start, or NULL when there is none (any more). */
	struct http_request *(*next)(struct http_batch *b);
	/* This one has its answer (or r->failure): 0 done with it, 1 to send
	 * it again as it is now, -1 to end the batch.  May use http_run(). */
	int (*done)(struct http_batch *b, struct http_request *r,
		    struct err *e);
};
int http_run_batch(struct http *h, struct http_batch *b, struct err *e)
	MUST_CHECK;

/* One request whose body is written piece by piece.  r is borrowed, its method
 * takes a body and its upload is the feed's; type is the body's Content-Type. */
struct http_feed;
struct http_feed *http_feed_new(struct http *h, struct http_request *r,
				const char *type);
/* Returns when all of it is sent, or on the way.  Fails when the answer (then
 * r->status is not 0) or the end of the connection came first. */
int http_feed_write(struct http_feed *f, const void *data, size_t len,
		    struct err *e) MUST_CHECK;
/* That was all: 0 when there was an answer, whatever its status. */
int http_feed_end(struct http_feed *f, struct err *e) MUST_CHECK;
/* Ends a transfer that has not ended: the other side sees a body broken off. */
void http_feed_free(struct http_feed *f);

/* Where a Location leads that came as the answer to a request to base (RFC 3986
 * section 5).  New URL, or NULL when it is none that http_url_ok() takes; from
 * https it leads to https alone. */
char *http_resolve(const char *base, const char *location);

/* Did r end in what passes: a connection that broke, or an answer 408, 429,
 * 500, 502, 503 or 504?  true when it is worth another try, for which done()
 * returns 1, or http_run() is called again.  It is sent after what Retry-After
 * says, or half a second, twice as long each time; after HTTP_TRIES_MAX, or when
 * the peer wants a longer pause than HTTP_PAUSE_MAX, the answer is false.  What
 * the sink got of a body has to be forgotten. */
bool http_again(struct http_request *r);

/* Appends s with all but unreserved characters as %XX (RFC 3986 section 2). */
void http_escape(struct buf *b, const char *s);

/* Is this an absolute http or https URL without user or password, no longer
 * than HTTP_URL_MAX? */
bool http_url_ok(const char *url, bool need_https);

/* Have both the same scheme, host and port (RFC 6454)? */
bool http_same_origin(const char *a, const char *b);

/* "host[:port]" as it stands in the URL, in out; "?" when there is none.  What
 * messages name: a URL's query may be a signed permission. */
const char *http_url_host(const char *url, char out[HTTP_HOST_MAX]);

#endif
