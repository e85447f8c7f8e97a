/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_kms.c - what the KMS proxy makes of requests and answers, base64, and
 * the instance's credentials
 */
#include "base/base64.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "enclave/kms.h"
#include "make_cms.h"
#include "tap.h"

static void test_base64(void)
{
	static const char *const rows[][2] = {	/* RFC 4648 section 10 */
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" },
		{ "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
		{ "\xff\xfe\xfb", "//77" },
	};
	static const char *const wrong[] = {
		"Zg", "Zg=", "Zg===", "Z===", "====", "Zh==", "Zm9=", "Zm 9",
		"Zm9v\n", "Zg==Zg==", "Zm-_", "=g==", "Z\0==",
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[16];
		size_t n = 0;
		AUTO_FREE uint8_t *back = NULL;

		base64_encode(rows[i][0], strlen(rows[i][0]), text);
		same_str(text, rows[i][1], "base64");
		back = base64_decode(text, strlen(text), &n);
		ok(back && n == strlen(rows[i][0]) &&
		   memcmp(back, rows[i][0], n) == 0, "and back");
	}
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		size_t n;
		AUTO_FREE uint8_t *back = base64_decode(wrong[i],
							strlen(wrong[i]), &n);

		ok(!back, wrong[i]);
	}
}

#define SIG "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define AUTH "Authorization: AWS4-HMAC-SHA256 Credential=A/20150830/eu-west-1" \
	"/kms/aws4_request, SignedHeaders=host, Signature=" SIG "\r\n"
#define TARGET "X-Amz-Target: TrentService.Decrypt\r\n"

static void call_is(const char *head, const char *want)
{
	AUTO_FREE char *text = xasprintf("%s\r\n", head), *got = NULL;
	struct http1_head h;
	struct kms_call c;
	struct err e = { .msg = "" };

	ok(http1_parse_request(text, strlen(text), &h, &e) == 0, e.msg);
	if (kms_read_request(&h, &c, &e) < 0)
		got = xstrdup(e.msg);
	else
		got = xasprintf("%s %s %s", c.target, c.scope.region,
				c.member ? c.member : "-");
	same_str(got, want, head);
}

#define POST "POST / HTTP/1.1\r\nHost: a\r\n"

static void test_requests(void)
{
	call_is(POST TARGET AUTH, "TrentService.Decrypt eu-west-1 Plaintext");
	call_is(POST AUTH "x-amz-target: trentservice.generaterandom\r\n",
		"trentservice.generaterandom eu-west-1 Plaintext");
	call_is(POST AUTH "X-Amz-Target: TrentService.GenerateDataKey\r\n",
		"TrentService.GenerateDataKey eu-west-1 Plaintext");
	call_is(POST AUTH "X-Amz-Target: TrentService.GenerateDataKeyPair\r\n",
		"TrentService.GenerateDataKeyPair eu-west-1 "
		"PrivateKeyPlaintext");
	call_is(POST AUTH "X-Amz-Target: TrentService.DeriveSharedSecret\r\n",
		"TrentService.DeriveSharedSecret eu-west-1 SharedSecret");
	call_is(POST AUTH "X-Amz-Target: TrentService.Encrypt\r\n",
		"TrentService.Encrypt eu-west-1 -");
	call_is(POST AUTH "X-Amz-Target: "
		"TrentService.GenerateDataKeyWithoutPlaintext\r\n",
		"TrentService.GenerateDataKeyWithoutPlaintext eu-west-1 -");

#define NO_TARGET "the request is not one of KMS: X-Amz-Target must be " \
	"TrentService.ACTION"
	call_is(POST AUTH, NO_TARGET);
	call_is(POST AUTH TARGET TARGET, NO_TARGET);
	call_is(POST AUTH "X-Amz-Target: TrentService.\r\n", NO_TARGET);
	call_is(POST AUTH "X-Amz-Target: DynamoDB.Decrypt\r\n", NO_TARGET);
	call_is(POST AUTH "X-Amz-Target: TrentService.De crypt\r\n",
		"X-Amz-Target names no action");
#define NOT_POST "requests to KMS are POST /, nothing else"
	call_is("GET / HTTP/1.1\r\nHost: a\r\n" AUTH TARGET, NOT_POST);
	call_is("POST /x HTTP/1.1\r\nHost: a\r\n" AUTH TARGET, NOT_POST);
	call_is("POST /?x HTTP/1.1\r\nHost: a\r\n" AUTH TARGET, NOT_POST);
	call_is(POST TARGET, "the request is not signed: there must be one "
		"Authorization header (any credentials will do)");
	call_is(POST TARGET "Authorization: Basic x\r\n", "the signature "
		"(Authorization) of the request is not AWS Signature Version "
		"4: it does not begin with AWS4-HMAC-SHA256");
}

static void test_recipient(void)
{
	static const struct nsm_bytes document = { "doc", 3 };
	AUTO_BUF struct buf out = BUF_INIT(1024), small = BUF_INIT(64);
	struct kms_call c = { .member = "Plaintext" };
	struct err e = { .msg = "" };

	ok(kms_add_recipient(&c, "{\"KeyId\":\"k\",\"CiphertextBlob\":\"x\"}",
			     34, &document, &out, &e) == 0, "added");
	same_str(out.data, "{\"KeyId\":\"k\",\"CiphertextBlob\":\"x\","
		 "\"Recipient\":{\"AttestationDocument\":\"ZG9j\","
		 "\"KeyEncryptionAlgorithm\":\"RSAES_OAEP_SHA_256\"}}",
		 "Recipient");
	ok(c.member != NULL, "and plaintext is expected");
	ok(kms_add_recipient(&c, "{}", 2, &document, &small, &e) < 0,
	   "a ceiling");
	ok(kms_add_recipient(&c, "[]", 2, &document, &out, &e) < 0 &&
	   e.class == ERR_INPUT, "no object");
	out.len = 0;
	ok(kms_add_recipient(&c, "{ \"Recipient\":{}}", 17, &document, &out,
			     &e) == 0, "one of its own");
	same_str(out.data, "{ \"Recipient\":{}}", "stays as it is");
	ok(!c.member, "and so does the answer");
}

static void test_sending(void)
{
	static const struct imds_credentials cred = { "AKID", "secret",
						      "session", 1 };
	static char region[] = "eu-west-1", host[] = "kms.example:8443";
	static struct manifest_endpoint own = { region, host };
	struct manifest m = { .endpoints = &own, .n_endpoints = 1 };
	AUTO_BUF struct buf out = BUF_INIT(KMS_ADDED_MAX);
	struct kms_call c = { .target = "TrentService.Encrypt",
			      .scope = { "eu-west-1" } };
	AUTO_FREE char *a = kms_authority(&c, &m), *b = NULL;
	struct err e;

	same_str(a, "kms.example:8443", "the manifest's endpoint");
	m.n_endpoints = 0;
	b = kms_authority(&c, &m);
	same_str(b, "kms.eu-west-1.amazonaws.com", "AWS's");
	ok(kms_put_request(&c, a, "{}", 2, &cred, 1440938160, &out, &e) == 0,
	   "a request");
	same_str(out.data, "POST / HTTP/1.1\r\nHost: kms.example:8443\r\n"
		 "Content-Type: application/x-amz-json-1.1\r\n"
		 "X-Amz-Date: 20150830T123600Z\r\n"
		 "X-Amz-Target: TrentService.Encrypt\r\n"
		 "X-Amz-Security-Token: session\r\n"
		 "Authorization: AWS4-HMAC-SHA256 Credential=AKID/20150830/"
		 "eu-west-1/kms/aws4_request, SignedHeaders=content-type;host;"
		 "x-amz-date;x-amz-security-token;x-amz-target, Signature="
		 "b57bcca6b8a8e39526c7d69ee222897149eadae37a36b7f4a9871772ffe8"
		 "c5ed\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
		 "whole and signed");
}

/* CiphertextForRecipient with a secret for k. */
static char *sealed(const struct keypair *k, const char *secret)
{
	AUTO_BUF struct buf cms = BUF_INIT(CMS_MAX);
	struct how how = how_kms_does(true);
	char *text;

	cms_make(k, &how, secret, strlen(secret), &cms);
	text = xmalloc(BASE64_LEN(cms.len) + 1);
	base64_encode(cms.data, cms.len, text);
	return text;
}

static void opened(const struct kms_call *c, const struct keypair *k,
		   const char *body, const char *want)
{
	struct err e = { .msg = "" };
	size_t len = 0;
	AUTO_FREE char *got = kms_open_answer(c, k, body, strlen(body), &len,
					      &e);

	same_str(got ? got : e.msg, want, "the answer");
	ok(got ? len == strlen(got) : e.class == ERR_REMOTE,
	   "its length, or whose fault it is");
}

static void test_answers(void)
{
	struct kms_call c = { .member = "Plaintext" };
	AUTO_KEYPAIR struct keypair *k = NULL, *other = NULL;
	AUTO_FREE char *good = NULL, *bad = NULL, *body = NULL, *only = NULL;
	AUTO_FREE char *wrong = NULL, *huge = NULL;
	struct err e;

	k = keypair_new(&e);
	other = keypair_new(&e);
	good = sealed(k, "secret");
	bad = sealed(other, "secret");
	body = xasprintf("{\"KeyId\":\"k\",\"CiphertextForRecipient\":\"%s\","
			 "\"Plaintext\":null}", good);
	opened(&c, k, body, "{\"Plaintext\":\"c2VjcmV0\",\"KeyId\":\"k\"}");
	c.member = "PrivateKeyPlaintext";
	only = xasprintf("{\"CiphertextForRecipient\":\"%s\"}", good);
	opened(&c, k, only, "{\"PrivateKeyPlaintext\":\"c2VjcmV0\"}");
	wrong = xasprintf("{\"CiphertextForRecipient\":\"%s\"}", bad);
	opened(&c, k, wrong, "CiphertextForRecipient cannot be decrypted");
	opened(&c, k, "{\"CiphertextForRecipient\":\"x\"}",
	       "CiphertextForRecipient is not base64, or too large");
	opened(&c, k, "{\"CiphertextForRecipient\":\"AAAA\"}",
	       "CiphertextForRecipient is not CMS (RFC 5652)");
	opened(&c, k, "{\"CiphertextForRecipient\":7}",
	       "the answer of KMS has no CiphertextForRecipient");
	opened(&c, k, "{\"Plaintext\":\"c2VjcmV0\"}",
	       "the answer of KMS has no CiphertextForRecipient");
	opened(&c, k, "<html>", "'answer of KMS': not JSON: 1:1: '[' or '{' "
	       "expected near '<'");
	huge = xasprintf("{\"CiphertextForRecipient\":\"%030000d\"}", 0);
	opened(&c, k, huge,
	       "CiphertextForRecipient is not base64, or too large");
}

static enum kms_fault fault(unsigned status, const char *body)
{
	return kms_fault_of(status, body, strlen(body));
}

static void test_faults(void)
{
	static const char clock[] = "{\"__type\":\"InvalidSignatureException\","
		"\"message\":\"Signature expired: a is now earlier than b\"}";
	AUTO_FREE char *text = kms_explain_clock(clock, strlen(clock),
						 1440938160);
	AUTO_FREE char *error = kms_error_body("a \"sentence\"");

	ok(fault(400, clock) == KMS_FAULT_CLOCK, "a late clock");
	ok(fault(400, "{\"__type\":\"InvalidSignatureException\",\"Message\":"
		 "\"Signature not yet current: \"}") == KMS_FAULT_CLOCK,
	   "an early clock");
	ok(fault(403, "{\"__type\":\"InvalidSignatureException\",\"message\":"
		 "\"The request signature we calculated\"}") ==
	   KMS_FAULT_OTHER, "a wrong signature");
	ok(fault(400, "{\"__type\":\"com.amazon#ExpiredTokenException\"}") ==
	   KMS_FAULT_CREDENTIALS, "old credentials");
	ok(fault(400, "{\"__type\":\"UnrecognizedClientException\"}") ==
	   KMS_FAULT_CREDENTIALS, "unknown credentials");
	ok(fault(400, "{\"__type\":\"ThrottlingException\"}") ==
	   KMS_FAULT_OTHER, "throttling");
	ok(fault(500, clock) == KMS_FAULT_OTHER &&
	   fault(200, clock) == KMS_FAULT_OTHER, "another status");
	ok(fault(400, "<html>") == KMS_FAULT_OTHER &&
	   fault(400, "{\"__type\":1}") == KMS_FAULT_OTHER, "no error of KMS");
	same_str(text, "{\"__type\":\"InvalidSignatureException\",\"message\":"
		 "\"Signature expired: a is now earlier than b (odyn: the clock"
		 " of the enclave says 2015-08-30T12:36:00Z; it is set from the"
		 " PTP device or the NSM, see odyn(8))\"}", "explained");
	same_str(error, "{\"__type\":\"EnclaverKmsProxyException\","
		 "\"message\":\"a \\\"sentence\\\"\"}", "an error of our own");
}

static struct imds_credentials cred;

static void take(struct imds *m, unsigned status, const char *body,
		 const char *want)
{
	struct err e = { .msg = "" };
	int ret = imds_take_answer(m, status, body, strlen(body), &cred, &e);

	same_str(e.msg, want, body);
	ok((ret == 0) == !*want && (ret == 0 || e.class == ERR_REMOTE),
	   "taken or not");
}

#define CREDENTIALS(key, expires) "{\"Code\":\"Success\",\"Type\":\"AWS-HMAC" \
	"\",\"AccessKeyId\":\"" key "\",\"SecretAccessKey\":\"s/e+c\"," \
	"\"Token\":\"tok==\",\"Expiration\":\"" expires "\"}"

static void test_imds(void)
{
	AUTO_BUF struct buf out = BUF_INIT(1024);
	struct imds m = { 0 };

	imds_put_request(&m, &out);
	same_str(out.data, "PUT /latest/api/token HTTP/1.1\r\n"
		 "X-aws-ec2-metadata-token-ttl-seconds: 60\r\n"
		 "Content-Length: 0\r\nHost: 169.254.169.254\r\n"
		 "Connection: close\r\n\r\n", "for a token");
	take(&m, 403, "", "the instance's metadata service is turned off");
	take(&m, 200, "", "the instance's metadata service answers with "
	     "something else than a token");
	take(&m, 200, "a b", "the instance's metadata service answers with "
	     "something else than a token");
	take(&m, 200, "AQAE_x-y==", "");
	out.len = 0;
	imds_put_request(&m, &out);
	same_str(out.data, "GET /latest/meta-data/iam/security-credentials/ "
		 "HTTP/1.1\r\nX-aws-ec2-metadata-token: AQAE_x-y==\r\n"
		 "Host: 169.254.169.254\r\nConnection: close\r\n\r\n",
		 "for the role");
	take(&m, 404, "", "the instance has no role: attach an IAM role that "
	     "may use the key");
	take(&m, 500, "", "the instance's metadata service answers with status "
	     "500");
	take(&m, 200, "a/../b", "the instance's metadata service answers with "
	     "something else than the name of a role");
	take(&m, 200, "my-role@x\nother", "");
	out.len = 0;
	imds_put_request(&m, &out);
	ok(strncmp(out.data, "GET /latest/meta-data/iam/security-credentials/"
		   "my-role@x HTTP/1.1\r\n", 67) == 0, "for its credentials");
	take(&m, 200, "{\"Code\":\"AssumeRoleUnauthorizedAccess\"}", "the "
	     "instance's metadata has no credentials for its role: "
	     "'AssumeRoleUnauthorizedAccess'");
#define WITHOUT "the instance's metadata has credentials without AccessKeyId," \
	" SecretAccessKey, Token or Expiration"
	take(&m, 200, "{}", WITHOUT);
	take(&m, 200, CREDENTIALS("a\\r\\nb", "2026-01-01T00:00:00Z"), WITHOUT);
	take(&m, 200, CREDENTIALS("AKID", "tomorrow"), WITHOUT);
	ok(!cred.expires && !*cred.secret, "nothing half");
	take(&m, 200, CREDENTIALS("AKID", "2015-08-30T12:36:00Z"), "");
	ok(m.step == IMDS_DONE, "done");
	same_str(cred.key_id, "AKID", "key");
	same_str(cred.secret, "s/e+c", "secret");
	same_str(cred.token, "tok==", "session");
	ok(cred.expires == 1440938160, "their end");
	ok(!imds_is_due(&cred, 1440938160 - IMDS_EARLY - 1) &&
	   imds_is_due(&cred, 1440938160 - IMDS_EARLY), "due before it");
	ok(imds_is_valid(&cred, 1440938159) &&
	   !imds_is_valid(&cred, 1440938160), "valid until then");
	imds_release(&m);
	imds_credentials_release(&cred);
	ok(!*m.token && !*cred.secret && imds_is_due(&cred, 0), "wiped");
}

int main(void)
{
	test_base64();
	test_requests();
	test_recipient();
	test_sending();
	test_answers();
	test_faults();
	test_imds();
	return tap_done();
}
