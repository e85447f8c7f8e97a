/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sigv4.c - AWS Signature Version 4: AWS's vectors, and what is refused
 */
#include "base/xalloc.h"
#include "enclave/sigv4.h"
#include "sigv4_vectors.h"
#include "tap.h"

static const struct sigv4_key key = {
	"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
	"us-east-1", "service",
};

static void try_vector(const struct vector *v)
{
	AUTO_BUF struct buf out = BUF_INIT(SIGV4_TEXT_MAX);
	struct sigv4_request r = { v->method, v->path, v->query, v->headers,
				   0, NULL };
	char hash[SHA256_HEX];
	const char *got;
	struct err e;

	sha256_hex(v->body, strlen(v->body), hash);
	r.body_sha256 = hash;
	while (r.n_headers < 8 && v->headers[r.n_headers].name)
		r.n_headers++;
	if (v->canonical) {
		ok(sigv4_canonical(&r, &out, &e) == 0, v->name);
		same_str(out.data, v->canonical, "canonical request");
		return;
	}
	ok(sigv4_authorization(&r, &key, "20150830T123600Z", &out, &e) == 0,
	   v->name);
	got = out.data ? strstr(out.data, "Signature=") : NULL;
	same_str(got ? got + 10 : NULL, v->signature, "signature");
}

static void test_header(void)
{
	static const struct sigv4_header headers[] = {
		{ "X-Amz-Date", "20150830T123600Z" },
		{ "Host", "example.amazonaws.com" },
	};
	AUTO_BUF struct buf out = BUF_INIT(SIGV4_TEXT_MAX);
	struct sigv4_request r = { "GET", "/", "", headers, 2, NULL };
	struct sigv4_scope scope;
	char hash[SHA256_HEX], date[SIGV4_DATE];
	struct err e;

	sha256_hex("", 0, hash);
	r.body_sha256 = hash;
	sigv4_date(1440938160, date);
	same_str(date, "20150830T123600Z", "the date");
	ok(sigv4_authorization(&r, &key, date, &out, &e) == 0, "signed");
	same_str(out.data, "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/"
		 "us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date,"
		 " Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b"
		 "8aae1d763fbf31", "the header");
	ok(sigv4_parse(out.data, out.len, "service", &scope, &e) == 0,
	   "which is read again");
	same_str(scope.region, "us-east-1", "its region");
}

static void test_limits(void)
{
	struct sigv4_header headers[SIGV4_HEADERS_MAX + 1];
	AUTO_BUF struct buf out = BUF_INIT(SIGV4_TEXT_MAX);
	AUTO_BUF struct buf query = BUF_INIT(1024), small = BUF_INIT(64);
	struct sigv4_request r = { "GET", "/", "", headers, 0, "" };
	struct err e = { .msg = "" };

	for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
		headers[i] = (struct sigv4_header){ "x", "y" };
	r.n_headers = SIGV4_HEADERS_MAX;
	ok(sigv4_canonical(&r, &out, &e) == 0, "64 headers");
	r.n_headers++;
	ok(sigv4_canonical(&r, &out, &e) < 0, "and not 65");
	same_str(e.msg, "more than 64 headers to sign", "the sentence");
	r.n_headers = 1;
	for (size_t i = 0; i < SIGV4_PARAMS_MAX; i++)
		buf_adds(&query, "a&&");
	r.query = query.data;
	ok(sigv4_canonical(&r, &out, &e) == 0, "64 parameters");
	buf_adds(&query, "a");
	r.query = query.data;
	ok(sigv4_canonical(&r, &out, &e) < 0, "and not 65");
	r.query = "";
	r.path = "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	ok(sigv4_canonical(&r, &small, &e) < 0 && e.class == ERR_INPUT,
	   "a ceiling");
}

static void test_paths(void)
{
	static const char *const rows[][2] = {
		{ "/", "/" }, { "", "/" }, { "//", "/" }, { "/a", "/a" },
		{ "/a/", "/a/" }, { "/a/..", "/" }, { "/a/../", "/" },
		{ "/a/b/..", "/a/" }, { "/..", "/" }, { "/../../a", "/a" },
		{ "/a/.", "/a/" }, { "/./a//b", "/a/b" },
		{ "/a/../../b/", "/b/" }, { "/.../..a", "/.../..a" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_BUF struct buf out = BUF_INIT(SIGV4_TEXT_MAX);
		struct sigv4_request r = { "G", rows[i][0], "", NULL, 0, "h" };
		AUTO_FREE char *want = xasprintf("G\n%s\n\n\n\nh", rows[i][1]);
		struct err e;

		ok(sigv4_canonical(&r, &out, &e) == 0, rows[i][0]);
		same_str(out.data, want, "normalised");
	}
}

#define SIG "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define CREDENTIAL "Credential=AKID/20150830/eu-west-1/kms/aws4_request"
#define A "AWS4-HMAC-SHA256 "

static void parsed(const char *value, const char *want)
{
	struct sigv4_scope scope;
	struct err e = { .msg = "" };
	int ret = sigv4_parse(value, strlen(value), "kms", &scope, &e);

	same_str(ret < 0 ? e.msg : scope.region, want, value);
	if (ret < 0)
		ok(e.class == ERR_INPUT, "the caller's fault");
}

#define WRONG "the signature (Authorization) of the request is not AWS " \
	"Signature Version 4: "

static void test_parse(void)
{
	static char longer[5000];

	parsed(A CREDENTIAL ", SignedHeaders=host;x-amz-date, Signature=" SIG,
	       "eu-west-1");
	parsed(A "Signature=" SIG "," CREDENTIAL " ,\tSignedHeaders=host",
	       "eu-west-1");
	parsed("Basic abc", WRONG "it does not begin with AWS4-HMAC-SHA256");
	parsed("", WRONG "it does not begin with AWS4-HMAC-SHA256");
	parsed("AWS4-ECDSA-P256-SHA256 " CREDENTIAL,
	       WRONG "it does not begin with AWS4-HMAC-SHA256");
	memset(longer, 'a', sizeof(longer) - 1);
	parsed(longer, WRONG "it is too long");
#define THREE WRONG "Credential, SignedHeaders and Signature must be there"
	parsed(A CREDENTIAL ", SignedHeaders=host", THREE);
	parsed(A CREDENTIAL ", Signature=" SIG, THREE);
	parsed(A "SignedHeaders=host, Signature=" SIG, THREE);
#define ELSE WRONG "something else than Credential, SignedHeaders and " \
	"Signature, or one of them twice"
	parsed(A CREDENTIAL ", " CREDENTIAL, ELSE);
	parsed(A CREDENTIAL ",", ELSE);
	parsed(A "credential=x", ELSE);
	parsed(A "SignedHeaders=", WRONG "SignedHeaders is no list of names");
	parsed(A "SignedHeaders=a;;host",
	       WRONG "SignedHeaders is no list of names");
	parsed(A "SignedHeaders=Host",
	       WRONG "SignedHeaders is no list of names");
	parsed(A "SignedHeaders=x-amz-date", WRONG "Host is not signed");
	parsed(A "Signature=" SIG "0",
	       WRONG "Signature is not 64 hexadecimal digits");
	parsed(A "Signature=AB",
	       WRONG "Signature is not 64 hexadecimal digits");
#define C A "Credential="
	parsed(C "AK-ID/20150830/r/kms/aws4_request",
	       WRONG "Credential begins with no access key");
	parsed(C "/20150830/r/kms/aws4_request",
	       WRONG "Credential begins with no access key");
	parsed(C "A", WRONG "Credential begins with no access key");
	parsed(C "A/2015083/r/kms/aws4_request",
	       WRONG "Credential has no date");
	parsed(C "A/20150830//kms/aws4_request",
	       WRONG "Credential has no region");
	parsed(C "A/20150830/evil.example/kms/aws4_request",
	       WRONG "Credential has no region");
	parsed(C "A/20150830/-r/kms/aws4_request",
	       WRONG "Credential has no region");
	parsed(C "A/20150830/US-EAST-1/kms/aws4_request",
	       WRONG "Credential has no region");
	parsed(C "A/20150830/r/kms/aws4_request/x",
	       WRONG "Credential does not end in SERVICE/aws4_request");
	parsed(C "A/20150830/r/s3/aws4_request",
	       "the request is signed for 's3', not for 'kms'");
}

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		try_vector(&vectors[i]);
	test_header();
	test_limits();
	test_paths();
	test_parse();
	return tap_done();
}
