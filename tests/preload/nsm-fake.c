/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nsm-fake.c - a Nitro Security Module where there is none
 *
 * Linked into a test program it stands before libc's open() and ioctl(): what
 * is static can have it too.  Registers are kept while the program runs, 0 to
 * 15 are locked, and register n begins as 48 bytes of n.  Documents have the
 * right shape and no valid signature.
 *
 *   NSM_FAKE_ABSENT=1      there is no /dev/nsm
 *   NSM_FAKE_ERRNO=N       ioctl() fails
 *   NSM_FAKE_ERROR=NAME    it answers {"Error": NAME}
 *   NSM_FAKE_ANSWER=HEX    it answers with these bytes
 *   NSM_FAKE_TIME=N        milliseconds since 1970 of its clock
 *   NSM_FAKE_SEED=FILE     what is credited to the kernel's randomness goes
 *                          there instead: bits, bytes, the bytes
 *
 * This machine's clock stays as it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <linux/random.h>

#include <openssl/sha.h>

#include "base/cbor.h"
#include "base/cleanup.h"
#include "base/digest.h"

#define PCRS 32
#define LEN  SHA384_LEN
#define ROOM 12288

struct raw {
	struct iovec request, response;
};

static struct {
	bool	 begun;
	uint8_t	 value[PCRS][LEN];
	bool	 locked[PCRS];
} nsm;

static bool set(const char *name)
{
	return getenv(name) != NULL;
}

int open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	if (flags & (O_CREAT | O_TMPFILE)) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	if (strcmp(path, "/dev/nsm") == 0) {
		if (set("NSM_FAKE_ABSENT")) {
			errno = ENOENT;
			return -1;
		}
		path = "/dev/null";
	}
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static void begin(void)
{
	for (int i = 0; i < PCRS && !nsm.begun; i++) {
		memset(nsm.value[i], i, LEN);
		nsm.locked[i] = i < 16;
	}
	nsm.begun = true;
}

static void say_error(const char *name, struct buf *out)
{
	cbor_put_map(out, 1);
	cbor_put_text(out, "Error");
	cbor_put_text(out, name);
}

/* {"NAME": {MEMBER: bytes …}}; what follows is the caller's. */
static void say_bytes(const char *name, size_t members, const char *member,
		      const void *data, size_t len, struct buf *out)
{
	cbor_put_map(out, 1);
	cbor_put_text(out, name);
	cbor_put_map(out, members);
	cbor_put_text(out, member);
	cbor_put_bytes(out, data, len);
}

static void random_bytes(struct buf *out)
{
	uint8_t data[256];

	if (getrandom(data, sizeof(data), 0) != sizeof(data))
		abort();
	say_bytes("GetRandom", 1, "random", data, sizeof(data), out);
}

/* What the request has in it. */
struct asked {
	int64_t index;
	const uint8_t *user_data, *nonce, *public_key, *data;
	size_t user_data_len, nonce_len, public_key_len, data_len;
};

static int read_bytes(struct cbor *c, const uint8_t **data, size_t *len)
{
	return cbor_take_null(c) ? 0 : cbor_get_bytes(c, data, len);
}

static int read_asked(struct cbor *c, struct asked *a)
{
	struct cbor_items in;
	const char *key;
	size_t len;
	int more;

	a->index = -1;
	if (cbor_enter_map(c, &in) < 0)
		return -1;
	while ((more = cbor_more(c, &in)) > 0) {
		if (cbor_get_text(c, &key, &len) < 0)
			return -1;
		if (cbor_text_is(key, len, "index"))
			more = cbor_get_int(c, &a->index);
		else if (cbor_text_is(key, len, "data"))
			more = read_bytes(c, &a->data, &a->data_len);
		else if (cbor_text_is(key, len, "user_data"))
			more = read_bytes(c, &a->user_data, &a->user_data_len);
		else if (cbor_text_is(key, len, "nonce"))
			more = read_bytes(c, &a->nonce, &a->nonce_len);
		else if (cbor_text_is(key, len, "public_key"))
			more = read_bytes(c, &a->public_key,
					  &a->public_key_len);
		else
			more = -1;
		if (more < 0)
			return -1;
	}
	return more;
}

static int64_t fake_time(void)
{
	struct timespec ts;

	if (set("NSM_FAKE_TIME"))
		return strtoll(getenv("NSM_FAKE_TIME"), NULL, 10);
	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void put_optional(const char *name, const uint8_t *data, size_t len,
			 struct buf *out)
{
	cbor_put_text(out, name);
	if (data)
		cbor_put_bytes(out, data, len);
	else
		cbor_put_null(out);
}

static void put_payload(const struct asked *a, struct buf *out)
{
	cbor_put_map(out, 9);
	cbor_put_text(out, "module_id");
	cbor_put_text(out, "i-fake-enc0123456789abcdef");
	cbor_put_text(out, "digest");
	cbor_put_text(out, "SHA384");
	cbor_put_text(out, "timestamp");
	cbor_put_int(out, fake_time());
	cbor_put_text(out, "pcrs");
	cbor_put_map(out, PCRS);
	for (int i = 0; i < PCRS; i++) {
		cbor_put_int(out, i);
		cbor_put_bytes(out, nsm.value[i], LEN);
	}
	cbor_put_text(out, "certificate");
	cbor_put_bytes(out, "certificate", 11);
	cbor_put_text(out, "cabundle");
	cbor_put_array(out, 1);
	cbor_put_bytes(out, "root", 4);
	put_optional("public_key", a->public_key, a->public_key_len, out);
	put_optional("user_data", a->user_data, a->user_data_len, out);
	put_optional("nonce", a->nonce, a->nonce_len, out);
}

static void attest(const struct asked *a, struct buf *out)
{
	static const uint8_t signature[96];
	AUTO_BUF struct buf payload = BUF_INIT(ROOM), cose = BUF_INIT(ROOM);

	put_payload(a, &payload);
	cbor_put_array(&cose, 4);
	cbor_put_bytes(&cose, "\xa1\x01\x38\x22", 4);	/* {1: ES384} */
	cbor_put_map(&cose, 0);
	cbor_put_bytes(&cose, payload.data, payload.len);
	cbor_put_bytes(&cose, signature, sizeof(signature));
	say_bytes("Attestation", 1, "document", cose.data, cose.len, out);
}

static void extend(const struct asked *a, struct buf *out)
{
	uint8_t text[LEN + 4096], *pcr = nsm.value[a->index];

	memcpy(text, pcr, LEN);
	memcpy(text + LEN, a->data, a->data_len);
	SHA384(text, LEN + a->data_len, pcr);
	say_bytes("ExtendPCR", 1, "data", pcr, LEN, out);
}

static void about_pcr(const char *name, size_t len, const struct asked *a,
		      struct buf *out)
{
	if (a->index < 0 || a->index >= PCRS) {
		say_error("InvalidIndex", out);
	} else if (cbor_text_is(name, len, "DescribePCR")) {
		say_bytes("DescribePCR", 2, "data", nsm.value[a->index], LEN,
			  out);
		cbor_put_text(out, "lock");
		buf_addc(out, nsm.locked[a->index] ? '\xf5' : '\xf4');
	} else if (nsm.locked[a->index]) {
		say_error("ReadOnlyIndex", out);
	} else if (cbor_text_is(name, len, "ExtendPCR") && a->data) {
		extend(a, out);
	} else if (cbor_text_is(name, len, "LockPCR")) {
		nsm.locked[a->index] = true;
		cbor_put_text(out, "LockPCR");
	} else {
		say_error("InvalidOperation", out);
	}
}

static void answer(const struct iovec *request, struct buf *out)
{
	struct cbor c = cbor_from(request->iov_base, request->iov_len);
	struct cbor bookmark = c;
	struct asked a = { 0 };
	struct cbor_items in;
	const char *name;
	size_t len;

	if (cbor_get_text(&bookmark, &name, &len) == 0 &&
	    cbor_text_is(name, len, "GetRandom"))
		random_bytes(out);
	else if (request->iov_len > 4096 || cbor_enter_map(&c, &in) < 0 ||
		 cbor_more(&c, &in) <= 0 ||
		 cbor_get_text(&c, &name, &len) < 0 ||
		 read_asked(&c, &a) < 0 || cbor_more(&c, &in) != 0 ||
		 !cbor_at_end(&c))
		say_error("InvalidArgument", out);
	else if (cbor_text_is(name, len, "Attestation"))
		attest(&a, out);
	else
		about_pcr(name, len, &a, out);
}

static void answer_in_hex(const char *hex, struct buf *out)
{
	uint8_t data[ROOM];

	if (hex_decode(hex, strlen(hex), data, strlen(hex) / 2) < 0)
		abort();
	buf_add(out, data, strlen(hex) / 2);
}

static int fake_ioctl(struct raw *raw)
{
	AUTO_BUF struct buf out = BUF_INIT(2 * ROOM);

	if (set("NSM_FAKE_ERRNO")) {
		errno = (int)strtol(getenv("NSM_FAKE_ERRNO"), NULL, 10);
		return -1;
	}
	begin();
	if (set("NSM_FAKE_ERROR"))
		say_error(getenv("NSM_FAKE_ERROR"), &out);
	else if (set("NSM_FAKE_ANSWER"))
		answer_in_hex(getenv("NSM_FAKE_ANSWER"), &out);
	else
		answer(&raw->request, &out);
	if (out.len > raw->response.iov_len)
		abort();
	memcpy(raw->response.iov_base, out.data, out.len);
	raw->response.iov_len = out.len;
	return 0;
}

static int keep_seed(const struct rand_pool_info *seed)
{
	AUTO_FCLOSE FILE *f = fopen(getenv("NSM_FAKE_SEED"), "w");

	if (!f)
		abort();
	fprintf(f, "%d %d\n", seed->entropy_count, seed->buf_size);
	fwrite(seed->buf, 1, (size_t)seed->buf_size, f);
	return 0;
}

int clock_settime(clockid_t clock, const struct timespec *t)
{
	(void)clock;
	(void)t;
	return 0;
}

int adjtimex(struct timex *t)
{
	(void)t;
	return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (request == _IOWR(0x0a, 0, struct raw))
		return fake_ioctl(arg);
	if (request == RNDADDENTROPY && set("NSM_FAKE_SEED"))
		return keep_seed(arg);
	return (int)syscall(SYS_ioctl, fd, request, arg);
}
