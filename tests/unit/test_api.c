/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_api.c - the API's answers, with a stand-in for the NSM
 */
#include "base/base64.h"
#include "base/xalloc.h"
#include "config.h"
#include "enclave/api.h"
#include "enclave/attestation.h"
#include "tap.h"

static int nsm = -1;

static void ask(enum api_port port, const char *line, const char *body,
		struct api_reply *r)
{
	AUTO_FREE char *head = xasprintf("%s HTTP/1.1\r\nHost: a\r\n\r\n",
					 line);
	struct http1_head h;
	struct err e = { .msg = "" };

	ok(http1_parse_request(head, strlen(head), &h, &e) == 0, line);
	api_answer(port, &h, body, strlen(body), nsm, r);
}

/* "STATUS TYPE BODY" */
static void says(enum api_port port, const char *line, const char *body,
		 const char *want)
{
	AUTO_API_REPLY struct api_reply r = API_REPLY_INIT;
	AUTO_FREE char *got = NULL;

	ask(port, line, body, &r);
	got = xasprintf("%u %s%s%s%s", r.status, r.type ? r.type : "",
			r.allow ? r.allow : "", r.type || r.allow ? " " : "",
			r.body.data ? r.body.data : "");
	same_str(got, want, body);
}

#define ATTEST "POST /v1/attestation"
#define HEALTH "200 application/json {\"nsm\":true,\"schema\":\"odyn-health/1" \
	"\",\"status\":\"ok\",\"version\":\"" PACKAGE_VERSION "\"}\n"
#define NOT_FOUND "404 there is no such path in the API of odyn: see odyn(8)\n"

static void test_routes(void)
{
	says(API_INTERNAL, "GET /v1/health", "", HEALTH);
	says(API_AUXILIARY, "GET /v1/health", "", HEALTH);
	says(API_INTERNAL, "GET http://a/v1/health?x", "", HEALTH);
	says(API_INTERNAL, "GET /", "", NOT_FOUND);
	says(API_INTERNAL, "GET http://a", "", NOT_FOUND);
	says(API_INTERNAL, "GET /v1/health/", "", NOT_FOUND);
	says(API_INTERNAL, "GET /V1/health", "", NOT_FOUND);
	says(API_INTERNAL, "OPTIONS *", "", NOT_FOUND);
	says(API_INTERNAL, "GET /v1/attestation", "",
	     "405 POST this path has another method: see Allow\n");
	says(API_INTERNAL, "POST /v1/random", "",
	     "405 GET this path has another method: see Allow\n");
	says(API_AUXILIARY, "GET /v1/random", "", NOT_FOUND);
	says(API_AUXILIARY, "POST /v1/pcr/16/extend", "", NOT_FOUND);
	says(API_AUXILIARY, "POST /v1/pcr/16/lock", "", NOT_FOUND);
}

static bool is(const struct nsm_bytes *b, const char *text)
{
	return b->data && b->len == strlen(text) &&
	       memcmp(b->data, text, b->len) == 0;
}

#define PEM "-----BEGIN PUBLIC KEY-----\\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w" \
	"7lshQhqowtrbLDFw4rXAxZuE=\\n-----END PUBLIC KEY-----\\n"
#define ALL "{\"nonce\":\"bm9uY2U=\",\"user_data\":\"ZGF0YQ==\"," \
	"\"public_key\":\"" PEM "\",\"more\":1}"

static void attested(enum api_port port, const char *body, const char *nonce,
		     const char *user_data, size_t public_key)
{
	AUTO_API_REPLY struct api_reply r = API_REPLY_INIT;
	struct attestation a;
	struct err e = { .msg = "" };

	ask(port, ATTEST, body, &r);
	ok(r.status == 200, body);
	same_str(r.type, "application/cbor", "CBOR");
	ok(attestation_parse(r.body.data, r.body.len, &a, &e) == 0, e.msg);
	ok((nonce ? is(&a.nonce, nonce) : !a.nonce.data) &&
	   (user_data ? is(&a.user_data, user_data) : !a.user_data.data) &&
	   a.public_key.len == public_key, "what is in it");
}

/* {"NAME":"…"} of that many bytes. */
static void sized(const char *name, size_t n, const char *want)
{
	AUTO_FREE char *data = xcalloc(1, n);
	AUTO_FREE char *text = xmalloc(BASE64_LEN(n) + 1);
	AUTO_FREE char *body = NULL;

	base64_encode(data, n, text);
	body = xasprintf("{\"%s\":\"%s\"}", name, text);
	if (want) {
		says(API_INTERNAL, ATTEST, body, want);
	} else {
		AUTO_API_REPLY struct api_reply r = API_REPLY_INIT;

		ask(API_INTERNAL, ATTEST, body, &r);
		ok(r.status == 200, name);
	}
}

static void test_attestation(void)
{
	attested(API_INTERNAL, ALL, "nonce", "data", 44);
	attested(API_AUXILIARY, ALL, "nonce", NULL, 0);
	attested(API_INTERNAL, "{}", NULL, NULL, 0);
	attested(API_INTERNAL, "", NULL, NULL, 0);
	attested(API_INTERNAL, "{\"nonce\":null,\"public_key\":null,"
		 "\"user_data\":\"\"}", NULL, "", 0);
	attested(API_AUXILIARY, "{\"public_key\":7,\"user_data\":\"?\"}", NULL,
		 NULL, 0);
	sized("nonce", 512, NULL);
	sized("user_data", 512, NULL);
	sized("nonce", 513,
	      "400 'nonce' has 513 bytes, and the NSM takes 512 at most\n");
	sized("user_data", 513,
	      "400 'user_data' has 513 bytes, and the NSM takes 512 at most\n");
	says(API_INTERNAL, ATTEST, "{\"nonce\":\"?\"}",
	     "400 'nonce' must be a string in base64\n");
	says(API_INTERNAL, ATTEST, "{\"user_data\":[]}",
	     "400 'user_data' must be a string in base64\n");
	says(API_INTERNAL, ATTEST, "{\"public_key\":7}",
	     "400 'public_key' must be a string, in PEM\n");
	says(API_INTERNAL, ATTEST, "{\"public_key\":\"x\"}", "400 'public_key':"
	     " the public key is not PEM (-----BEGIN PUBLIC KEY-----)\n");
	says(API_INTERNAL, ATTEST, "[]", "400 'body': not a JSON object\n");
	says(API_INTERNAL, ATTEST, "{", "400 'body': not JSON: 1:1: string or "
	     "'}' expected near end of file\n");
}

static void random_len(const char *line, size_t want)
{
	AUTO_API_REPLY struct api_reply r = API_REPLY_INIT;

	ask(API_INTERNAL, line, "", &r);
	ok(r.status == 200 && r.body.len == 2 * want + 22 &&
	   strncmp(r.body.data, "{\"random_bytes\":\"0x", 19) == 0, line);
}

static void test_random(void)
{
	static const char *const wrong[] = { "0", "1025", "", "-1", "1x",
					     "99999999999999999999", "1&a" };

	random_len("GET /v1/random", 32);
	random_len("GET /v1/random?", 32);
	random_len("GET /v1/random?length=1", 1);
	random_len("GET /v1/random?length=1024", 1024);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		AUTO_FREE char *line = xasprintf("GET /v1/random?length=%s",
						 wrong[i]);

		says(API_INTERNAL, line, "",
		     "400 length must be a number from 1 to 1024\n");
	}
	says(API_INTERNAL, "GET /v1/random?len=1", "", "400 the only parameter "
	     "is length, as in /v1/random?length=32\n");
}

#define PCR31 "1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f" \
	"1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f"

static void test_pcr(void)
{
	/* sha384(16 × 48 ‖ "ab"), by sha384sum */
	says(API_INTERNAL, "POST /v1/pcr/16/extend", "{\"data\":\"YWI=\"}",
	     "200 application/json {\"index\":16,\"locked\":false,\"schema\":"
	     "\"odyn-pcr/1\",\"value\":\"f1fddd71619d361e7844205fb0242710f1cbee01b7d98496"
	     "c4b4647e04cb041d5632057e5210e8b6f51c6e5391baf65b\"}\n");
	says(API_INTERNAL, "POST /v1/pcr/31/lock", "",
	     "200 application/json {\"index\":31,\"locked\":true,\"schema\":"
	     "\"odyn-pcr/1\",\"value\":\"" PCR31 "\"}\n");
#define LOCKED "409 the PCR is locked: it keeps its value until the enclave " \
	"ends\n"
	says(API_INTERNAL, "POST /v1/pcr/31/extend", "{\"data\":\"YWI=\"}",
	     LOCKED);
	says(API_INTERNAL, "POST /v1/pcr/31/lock", "{}", LOCKED);
#define NO_DATA "400 'data' must be there, in base64: what is measured\n"
	says(API_INTERNAL, "POST /v1/pcr/17/extend", "", NO_DATA);
	says(API_INTERNAL, "POST /v1/pcr/17/extend", "{\"data\":\"\"}",
	     NO_DATA);
	says(API_INTERNAL, "POST /v1/pcr/17/extend", "{\"data\":1}",
	     "400 'data' must be a string in base64\n");
	says(API_INTERNAL, "GET /v1/pcr/17/extend", "",
	     "405 POST this path has another method: see Allow\n");
	says(API_INTERNAL, "POST /v1/pcr/15/extend", "", NOT_FOUND);
	says(API_INTERNAL, "POST /v1/pcr/32/extend", "", NOT_FOUND);
	says(API_INTERNAL, "POST /v1/pcr/016/extend", "", NOT_FOUND);
	says(API_INTERNAL, "POST /v1/pcr/160/lock", "", NOT_FOUND);
	says(API_INTERNAL, "POST /v1/pcr/1", "", NOT_FOUND);
	says(API_INTERNAL, "POST /v1/pcr/16", "", NOT_FOUND);
}

static void test_troubles(void)
{
	int fd = nsm;

	setenv("NSM_FAKE_ERROR", "InternalError", 1);
	says(API_INTERNAL, ATTEST, "", "503 the NSM has an internal error\n");
	says(API_INTERNAL, "GET /v1/random", "",
	     "503 the NSM has an internal error\n");
	unsetenv("NSM_FAKE_ERROR");
	nsm = -1;
	says(API_INTERNAL, ATTEST, "",
	     "503 there is no Nitro Security Module here\n");
	says(API_INTERNAL, "GET /v1/health", "", "200 application/json {\"nsm\""
	     ":false,\"schema\":\"odyn-health/1\",\"status\":\"ok\",\"version\""
	     ":\"" PACKAGE_VERSION "\"}\n");
	nsm = fd;
}

int main(void)
{
	struct err e = { .msg = "" };

	nsm = nsm_open(&e);
	test_routes();
	test_attestation();
	test_random();
	test_pcr();
	test_troubles();
	close(nsm);
	return tap_done();
}
