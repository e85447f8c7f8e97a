/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_kms.c - the KMS proxy: Authorization, then a body, NUL between; the
 * body is a request's, an answer's and the metadata service's
 */
#include "base/base64.h"
#include "enclave/kms.h"
#include "fuzz.h"

static void check_scope(const char *text)
{
	struct sigv4_scope s;
	struct err e;

	if (sigv4_parse(text, strlen(text), "kms", &s, &e) == 0)
		fuzz_must(*s.region && !strpbrk(s.region, "./:@\r\n "));
}

static void check_request(const char *body, size_t len)
{
	static const struct nsm_bytes document = { "doc", 3 };
	AUTO_BUF struct buf out = BUF_INIT(12 * len + 1024);
	AUTO_BUF struct buf again = BUF_INIT(12 * len + 1024);
	struct kms_call c = { .member = "Plaintext" };
	struct err e;

	if (kms_add_recipient(&c, body, len, &document, &out, &e) < 0)
		return;
	/* What was added is there, and is not added twice. */
	c.member = "Plaintext";
	fuzz_must(kms_add_recipient(&c, out.data, out.len, &document, &again,
				    &e) == 0 && !c.member);
	fuzz_must(out.len == again.len &&
		  memcmp(out.data, again.data, out.len) == 0);
}

static void check_answer(const char *body, size_t len)
{
	static struct keypair *k;
	struct kms_call c = { .member = "Plaintext" };
	AUTO_FREE char *text = NULL, *clock = NULL;
	size_t n;
	struct err e;

	if (!k)
		k = keypair_new(&e);
	text = kms_open_answer(&c, k, body, len, &n, &e);
	fuzz_must(!text);		/* nobody guesses the key */
	clock = kms_explain_clock(body, len, 0);
	kms_fault_of(400, body, len);
}

static void check_imds(const char *body, size_t len)
{
	static struct imds_credentials c;
	struct imds m;
	struct err e;

	for (int step = IMDS_TOKEN; step < IMDS_DONE; step++) {
		memset(&m, 0, sizeof(m));
		m.step = (enum imds_step)step;
		if (imds_take_answer(&m, 200, body, len, &c, &e) == 0)
			fuzz_must(!strpbrk(m.token, "\r\n ") &&
				  !strpbrk(m.role, "\r\n /") &&
				  !strpbrk(c.token, "\r\n "));
	}
}

static void check_base64(const char *text, size_t len)
{
	size_t n = 0;
	AUTO_FREE uint8_t *data = base64_decode(text, len, &n);
	AUTO_FREE char *again = NULL;

	if (!data)
		return;
	again = xmalloc(BASE64_LEN(n) + 1);
	base64_encode(data, n, again);
	fuzz_must(strlen(again) == len && memcmp(again, text, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_FREE char *auth = fuzz_piece(&data, &len, '\0');
	const char *body = (const char *)data;

	check_scope(auth);
	check_base64(auth, strlen(auth));
	check_request(body, len);
	check_answer(body, len);
	check_imds(body, len);
	return 0;
}
