/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nsm.c - the Nitro Security Module: its requests and answers in CBOR
 *
 * Trust: the NSM is the hypervisor's, so trusted; its answers are read with the
 * same care as anybody's.
 */
#include "enclave/nsm.h"

#include <string.h>

#include "base/cbor.h"

/* {"NAME": {members members}} */
static void put_call(const char *name, size_t members, struct buf *out)
{
	cbor_put_map(out, 1);
	cbor_put_text(out, name);
	cbor_put_map(out, members);
}

static void put_index(unsigned index, struct buf *out)
{
	cbor_put_text(out, "index");
	cbor_put_int(out, index);
}

void nsm_put_random(struct buf *out)
{
	cbor_put_text(out, "GetRandom");
}

void nsm_put_describe_pcr(unsigned index, struct buf *out)
{
	put_call("DescribePCR", 1, out);
	put_index(index, out);
}

void nsm_put_extend_pcr(unsigned index, const void *data, size_t len,
			struct buf *out)
{
	put_call("ExtendPCR", 2, out);
	put_index(index, out);
	cbor_put_text(out, "data");
	cbor_put_bytes(out, data, len);
}

void nsm_put_lock_pcr(unsigned index, struct buf *out)
{
	put_call("LockPCR", 1, out);
	put_index(index, out);
}

static void put_optional(const char *name, const struct nsm_bytes *bytes,
			 struct buf *out)
{
	cbor_put_text(out, name);
	if (bytes->data)
		cbor_put_bytes(out, bytes->data, bytes->len);
	else
		cbor_put_null(out);
}

void nsm_put_attestation(const struct nsm_attest *a, struct buf *out)
{
	put_call("Attestation", 3, out);
	put_optional("user_data", &a->user_data, out);
	put_optional("nonce", &a->nonce, out);
	put_optional("public_key", &a->public_key, out);
}

/* What {"Error": NAME} means. */
static const struct {
	const char    *name;
	enum err_class class;
	const char    *text;
} errors[] = {
	{ "InvalidArgument", ERR_INPUT, "the NSM does not take the argument" },
	{ "InvalidIndex", ERR_INPUT, "the NSM has no such PCR" },
	{ "InvalidResponse", ERR_SYS, "the NSM's own answer was invalid" },
	{ "ReadOnlyIndex", ERR_NO, "the PCR is locked: it keeps its value until the enclave ends" },
	{ "InvalidOperation", ERR_SYS, "the NSM cannot do that now" },
	{ "BufferTooSmall", ERR_SYS, "the NSM's answer does not fit its buffer" },
	{ "InputTooLarge", ERR_INPUT, "the request is too large for the NSM" },
	{ "InternalError", ERR_SYS, "the NSM has an internal error" },
};

static int told_error(const char *name, size_t len, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		if (cbor_text_is(name, len, errors[i].name))
			return err_set(e, errors[i].class, "%s",
				       errors[i].text);
	return err_set(e, ERR_SYS, "the NSM answers with an unknown error");
}

static int no_answer(const char *name, struct err *e)
{
	return err_set(e, ERR_SYS, "the NSM's answer to %s is malformed", name);
}

/* Steps into {"NAME": …}, or tells the error that is there instead. */
static int enter_answer(struct cbor *c, const char *name, struct err *e)
{
	struct cbor_items in;
	const char *key, *error;
	size_t len;

	if (cbor_enter_map(c, &in) < 0 || cbor_more(c, &in) <= 0 ||
	    cbor_get_text(c, &key, &len) < 0)
		return no_answer(name, e);
	if (cbor_text_is(key, len, name))
		return 0;
	if (!cbor_text_is(key, len, "Error") ||
	    cbor_get_text(c, &error, &len) < 0)
		return no_answer(name, e);
	return told_error(error, len, e);
}

/* The byte string of that member, and a boolean "lock" if lock is not NULL,
 * in {"NAME": {…}}. */
static int get_member(const void *answer, size_t answer_len, const char *name,
		      const char *member, struct nsm_bytes *bytes, bool *lock,
		      struct err *e)
{
	struct cbor c = cbor_from(answer, answer_len);
	struct cbor_items in;
	const uint8_t *data = NULL;
	const char *key;
	size_t len;
	int more;

	bytes->data = NULL;
	if (enter_answer(&c, name, e) < 0)
		return -1;
	if (cbor_enter_map(&c, &in) < 0)
		return no_answer(name, e);
	while ((more = cbor_more(&c, &in)) > 0) {
		if (cbor_get_text(&c, &key, &len) < 0)
			return no_answer(name, e);
		if (cbor_text_is(key, len, member))
			more = cbor_get_bytes(&c, &data, &bytes->len);
		else if (lock && cbor_text_is(key, len, "lock"))
			more = cbor_get_bool(&c, lock);
		else
			more = cbor_skip(&c);
		if (more < 0)
			return no_answer(name, e);
	}
	if (more < 0 || !data)
		return no_answer(name, e);
	bytes->data = data;
	return 0;
}

int nsm_get_random(const void *answer, size_t len, struct nsm_bytes *random,
		   struct err *e)
{
	if (get_member(answer, len, "GetRandom", "random", random, NULL,
		       e) < 0)
		return -1;
	return random->len > 0 ? 0 : no_answer("GetRandom", e);
}

static int get_pcr(const void *answer, size_t len, const char *name,
		   bool *lock, struct nsm_pcr *pcr, struct err *e)
{
	struct nsm_bytes value;

	if (get_member(answer, len, name, "data", &value, lock, e) < 0)
		return -1;
	if (value.len == 0 || value.len > NSM_PCR_MAX)
		return no_answer(name, e);
	pcr->len = value.len;
	memcpy(pcr->value, value.data, value.len);
	return 0;
}

int nsm_get_describe_pcr(const void *answer, size_t len, struct nsm_pcr *pcr,
			 struct err *e)
{
	memset(pcr, 0, sizeof(*pcr));
	return get_pcr(answer, len, "DescribePCR", &pcr->locked, pcr, e);
}

int nsm_get_extend_pcr(const void *answer, size_t len, struct nsm_pcr *pcr,
		       struct err *e)
{
	memset(pcr, 0, sizeof(*pcr));
	return get_pcr(answer, len, "ExtendPCR", NULL, pcr, e);
}

/* The text "LockPCR" alone. */
int nsm_get_lock_pcr(const void *answer, size_t len, struct err *e)
{
	struct cbor c = cbor_from(answer, len), bookmark = c;
	const char *text;
	size_t text_len;

	if (cbor_get_text(&c, &text, &text_len) == 0 &&
	    cbor_text_is(text, text_len, "LockPCR"))
		return 0;
	/* Or {"LockPCR": …}, which would mean the same. */
	return enter_answer(&bookmark, "LockPCR", e);
}

int nsm_get_attestation(const void *answer, size_t len,
			struct nsm_bytes *document, struct err *e)
{
	return get_member(answer, len, "Attestation", "document", document,
			  NULL, e);
}
