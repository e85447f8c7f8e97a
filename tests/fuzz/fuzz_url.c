/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_url.c - two URLs, a line each: a redirect from one to the other
 */
#include <strings.h>

#include "fuzz.h"
#include "image/http.h"

/* "host" and "host:80" are one host. */
static bool same_host(const char *a, const char *b)
{
	size_t x = strlen(a), y = strlen(b), n = x < y ? x : y;

	return strncasecmp(a, b, n) == 0 && (a[n] == ':' || !a[n]) &&
	       (b[n] == ':' || !b[n]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_FREE char *from = fuzz_piece(&data, &len, '\n');
	AUTO_FREE char *to = fuzz_piece(&data, &len, '\n');
	AUTO_BUF struct buf b = BUF_INIT(3 * HTTP_URL_MAX);
	char host[HTTP_HOST_MAX], host_to[HTTP_HOST_MAX];
	bool same = http_same_origin(from, to);

	fuzz_must(same == http_same_origin(to, from));
	http_url_host(from, host);
	http_url_host(to, host_to);
	if (http_url_ok(from, false)) {
		fuzz_must(http_same_origin(from, from));
		http_escape(&b, from);
	}
	if (http_url_ok(to, true))
		fuzz_must(strncasecmp(to, "https://", 8) == 0);
	/* Authorization goes along then: never to another host. */
	if (same)
		fuzz_must(same_host(host, host_to));
	return 0;
}
