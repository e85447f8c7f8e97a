/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sigv4.c - AWS Signature Version 4: the canonical request, and signing it
 */
#include "enclave/sigv4.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/clock.h"
#include "base/xalloc.h"

#define ALGORITHM "AWS4-HMAC-SHA256"

void sigv4_date(int64_t seconds, char out[SIGV4_DATE])
{
	char text[CLOCK_TEXT];
	size_t n = 0;

	clock_format(seconds, text);
	for (const char *s = text; *s && n < SIGV4_DATE - 1; s++)
		if (*s != '-' && *s != ':')
			out[n++] = *s;
	out[n] = '\0';
}

static bool is_unreserved(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || (c && strchr("-._~", c));
}

/* UriEncode(): keep stays as it is ('/' in a path), or is NUL. */
static int put_encoded(struct buf *out, const char *text, size_t len,
		       char keep)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		char coded[] = { '%', hex[(unsigned char)c >> 4],
				 hex[c & 15] };
		bool plain = is_unreserved(c) || (keep && c == keep);

		if (buf_append(out, plain ? &c : coded, plain ? 1 : 3) < 0)
			return -1;
	}
	return 0;
}

/* Takes "." and ".." and empty segments out (RFC 3986 section 5.2.4); what
 * ends in a slash still does. */
static char *normalise(const char *path)
{
	char *out = xmalloc(strlen(path) + 2);
	size_t n = 0;
	bool slash = true;	/* at the end of what was read */

	while (*path) {
		size_t len = strcspn(path, "/");

		slash = true;
		if (len == 2 && memcmp(path, "..", 2) == 0) {
			while (n > 0 && out[--n] != '/')
				;
		} else if (len > 0 && !(len == 1 && *path == '.')) {
			out[n++] = '/';
			memcpy(out + n, path, len);
			n += len;
			slash = false;
		}
		path += len;
		if (*path == '/') {
			path++;
			slash = true;
		}
	}
	if (slash || n == 0)
		out[n++] = '/';
	out[n] = '\0';
	return out;
}

static int put_path(struct buf *out, const char *path)
{
	AUTO_FREE char *normal = normalise(path);

	return put_encoded(out, normal, strlen(normal), '/');
}

/* A name and its value, both in their encoded form. */
struct pair {
	char *name, *value;
};

struct pairs {
	struct pair *items;
	size_t n;
};

static void release_pairs(struct pairs *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->items[i].name);
		free(p->items[i].value);
	}
	free(p->items);
}

static int compare_pairs(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : strcmp(x->value, y->value);
}

/* Decodes what is encoded already, and encodes all that must be. */
static char *encode_again(const char *text, size_t len)
{
	AUTO_FREE char *plain = xmalloc(len + 1);
	AUTO_BUF struct buf out = BUF_INIT(3 * len + 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		uint8_t byte;

		if (text[i] == '%' && len - i >= 3 &&
		    hex_decode(text + i + 1, 2, &byte, 1) == 0) {
			plain[n++] = (char)byte;
			i += 2;
		} else {
			plain[n++] = text[i];
		}
	}
	if (put_encoded(&out, plain, n, '\0') < 0)
		oom();		/* the ceiling is what it can take at most */
	return buf_steal(&out);
}

static int split_query(const char *query, struct pairs *p, struct err *e)
{
	p->items = xcalloc(SIGV4_PARAMS_MAX, sizeof(*p->items));
	while (*query) {
		size_t len = strcspn(query, "&");
		size_t name = strcspn(query, "=&");

		if (len > 0 && p->n == SIGV4_PARAMS_MAX)
			return err_set(e, ERR_INPUT,
				       "more than %u parameters in a query",
				       SIGV4_PARAMS_MAX);
		if (len > 0) {
			struct pair *q = &p->items[p->n++];
			size_t value = name + (name < len);

			q->name = encode_again(query, name);
			q->value = encode_again(query + value, len - value);
		}
		query += len;
		query += *query == '&';
	}
	qsort(p->items, p->n, sizeof(*p->items), compare_pairs);
	return 0;
}

static int put_query(struct buf *out, const char *query, struct err *e)
{
	AUTO(release_pairs) struct pairs p = { 0 };

	if (split_query(query, &p, e) < 0)
		return -1;
	for (size_t i = 0; i < p.n; i++) {
		AUTO_FREE char *text = xasprintf("%s%s=%s", i ? "&" : "",
						 p.items[i].name,
						 p.items[i].value);

		if (buf_append(out, text, strlen(text)) < 0)
			return err_set(e, ERR_INPUT,
				       "the query is too long to sign");
	}
	return 0;
}

/* Lower case; and without blanks at the ends, each run of them one. */
static struct pair canonical_header(const struct sigv4_header *h)
{
	struct pair p = { xstrdup(h->name), xmalloc(strlen(h->value) + 1) };
	size_t n = 0;

	for (char *c = p.name; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c + 32);
	for (const char *c = h->value; *c; c++) {
		bool blank = isspace((unsigned char)*c);

		if (!blank)
			p.value[n++] = *c;
		else if (n > 0 && p.value[n - 1] != ' ')
			p.value[n++] = ' ';
	}
	n -= n > 0 && p.value[n - 1] == ' ';
	p.value[n] = '\0';
	return p;
}

/* By name; those of one name stay in their order (few: insertion). */
static int sort_headers(const struct sigv4_request *r, struct pairs *p,
			struct err *e)
{
	if (r->n_headers > SIGV4_HEADERS_MAX)
		return err_set(e, ERR_INPUT, "more than %u headers to sign",
			       SIGV4_HEADERS_MAX);
	p->items = xcalloc(SIGV4_HEADERS_MAX, sizeof(*p->items));
	for (size_t i = 0; i < r->n_headers; i++) {
		struct pair h = canonical_header(&r->headers[i]);
		size_t at = p->n++;

		for (; at > 0 && strcmp(p->items[at - 1].name, h.name) > 0;
		     at--)
			p->items[at] = p->items[at - 1];
		p->items[at] = h;
	}
	return 0;
}

static int add(struct buf *out, const char *text)
{
	return buf_append(out, text, strlen(text));
}

static bool same_as_last(const struct pairs *p, size_t i)
{
	return i > 0 && strcmp(p->items[i - 1].name, p->items[i].name) == 0;
}

/* "name:value,value\n" each. */
static int put_headers(struct buf *out, const struct pairs *p)
{
	for (size_t i = 0; i < p->n; i++) {
		bool more = same_as_last(p, i);

		if (!more && i > 0 && add(out, "\n") < 0)
			return -1;
		if ((more ? add(out, ",") :
			    (add(out, p->items[i].name) | add(out, ":"))) < 0 ||
		    add(out, p->items[i].value) < 0)
			return -1;
	}
	return p->n ? add(out, "\n") : 0;
}

static int put_names(struct buf *out, const struct pairs *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (!same_as_last(p, i) && ((i > 0 && add(out, ";") < 0) ||
					    add(out, p->items[i].name) < 0))
			return -1;
	return 0;
}

static int canonical(const struct sigv4_request *r, const struct pairs *p,
		     struct buf *out, struct err *e)
{
	if (add(out, r->method) < 0 || add(out, "\n") < 0 ||
	    put_path(out, r->path) < 0 || add(out, "\n") < 0)
		return err_set(e, ERR_INPUT, "the path is too long to sign");
	if (put_query(out, r->query, e) < 0)
		return -1;
	if (add(out, "\n") < 0 || put_headers(out, p) < 0 ||
	    add(out, "\n") < 0 || put_names(out, p) < 0 ||
	    add(out, "\n") < 0 || add(out, r->body_sha256) < 0)
		return err_set(e, ERR_INPUT,
			       "the headers are too long to sign");
	return 0;
}

int sigv4_canonical(const struct sigv4_request *r, struct buf *out,
		    struct err *e)
{
	AUTO(release_pairs) struct pairs p = { 0 };

	if (sort_headers(r, &p, e) < 0)
		return -1;
	return canonical(r, &p, out, e);
}

static void hmac(uint8_t key[SHA256_LEN], size_t key_len, const void *text,
		 size_t len)
{
	if (!HMAC(EVP_sha256(), key, (int)key_len, text, len, key, NULL))
		oom();
}

/* The key of the day, the region and the service, then the signature, all in
 * the same 32 bytes. */
static void sign(const struct sigv4_key *key, const char *day,
		 const char *text, char hex[SHA256_HEX])
{
	AUTO_FREE char *first = xasprintf("AWS4%s", key->secret);
	uint8_t step[SHA256_LEN];

	if (!HMAC(EVP_sha256(), first, (int)strlen(first),
		  (const uint8_t *)day, 8, step, NULL))
		oom();
	explicit_bzero(first, strlen(first));
	hmac(step, sizeof(step), key->region, strlen(key->region));
	hmac(step, sizeof(step), key->service, strlen(key->service));
	hmac(step, sizeof(step), "aws4_request", 12);
	hmac(step, sizeof(step), text, strlen(text));
	hex_encode(step, sizeof(step), hex);
	explicit_bzero(step, sizeof(step));
}

int sigv4_authorization(const struct sigv4_request *r,
			const struct sigv4_key *key,
			const char date[SIGV4_DATE], struct buf *out,
			struct err *e)
{
	AUTO(release_pairs) struct pairs p = { 0 };
	AUTO_BUF struct buf text = BUF_INIT(SIGV4_TEXT_MAX);
	AUTO_BUF struct buf names = BUF_INIT(SIGV4_TEXT_MAX);
	AUTO_FREE char *scope = xasprintf("%.8s/%s/%s/aws4_request", date,
					  key->region, key->service);
	AUTO_FREE char *to_sign = NULL, *value = NULL;
	char hash[SHA256_HEX], signature[SHA256_HEX];

	if (sort_headers(r, &p, e) < 0 || canonical(r, &p, &text, e) < 0)
		return -1;
	sha256_hex(text.data, text.len, hash);
	to_sign = xasprintf(ALGORITHM "\n%s\n%s\n%s", date, scope, hash);
	sign(key, date, to_sign, signature);
	if (put_names(&names, &p) < 0)
		return err_set(e, ERR_INPUT,
			       "the headers are too long to sign");
	value = xasprintf(ALGORITHM " Credential=%s/%s, SignedHeaders=%s, "
			  "Signature=%s", key->key_id, scope, names.data,
			  signature);
	if (buf_append(out, value, strlen(value)) < 0)
		return err_set(e, ERR_INPUT,
			       "the headers are too long to sign");
	return 0;
}
