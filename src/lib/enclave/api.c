/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api.c - the API that odyn gives the application: what is answered
 *
 * Trust: on the auxiliary port anybody may ask; the application is no enemy but
 * makes mistakes, and is told which.
 */
#include "enclave/api.h"

#include <string.h>

#include "base/base64.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "config.h"
#include "enclave/keypair.h"
#include "enclave/nsm.h"

#define CBOR "application/cbor"
#define JSON "application/json"

/* One request on its way. */
struct call {
	enum api_port port;
	struct http1_text path, query;	/* of the target */
	const char *body;
	size_t len;
	int nsm;
	unsigned pcr;			/* from the path */
	struct api_reply *reply;
};

void api_reply_release(struct api_reply *r)
{
	buf_wipe(&r->body);
}

static void say(struct api_reply *r, unsigned status, const char *sentence)
{
	r->status = status;
	buf_adds(&r->body, sentence);
	buf_addc(&r->body, '\n');
}

/* The status that an error means to the caller. */
static void say_error(struct api_reply *r, const struct err *e)
{
	say(r, e->class == ERR_INPUT ? 400 : e->class == ERR_NO ? 409 : 503,
	    e->msg);
}

static void say_json(struct api_reply *r, const json_t *j)
{
	AUTO_FREE char *text = json_text(j);

	r->status = 200;
	r->type = JSON;
	buf_adds(&r->body, text);
	buf_addc(&r->body, '\n');
}

/* The body as an object; none at all is an empty one. */
static json_t *parse_body(const struct call *c, struct err *e)
{
	if (c->len == 0)
		return json_object();
	return json_parse_object(c->body, c->len, "body", e);
}

/* A member in base64 of at most max bytes.  Absent or null: NULL and 0. */
static int take_base64(const json_t *j, const char *name, size_t max,
		       uint8_t **data, size_t *len, struct err *e)
{
	const json_t *value = json_object_get(j, name);
	const char *text = json_string_value(value);

	if (!value || json_is_null(value))
		return 0;
	if (text)
		*data = base64_decode(text, strlen(text), len);
	if (!*data)
		return err_set(e, ERR_INPUT, "'%s' must be a string in base64",
			       name);
	if (*len > max)
		return err_set(e, ERR_INPUT,
			       "'%s' has %zu bytes, and the NSM takes %zu at most",
			       name, *len, max);
	return 0;
}

static int take_public_key(const json_t *j, struct buf *der, struct err *e)
{
	const json_t *value = json_object_get(j, "public_key");
	const char *pem = json_string_value(value);

	if (!value || json_is_null(value))
		return 0;
	if (!pem)
		return err_set(e, ERR_INPUT,
			       "'public_key' must be a string, in PEM");
	if (public_key_from_pem(pem, strlen(pem), der, e) < 0)
		return err_wrap(e, "'public_key'");
	return 0;
}

/* The auxiliary port drops what the caller has no say in. */
static int attest(struct call *c, const json_t *j, struct err *e)
{
	AUTO_BUF struct buf der = BUF_INIT(NSM_PUBLIC_KEY_MAX);
	AUTO_FREE uint8_t *nonce = NULL, *user_data = NULL;
	struct nsm_attest a = { 0 };

	if (take_base64(j, "nonce", NSM_NONCE_MAX, &nonce, &a.nonce.len,
			e) < 0)
		return -1;
	if (c->port == API_INTERNAL &&
	    (take_base64(j, "user_data", NSM_USER_DATA_MAX, &user_data,
			 &a.user_data.len, e) < 0 ||
	     take_public_key(j, &der, e) < 0))
		return -1;
	a.nonce.data = nonce;
	a.user_data.data = user_data;
	a.public_key = (struct nsm_bytes){ der.data, der.len };
	return nsm_attest(c->nsm, &a, &c->reply->body, e);
}

static int answer_attestation(struct call *c, struct err *e)
{
	AUTO_JSON json_t *j = parse_body(c, e);

	if (!j || attest(c, j, e) < 0)
		return -1;
	c->reply->status = 200;
	c->reply->type = CBOR;
	return 0;
}

/* "length=N" or nothing. */
static int parse_length(struct http1_text query, size_t *n, struct err *e)
{
	static const char name[] = "length=";
	size_t at = strlen(name), value = 0;

	*n = API_RANDOM;
	if (query.len == 0)
		return 0;
	if (query.len < at || memcmp(query.s, name, at) != 0)
		return err_set(e, ERR_INPUT,
			       "the only parameter is length, as in /v1/random?length=32");
	for (; at < query.len && value <= API_RANDOM_MAX; at++) {
		if (query.s[at] < '0' || query.s[at] > '9')
			break;
		value = 10 * value + (size_t)(query.s[at] - '0');
	}
	if (at < query.len || value < 1 || value > API_RANDOM_MAX)
		return err_set(e, ERR_INPUT,
			       "length must be a number from 1 to %u",
			       API_RANDOM_MAX);
	*n = value;
	return 0;
}

/* Not by jansson, which wipes nothing. */
static int answer_random(struct call *c, struct err *e)
{
	char hex[2 * API_RANDOM_MAX + 1];
	uint8_t data[API_RANDOM_MAX];
	size_t n;

	if (parse_length(c->query, &n, e) < 0 ||
	    nsm_random(c->nsm, data, n, e) < 0)
		return -1;
	hex_encode(data, n, hex);
	c->reply->status = 200;
	c->reply->type = JSON;
	buf_adds(&c->reply->body, "{\"random_bytes\":\"0x");
	buf_add(&c->reply->body, hex, 2 * n);
	buf_adds(&c->reply->body, "\"}\n");
	explicit_bzero(data, sizeof(data));
	explicit_bzero(hex, sizeof(hex));
	return 0;
}

static int answer_health(struct call *c, struct err *e UNUSED)
{
	AUTO_JSON json_t *j = json_object();

	json_put_str(j, "schema", "odyn-health/1");
	json_put_str(j, "status", "ok");
	json_put_str(j, "version", PACKAGE_VERSION);
	json_put(j, "nsm", json_boolean(c->nsm >= 0));
	say_json(c->reply, j);
	return 0;
}

static void say_pcr(struct call *c, const struct nsm_pcr *pcr)
{
	AUTO_JSON json_t *j = json_object();
	char hex[2 * NSM_PCR_MAX + 1];

	hex_encode(pcr->value, pcr->len, hex);
	json_put_str(j, "schema", "odyn-pcr/1");
	json_put(j, "index", json_integer((json_int_t)c->pcr));
	json_put(j, "locked", json_boolean(pcr->locked));
	json_put_str(j, "value", hex);
	say_json(c->reply, j);
}

static int answer_extend(struct call *c, struct err *e)
{
	AUTO_JSON json_t *j = parse_body(c, e);
	AUTO_FREE uint8_t *data = NULL;
	struct nsm_pcr pcr;
	size_t len = 0;

	if (!j || take_base64(j, "data", NSM_EXTEND_MAX, &data, &len, e) < 0)
		return -1;
	if (len == 0)
		return err_set(e, ERR_INPUT,
			       "'data' must be there, in base64: what is measured");
	if (nsm_extend_pcr(c->nsm, c->pcr, data, len, &pcr, e) < 0)
		return -1;
	say_pcr(c, &pcr);
	return 0;
}

static int answer_lock(struct call *c, struct err *e)
{
	struct nsm_pcr pcr;

	if (nsm_lock_pcr(c->nsm, c->pcr, e) < 0 ||
	    nsm_describe_pcr(c->nsm, c->pcr, &pcr, e) < 0)
		return -1;
	say_pcr(c, &pcr);
	return 0;
}

static const struct route {
	const char *path, *method;	/* '#' stands for a PCR's number */
	bool auxiliary, needs_nsm;
	int (*answer)(struct call *c, struct err *e);
} routes[] = {
	{ "/v1/attestation", "POST", true, true, answer_attestation },
	{ "/v1/random", "GET", false, true, answer_random },
	{ "/v1/health", "GET", true, false, answer_health },
	{ "/v1/pcr/#/extend", "POST", false, true, answer_extend },
	{ "/v1/pcr/#/lock", "POST", false, true, answer_lock },
};

/* Two digits, 16 to 31. */
static bool match_number(const char *s, size_t len, unsigned *pcr)
{
	if (len < 2 || s[0] < '1' || s[0] > '3' || s[1] < '0' || s[1] > '9')
		return false;
	*pcr = 10 * (unsigned)(s[0] - '0') + (unsigned)(s[1] - '0');
	return *pcr >= API_PCR_FIRST && *pcr < NSM_PCRS;
}

static bool match_path(const char *pattern, struct http1_text path,
		       unsigned *pcr)
{
	size_t before = strcspn(pattern, "#");

	if (!pattern[before])
		return http1_is(path, pattern);
	return path.len > before && memcmp(path.s, pattern, before) == 0 &&
	       match_number(path.s + before, path.len - before, pcr) &&
	       http1_is((struct http1_text){ path.s + before + 2,
					     path.len - before - 2 },
			pattern + before + 1);
}

static void split_target(struct call *c, struct http1_text target)
{
	const char *mark = target.len ? memchr(target.s, '?', target.len) :
					NULL;

	c->path = target;
	if (!mark)
		return;
	c->path.len = (size_t)(mark - target.s);
	c->query = (struct http1_text){ mark + 1,
					target.len - c->path.len - 1 };
}

static const struct route *find_route(struct call *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++)
		if ((c->port == API_INTERNAL || routes[i].auxiliary) &&
		    match_path(routes[i].path, c->path, &c->pcr))
			return &routes[i];
	return NULL;
}

void api_answer(enum api_port port, const struct http1_head *h,
		const char *body, size_t len, int nsm, struct api_reply *r)
{
	struct call c = { .port = port, .body = body, .len = len, .nsm = nsm,
			  .reply = r };
	const struct route *route;
	struct err e;

	split_target(&c, h->path);
	route = find_route(&c);
	if (!route) {
		say(r, 404, "there is no such path in the API of odyn: see odyn(8)");
	} else if (!http1_is(h->method, route->method)) {
		r->allow = route->method;
		say(r, 405, "this path has another method: see Allow");
	} else if (route->needs_nsm && nsm < 0) {
		say(r, 503, "there is no Nitro Security Module here");
	} else if (route->answer(&c, &e) < 0) {
		r->body.len = 0;
		say_error(r, &e);
	}
}
