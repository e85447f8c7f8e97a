/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_url.c - taking URLs apart, by the parser that will also send them
 */
#include "image/http.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "base/xalloc.h"

/* The part of a URL, or NULL; curl_free() it. */
static char *url_part(const char *url, CURLUPart part, unsigned flags)
{
	CURLU *u = curl_url();
	char *out = NULL;

	if (!u)
		oom();
	if (curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
	    curl_url_get(u, part, &out, flags) != CURLUE_OK)
		out = NULL;
	curl_url_cleanup(u);
	return out;
}

static void curl_freep(char **s)
{
	curl_free(*s);
}
#define AUTO_CURL AUTO(curl_freep)

static bool same_part(const char *a, const char *b, CURLUPart part)
{
	AUTO_CURL char *x = url_part(a, part, CURLU_DEFAULT_PORT);
	AUTO_CURL char *y = url_part(b, part, CURLU_DEFAULT_PORT);

	return x && y && strcasecmp(x, y) == 0;
}

/* RFC 6454: scheme, host and port. */
bool http_same_origin(const char *a, const char *b)
{
	return same_part(a, b, CURLUPART_SCHEME) &&
	       same_part(a, b, CURLUPART_HOST) &&
	       same_part(a, b, CURLUPART_PORT);
}

bool http_url_ok(const char *url, bool need_https)
{
	AUTO_CURL char *host = NULL, *user = NULL, *password = NULL;

	if (strlen(url) > HTTP_URL_MAX ||
	    (strncasecmp(url, "https://", 8) != 0 &&
	     (need_https || strncasecmp(url, "http://", 7) != 0)))
		return false;
	host = url_part(url, CURLUPART_HOST, 0);
	user = url_part(url, CURLUPART_USER, 0);
	password = url_part(url, CURLUPART_PASSWORD, 0);
	return host && *host && !user && !password;
}

char *http_resolve(const char *base, const char *location)
{
	bool from_https = strncasecmp(base, "https://", 8) == 0;
	AUTO_CURL char *full = NULL;
	CURLU *u = curl_url();

	if (!u)
		oom();
	/* A relative reference is read as one to the URL that is there. */
	if (curl_url_set(u, CURLUPART_URL, base, 0) != CURLUE_OK ||
	    curl_url_set(u, CURLUPART_URL, location, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_URL, &full, 0) != CURLUE_OK)
		full = NULL;
	curl_url_cleanup(u);
	return full && http_url_ok(full, from_https) ? xstrdup(full) : NULL;
}

void http_escape(struct buf *b, const char *s)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

	for (; *s; s++) {
		if (strchr(plain, *s))
			buf_addc(b, *s);
		else
			buf_addf(b, "%%%02X", (unsigned char)*s);
	}
}

const char *http_url_host(const char *url, char out[HTTP_HOST_MAX])
{
	AUTO_CURL char *host = url_part(url, CURLUPART_HOST, 0);
	AUTO_CURL char *port = url_part(url, CURLUPART_PORT, 0);

	snprintf(out, HTTP_HOST_MAX, "%s%s%s", host ? host : "?",
		 port ? ":" : "", port ? port : "");
	return out;
}
