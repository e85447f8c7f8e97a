/* SPDX-License-Identifier: Apache-2.0 */
/*
 * document.c - an attestation document: what it says, and who says so
 */
#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/xalloc.h"
#include "eif/expect.h"
#include "enc-inspect/inspect.h"
#include "enclave/attestation.h"

struct document {
	struct buf	   bytes;
	struct attestation a;		/* borrowed from bytes */
	struct err	   fault;	/* why it is not right, or of no class */
};

static void document_release(struct document *d)
{
	buf_release(&d->bytes);
}
#define AUTO_DOCUMENT AUTO(document_release)
#define DOCUMENT_INIT { .bytes = BUF_INIT(ATTESTATION_MAX), \
			.fault = { .class = ERR_NONE } }

int document_is_one(int fd, const char *name, struct err *e)
{
	uint8_t start[4] = { 0 };
	ssize_t n = io_pread(fd, start, sizeof(start), 0);

	if (n < 0 && errno != EISDIR && errno != ESPIPE)
		return err_sys(e, "cannot read '%s'", name);
	if (n == sizeof(start) && memcmp(start, "hESh", sizeof(start)) == 0)
		return err_set(e, ERR_INPUT,
			       "'%s' is an attestation document in base64: decode it first (base64 -d)",
			       name);
	/* An array of four whose first is a byte string. */
	return n == sizeof(start) && start[0] == 0x84 && start[1] >> 5 == 2;
}

/* Reads it; whether it is right is left in d->fault. */
static int load(const struct request *r, int fd, int64_t when, const char *root,
		struct document *d, struct err *e)
{
	if (buf_read_fd(&d->bytes, fd, r->object, e) < 0)
		return -1;
	if (attestation_parse(d->bytes.data, d->bytes.len, &d->a, e) < 0)
		return err_wrap(e, "'%s'", r->object);
	if (attestation_verify(&d->a, root, when, &d->fault) < 0)
		err_wrap(&d->fault, "'%s'", r->object);
	return 0;
}

static json_t *pcrs_json(const struct attestation *a)
{
	json_t *all = json_object();

	for (unsigned i = 0; i < NSM_PCRS; i++) {
		char key[8], hex[2 * NSM_PCR_MAX + 1];

		if (!a->pcrs[i].data)
			continue;
		snprintf(key, sizeof(key), "PCR%u", i);
		hex_encode(a->pcrs[i].data, a->pcrs[i].len, hex);
		json_put_str(all, key, hex);
	}
	return all;
}

static json_t *bytes_json(const struct nsm_bytes *bytes)
{
	AUTO_FREE char *text = NULL;

	if (!bytes->data)
		return json_null();
	text = xmalloc(BASE64_LEN(bytes->len) + 1);
	base64_encode(bytes->data, bytes->len, text);
	return json_string(text);
}

/* Root first; what cannot be read as one is passed over here, and is the fault
 * that the document has. */
static bool describe(const struct attestation *a, size_t i, struct cert *about)
{
	const struct nsm_bytes *der = i < a->n_cabundle ? &a->cabundle[i] :
							  &a->certificate;
	AUTO_X509 X509 *cert = cert_from_der(der->data, der->len);

	return cert && cert_describe(cert, about) == 0;
}

static json_t *chain_json(const struct attestation *a)
{
	json_t *all = json_array();
	struct cert about;

	for (size_t i = 0; i <= a->n_cabundle; i++) {
		json_t *one;

		if (!describe(a, i, &about))
			continue;
		one = json_object();
		text_json_cert(one, &about);
		json_put_str(one, "sha256", about.sha256);
		json_add(all, one);
	}
	return all;
}

static void add_json(struct buf *out, const struct document *d)
{
	AUTO_JSON json_t *all = json_object();
	const struct attestation *a = &d->a;
	bool valid = d->fault.class == ERR_NONE;
	char when[CLOCK_TEXT];

	clock_format((int64_t)(a->timestamp_ms / 1000), when);
	json_put_str(all, "schema", "enc-inspect/1");
	json_put_str(all, "type", "attestation");
	json_put(all, "valid", json_boolean(valid));
	if (!valid)
		json_put(all, "fault", text_json_string(d->fault.msg,
							strlen(d->fault.msg)));
	json_put(all, "module_id", text_json_string(a->module_id.data,
						    a->module_id.len));
	json_put_str(all, "created", when);
	json_put(all, "debug", json_boolean(attestation_is_debug(a)));
	json_put(all, "Measurements", pcrs_json(a));
	json_put(all, "nonce", bytes_json(&a->nonce));
	json_put(all, "user_data", bytes_json(&a->user_data));
	json_put(all, "public_key", bytes_json(&a->public_key));
	json_put(all, "certificates", chain_json(a));
	text_json(out, all);
}

static void row_bytes(struct buf *out, const char *label,
		      const struct nsm_bytes *bytes)
{
	AUTO_JSON json_t *text = bytes_json(bytes);

	text_row(out, label, json_string_value(text));
}

static bool is_zero(const char *hex)
{
	return hex[strspn(hex, "0")] == '\0';
}

/* Registers that nothing was measured into are left out, but for the first
 * three: of an enclave in debug mode they are zero. */
static void add_pcrs(struct buf *out, const struct attestation *a)
{
	AUTO_JSON json_t *pcrs = pcrs_json(a);
	char key[8];

	for (unsigned i = 0; i < NSM_PCRS; i++) {
		const char *hex;

		snprintf(key, sizeof(key), "PCR%u", i);
		hex = json_str(pcrs, key);
		if (hex && (i < 3 || !is_zero(hex)))
			buf_addf(out, "%s %s\n", key, hex);
	}
}

static void add_text(struct buf *out, const struct request *r,
		     const struct document *d)
{
	const struct attestation *a = &d->a;
	struct cert about;
	char when[CLOCK_TEXT];

	clock_format((int64_t)(a->timestamp_ms / 1000), when);
	text_row(out, "document", r->object);
	text_row(out, "verified", d->fault.class == ERR_NONE ? "yes" : "no");
	buf_addf(out, "%-14s ", "module");
	text_add(out, a->module_id.data, a->module_id.len);
	buf_addc(out, '\n');
	text_row(out, "created", when);
	text_row(out, "debug mode", attestation_is_debug(a) ? "yes" : "no");
	row_bytes(out, "nonce", &a->nonce);
	row_bytes(out, "user data", &a->user_data);
	row_bytes(out, "public key", &a->public_key);
	for (size_t i = 0; i <= a->n_cabundle; i++) {
		if (!describe(a, i, &about))
			continue;
		clock_format(about.not_after, when);
		buf_addf(out, "%-14s until %s ", "certificate", when);
		text_adds(out, about.subject);
		buf_addc(out, '\n');
	}
	buf_addc(out, '\n');
	add_pcrs(out, a);
}

static void add(struct buf *out, const struct request *r,
		const struct document *d)
{
	if (r->json)
		add_json(out, d);
	else
		add_text(out, r, d);
}

int document_show(struct request *r, int fd, struct buf *out, struct err *e)
{
	AUTO_DOCUMENT struct document d = DOCUMENT_INIT;

	if (load(r, fd, clock_now(), ATTESTATION_ROOT_AWS, &d, e) < 0)
		return -1;
	add(out, r, &d);
	if (d.fault.class == ERR_NONE)
		return 0;
	*e = d.fault;
	return -1;
}

static int check_nonce(const struct request *r, const struct attestation *a,
		       struct err *e)
{
	const struct demands *want = &r->demands;

	if (!want->nonce)
		return 0;
	if (!a->nonce.data)
		return err_set(e, ERR_VERIFY,
			       "'%s' has no nonce: nothing tells that it is fresh",
			       r->object);
	if (a->nonce.len != want->nonce_len ||
	    memcmp(a->nonce.data, want->nonce, want->nonce_len) != 0)
		return err_set(e, ERR_VERIFY,
			       "'%s' has another nonce than '%s': it is of another occasion",
			       r->object, want->nonce_text);
	return 0;
}

/* What is not right is not shown: a pipe may not look at the status. */
int document_verify(struct request *r, int fd, struct buf *out,
		    struct err *e)
{
	AUTO_DOCUMENT struct document d = DOCUMENT_INIT;
	AUTO_JSON json_t *is = NULL;

	if (load(r, fd, r->demands.at, r->demands.root, &d, e) < 0)
		return -1;
	if (d.fault.class != ERR_NONE) {
		*e = d.fault;
		return -1;
	}
	if (attestation_is_debug(&d.a))
		return err_set(e, ERR_VERIFY,
			       "'%s' is of an enclave in debug mode, whose console its host reads: it proves nothing",
			       r->object);
	is = pcrs_json(&d.a);
	if (check_nonce(r, &d.a, e) < 0 ||
	    (r->demands.expect &&
	     expect_check(r->demands.expect, is, r->object, e) < 0))
		return -1;
	add(out, r, &d);
	return 0;
}
