/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_nsm.c - the NSM's requests and answers, the device by its stand-in, and
 * attestation documents
 */
#include <errno.h>

#include "base/cbor.h"
#include "base/digest.h"
#include "base/xalloc.h"
#include "enclave/attestation.h"
#include "tap.h"

static void same_hex(const void *data, size_t len, const char *want,
		     const char *what)
{
	AUTO_FREE char *hex = xmalloc(2 * len + 1);

	hex_encode(data, len, hex);
	same_str(hex, want, what);
}

static void request(struct buf *b, const char *want, const char *what)
{
	same_hex(b->data, b->len, want, what);
	b->len = 0;
}

/* The bytes are those of AWS's own nsm-lib. */
static void test_requests(void)
{
	static const struct nsm_attest some = { .nonce = { "n", 1 },
						.public_key = { "", 0 } };
	AUTO_BUF struct buf b = BUF_INIT(NSM_REQUEST_MAX);

	nsm_put_random(&b);
	request(&b, "6947657452616e646f6d", "GetRandom");
	nsm_put_describe_pcr(0, &b);
	request(&b, "a16b4465736372696265504352a165696e64657800",
		"DescribePCR");
	nsm_put_extend_pcr(31, "ab", 2, &b);
	request(&b, "a169457874656e64504352a265696e646578181f64"
		"64617461426162", "ExtendPCR");
	nsm_put_lock_pcr(16, &b);
	request(&b, "a1674c6f636b504352a165696e64657810", "LockPCR");
	nsm_put_attestation(&some, &b);
	request(&b, "a16b4174746573746174696f6ea369757365725f64617461f6"
		"656e6f6e6365416e6a7075626c69635f6b657940", "Attestation");
}

struct bytes {
	uint8_t data[256];
	size_t len;
};

static struct bytes from_hex(const char *hex)
{
	struct bytes b = { .len = strlen(hex) / 2 };

	if (hex_decode(hex, strlen(hex), b.data, b.len) < 0)
		ok(0, hex);
	return b;
}

static void test_answers(void)
{
	struct nsm_bytes random;
	struct nsm_pcr pcr;
	struct err e = { .msg = "" };
	struct bytes b = from_hex("a16947657452616e646f6da16672616e646f6d4201"
				  "02");

	ok(nsm_get_random(b.data, b.len, &random, &e) == 0 &&
	   random.len == 2 && memcmp(random.data, "\1\2", 2) == 0, "random");
	for (size_t cut = 0; cut < b.len; cut++)
		if (nsm_get_random(b.data, cut, &random, &e) == 0)
			ok(0, "cut short");
	same_str(e.msg, "the NSM's answer to GetRandom is malformed",
		 "the sentence");
	ok(nsm_get_describe_pcr(b.data, b.len, &pcr, &e) < 0 &&
	   e.class == ERR_SYS, "the answer to something else");

	b = from_hex("a16b4465736372696265504352a2646c6f636bf56464617461"
		     "420102");
	ok(nsm_get_describe_pcr(b.data, b.len, &pcr, &e) == 0 && pcr.locked &&
	   pcr.len == 2 && pcr.value[1] == 2, "a register");
	b = from_hex("bf6b4465736372696265504352bf6464617461410164"
		     "6c6f636bf46178a0ffff");
	ok(nsm_get_describe_pcr(b.data, b.len, &pcr, &e) == 0 && !pcr.locked &&
	   pcr.len == 1, "with lengths that are not known before");
	b = from_hex("a16b4465736372696265504352a2646c6f636b016464617461"
		     "420102");
	ok(nsm_get_describe_pcr(b.data, b.len, &pcr, &e) < 0, "lock: 1");
	b = from_hex("a169457874656e64504352a16464617461584100");
	ok(nsm_get_extend_pcr(b.data, b.len, &pcr, &e) < 0, "cut in a value");

	b = from_hex("674c6f636b504352");
	ok(nsm_get_lock_pcr(b.data, b.len, &e) == 0, "LockPCR");
	b = from_hex("684c6f636b50435273");
	ok(nsm_get_lock_pcr(b.data, b.len, &e) < 0, "LockPCRs");
	ok(nsm_get_lock_pcr("", 0, &e) < 0, "nothing");
	b = from_hex("a1654572726f726d526561644f6e6c79496e646578");
	ok(nsm_get_lock_pcr(b.data, b.len, &e) < 0 && e.class == ERR_NO,
	   "ReadOnlyIndex");
	same_str(e.msg, "the PCR is locked: it keeps its value until the "
		 "enclave ends", "the sentence");
	b = from_hex("a1654572726f726c496e76616c6964496e646578");
	ok(nsm_get_extend_pcr(b.data, b.len, &pcr, &e) < 0 &&
	   e.class == ERR_INPUT, "InvalidIndex");
	b = from_hex("a1654572726f72614e");
	ok(nsm_get_extend_pcr(b.data, b.len, &pcr, &e) < 0 &&
	   e.class == ERR_SYS, "an error that is new");
}

static void fails(int fd, const char *name, const char *value,
		  const char *want)
{
	struct nsm_pcr pcr;
	struct err e = { .msg = "" };

	setenv(name, value, 1);
	ok(nsm_describe_pcr(fd, 0, &pcr, &e) < 0 && e.class == ERR_SYS, name);
	same_str(e.msg, want, "the sentence");
	unsetenv(name);
}

static void test_device(void)
{
	static const uint8_t zeros[600];
	uint8_t data[600] = { 0 }, want[SHA384_LEN + 2];
	struct nsm_pcr pcr;
	struct err e = { .msg = "" };
	int fd;

	setenv("NSM_FAKE_ABSENT", "1", 1);
	ok(nsm_open(&e) < 0 && e.class == ERR_SYS, "no device");
	same_str(e.msg, "no Nitro Security Module: '/dev/nsm' is not there",
		 "the sentence");
	unsetenv("NSM_FAKE_ABSENT");
	fd = nsm_open(&e);
	ok(fd >= 0, e.msg);
	ok(nsm_random(fd, data, sizeof(data), &e) == 0 &&
	   memcmp(data + 300, zeros, 300) != 0 &&
	   memcmp(data, data + 256, 256) != 0, "random bytes in three calls");
	ok(nsm_random(fd, data, 0, &e) == 0, "none at all");

	ok(nsm_describe_pcr(fd, 3, &pcr, &e) == 0 && pcr.locked &&
	   pcr.len == SHA384_LEN && pcr.value[47] == 3, "a register");
	memset(want, 16, SHA384_LEN);
	memcpy(want + SHA384_LEN, "ab", 2);
	sha384(want, sizeof(want), want);
	ok(nsm_extend_pcr(fd, 16, "ab", 2, &pcr, &e) == 0 &&
	   memcmp(pcr.value, want, SHA384_LEN) == 0, "extended");
	ok(nsm_describe_pcr(fd, 16, &pcr, &e) == 0 && !pcr.locked &&
	   memcmp(pcr.value, want, SHA384_LEN) == 0, "and kept");
	ok(nsm_lock_pcr(fd, 16, &e) == 0 &&
	   nsm_describe_pcr(fd, 16, &pcr, &e) == 0 && pcr.locked, "locked");
	ok(nsm_extend_pcr(fd, 16, "ab", 2, &pcr, &e) < 0 &&
	   e.class == ERR_NO, "then nothing extends it");
	ok(nsm_lock_pcr(fd, 0, &e) < 0 && e.class == ERR_NO,
	   "those of the boot are locked");

	fails(fd, "NSM_FAKE_ERRNO", "5", "the Nitro Security Module does not "
	      "answer: Input/output error");
	fails(fd, "NSM_FAKE_ERROR", "InternalError",
	      "the NSM has an internal error");
	fails(fd, "NSM_FAKE_ANSWER", "a1",
	      "the NSM's answer to DescribePCR is malformed");
	close(fd);
}

static bool is(const struct nsm_bytes *b, const char *text)
{
	return b->data && b->len == strlen(text) &&
	       memcmp(b->data, text, b->len) == 0;
}

static void test_document(void)
{
	static const struct nsm_attest asked = {
		.user_data = { "data", 4 }, .public_key = { "key", 3 },
	};
	AUTO_BUF struct buf b = BUF_INIT(NSM_RESPONSE_MAX);
	struct attestation a;
	struct err e = { .msg = "" };
	int fd = nsm_open(&e);

	setenv("NSM_FAKE_TIME", "1700000000123", 1);
	ok(nsm_attest(fd, &asked, &b, &e) == 0, "attested");
	unsetenv("NSM_FAKE_TIME");
	close(fd);
	ok(attestation_parse(b.data, b.len, &a, &e) == 0, "and read");
	ok(a.timestamp_ms == 1700000000123, "the time");
	ok(is(&a.module_id, "i-fake-enc0123456789abcdef"), "the module");
	ok(a.pcrs[31].len == SHA384_LEN &&
	   *(const uint8_t *)a.pcrs[31].data == 31, "the last register");
	ok(is(&a.certificate, "certificate") && a.n_cabundle == 1 &&
	   is(&a.cabundle[0], "root"), "certificates");
	ok(is(&a.user_data, "data") && is(&a.public_key, "key") &&
	   !a.nonce.data, "what was asked to be in it");
	ok(a.cose.algorithm == -35 && a.cose.signature_len == 96,
	   "the parts of the COSE_Sign1");
	for (size_t cut = 0; cut < b.len; cut++)
		if (attestation_parse(b.data, cut, &a, &e) == 0)
			ok(0, "cut short");
	buf_addc(&b, '\0');
	ok(attestation_parse(b.data, b.len, &a, &e) < 0, "a byte too many");
	same_str(e.msg, "attestation document: not a COSE_Sign1 (RFC 9052 "
		 "section 4.2)", "the sentence");
}

/* Around a payload in hex. */
static void payload(const char *hex, const char *want)
{
	AUTO_BUF struct buf b = BUF_INIT(1024);
	struct bytes p = from_hex(hex);
	struct attestation a;
	struct err e = { .msg = "" };

	cbor_put_array(&b, 4);
	cbor_put_bytes(&b, "\xa1\x01\x38\x22", 4);
	cbor_put_map(&b, 0);
	cbor_put_bytes(&b, p.data, p.len);
	cbor_put_bytes(&b, "", 0);
	ok((attestation_parse(b.data, b.len, &a, &e) == 0) == !*want, hex);
	same_str(e.msg, want, "the sentence");
}

#define MODULE	"696d6f64756c655f69646161"
#define DIGEST	"6664696765737466534841333834"
#define TIME	"6974696d657374616d7001"
#define ZEROS32	\
	"0000000000000000000000000000000000000000000000000000000000000000"
#define PCR0	"6470637273a1005820" ZEROS32
#define CERT	"6b63657274696669636174654101"
#define BUNDLE	"68636162756e646c65814101"
#define AT	"attestation document: "

static void test_payloads(void)
{
	payload("a6" MODULE DIGEST TIME PCR0 CERT BUNDLE, "");
	payload("bf" MODULE DIGEST TIME PCR0 CERT BUNDLE "ff", "");
	payload("a7" MODULE DIGEST TIME PCR0 CERT BUNDLE "6178a0", "");
	payload("a7" MODULE DIGEST TIME PCR0 CERT BUNDLE "656e6f6e6365f6", "");
	payload("a5" MODULE DIGEST TIME PCR0 CERT, AT "no 'cabundle'");
	payload("a5" MODULE DIGEST TIME PCR0 BUNDLE, AT "no 'certificate'");
	payload("a5" MODULE DIGEST TIME CERT BUNDLE, AT "no 'pcrs'");
	payload("a0", AT "no 'module_id'");
	payload("80", AT "the payload is no map");
	payload("a100", AT "the payload has a member without a name");
	payload("bf" MODULE, AT "the payload is cut short or goes on");
	payload("a6" MODULE DIGEST TIME PCR0 CERT BUNDLE "00",
		AT "the payload is cut short or goes on");
	payload("a2" DIGEST DIGEST,
		AT "'digest' is malformed or there twice");
	payload("a1" "6664696765737466534841323536",
		AT "'digest' is malformed or there twice");
	payload("a1" "6470637273a118204101",
		AT "'pcrs' is malformed or there twice");
	payload("a1" "6470637273a118205820" ZEROS32,
		AT "'pcrs' is malformed or there twice");
	payload("a1" "6470637273a1004101",
		AT "'pcrs' is malformed or there twice");
	payload("a1" "6974696d657374616d7020",
		AT "'timestamp' is malformed or there twice");
	payload("a1" "6974696d657374616d7000",
		AT "'timestamp' is malformed or there twice");
	/* the last millisecond of the year 9999, and one more */
	payload("a6" MODULE DIGEST "6974696d657374616d701b0000e677d21fdbff"
		PCR0 CERT BUNDLE, "");
	payload("a1" "6974696d657374616d701b0000e677d21fdc00",
		AT "'timestamp' is malformed or there twice");
	payload("a1" "696d6f64756c655f696460",
		AT "'module_id' is malformed or there twice");
	payload("a1" "6a7075626c69635f6b657940",
		AT "'public_key' is malformed or there twice");
	payload("a1" "68636162756e646c658140",
		AT "'cabundle' is malformed or there twice");
	payload("a2" PCR0 PCR0, AT "'pcrs' is malformed or there twice");
	payload("a2" "656e6f6e6365f6" "656e6f6e63654101",
		AT "'nonce' is malformed or there twice");
}

/* A member of that many bytes, and whether it may have them. */
static void of_size(const char *name, size_t len, bool good)
{
	static const uint8_t data[2048];
	AUTO_BUF struct buf p = BUF_INIT(8192), b = BUF_INIT(8192);
	struct bytes rest = from_hex(MODULE DIGEST TIME);
	struct attestation a;
	struct err e = { .msg = "" };
	AUTO_FREE char *what = xasprintf("%s of %zu bytes", name, len);
	bool is_pcr = strcmp(name, "pcrs") == 0;
	bool is_cert = strcmp(name, "certificate") == 0;
	bool is_bundle = strcmp(name, "cabundle") == 0;

	cbor_put_map(&p, is_pcr || is_cert || is_bundle ? 6 : 7);
	buf_add(&p, rest.data, rest.len);
	cbor_put_text(&p, "pcrs");
	cbor_put_map(&p, 1);
	cbor_put_int(&p, 31);
	cbor_put_bytes(&p, data, is_pcr ? len : 48);
	cbor_put_text(&p, "certificate");
	cbor_put_bytes(&p, data, is_cert ? len : 1);
	cbor_put_text(&p, "cabundle");
	cbor_put_array(&p, 1);
	cbor_put_bytes(&p, data, is_bundle ? len : 1);
	if (!is_pcr && !is_cert && !is_bundle) {
		cbor_put_text(&p, name);
		cbor_put_bytes(&p, data, len);
	}
	cbor_put_array(&b, 4);
	cbor_put_bytes(&b, "\xa1\x01\x38\x22", 4);
	cbor_put_map(&b, 0);
	cbor_put_bytes(&b, p.data, p.len);
	cbor_put_bytes(&b, "", 0);
	ok((attestation_parse(b.data, b.len, &a, &e) == 0) == good, what);
}

static void test_sizes(void)
{
	for (size_t len = 0; len <= 80; len++)
		if (len % 16 <= 1 || len % 16 == 15)
			of_size("pcrs", len,
				len == 32 || len == 48 || len == 64);
	of_size("certificate", 1024, true);
	of_size("certificate", 1025, false);
	of_size("cabundle", 1024, true);
	of_size("cabundle", 1025, false);
	of_size("nonce", 0, true);
	of_size("nonce", 512, true);
	of_size("nonce", 513, false);
	of_size("user_data", 512, true);
	of_size("user_data", 513, false);
	of_size("public_key", 1024, true);
	of_size("public_key", 1025, false);
}

static void test_large(void)
{
	static const uint8_t zeros[ATTESTATION_MAX + 1];
	struct attestation a;
	struct err e = { .msg = "" };

	ok(attestation_parse(zeros, sizeof(zeros), &a, &e) < 0, "too large");
	same_str(e.msg, AT "larger than 16384 bytes", "the sentence");
}

/* A certificate more than there may be, a PCR twice. */
static void test_counts(void)
{
	AUTO_BUF struct buf hex = BUF_INIT(1024);

	for (unsigned n = 16; n <= 17; n++) {
		hex.len = 0;
		buf_adds(&hex, "a6" MODULE DIGEST TIME PCR0 CERT
			 "68636162756e646c65");
		buf_addf(&hex, "%x", 0x80 + n);
		for (unsigned i = 0; i < n; i++)
			buf_adds(&hex, "4101");
		payload(hex.data, n == 16 ? "" :
			AT "'cabundle' is malformed or there twice");
	}
	payload("a1" "6470637273a2" "005820" ZEROS32 "005820" ZEROS32,
		AT "'pcrs' is malformed or there twice");
}

/* What is around the payload, in hex, is in one form alone: nothing of it may
 * be unsigned, or signed and not looked at. */
static void around(const char *before, const char *after, bool good)
{
	static const char inside[] = "a6" MODULE DIGEST TIME PCR0 CERT BUNDLE;
	AUTO_FREE char *all = xasprintf("%s58%02zx%s%s", before,
					strlen(inside) / 2, inside, after);
	struct bytes b = from_hex(all);
	struct attestation a;
	struct err e = { .msg = "" };

	ok((attestation_parse(b.data, b.len, &a, &e) == 0) == good, all);
}

static void test_around(void)
{
	around("8444a1013822a0", "40", true);
	around("8444a1013822a0", "4000", false);
	around("8544a1013822a0", "4000", false);
	around("8544a1013822a0", "40", false);
	around("8344a1013822a0", "40", false);
	around("8344a1013822a0", "", false);
	around("8444a1013822a0", "4101", true);
	around("8444a1013822f6", "40", false);
	around("8444a1013822a10126", "40", false);
	around("8444a1013822a1", "40", false);
	around("84f6a0", "40", false);
	around("8440a0", "40", false);
	around("8441a0a0", "40", false);
	around("8444a1033822a0", "40", false);
	around("8444a2013822a0", "40", false);
	around("8447a2013822040000a0", "40", false);
	around("8446a20138220400a0", "40", false);
	around("8445a101382200a0", "40", false);
	around("8447a2013822013822a0", "40", false);
	around("d28444a1013822a0", "40", false);
}

int main(void)
{
	test_requests();
	test_answers();
	test_device();
	test_document();
	test_payloads();
	test_sizes();
	test_counts();
	test_large();
	test_around();
	return tap_done();
}
