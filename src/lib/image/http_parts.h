/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_parts.h - between http.c, which runs transfers, and http_transfer.c,
 * which is one of them
 */
#ifndef ENC_HTTP_PARTS_H
#define ENC_HTTP_PARTS_H

#include <curl/curl.h>

#include "image/http.h"

struct http {
	const struct http_policy *policy;
	CURLM	  *one, *many;	/* two, so that a batch may ask in between */
	struct buf trusted;	/* PEM: the system's authorities and the user's */
};

struct http_private {
	struct http	  *http;
	CURL		  *easy;
	struct curl_slist *headers;
	unsigned	   redirects;
	uint64_t	   sent;	/* of the body: the next offset */
	size_t		   error_len, ignored;
	uint64_t	   due;		/* when it is sent; 0: it was */
	bool		   broke;	/* a connection that was there did */
	bool		   cut;		/* ended by us: enough was ignored */
	char		   text[CURL_ERROR_SIZE];
};

/* The system's authorities: a PEM file, and folders with a colon between that
 * OpenSSL's c_rehash(1) has made.  $SSL_CERT_FILE and $SSL_CERT_DIR say others.
 * NULL: libcurl was built without. */
const char *http_system_list(void);
const char *http_system_folders(void);

/* Makes r->private->easy ready to be sent, for the first time or again. */
void http_prepare(struct http *h, struct http_request *r);

/* libcurl is done with r.  1: it is to be sent again, to where a redirect
 * leads; 0: it has its answer, or its failure. */
int http_ended(struct http_request *r, CURLcode code);

#endif
