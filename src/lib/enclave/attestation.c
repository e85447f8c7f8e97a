/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestation.c - an attestation document, taken apart
 *
 * Trust: a verifier gets documents from strangers; every byte is hostile.
 */
#include "enclave/attestation.h"

#include <stdbool.h>
#include <string.h>

#include "base/cbor.h"

#define CERTIFICATE_MAX 1024u
#define MODULE_ID_MAX	256u
#define TIMESTAMP_MAX	INT64_C(253402300799999)	/* the year 9999 */

static int get_bytes(struct cbor *c, struct nsm_bytes *out, size_t max)
{
	const uint8_t *data;

	if (out->data || cbor_get_bytes(c, &data, &out->len) < 0 ||
	    out->len > max)
		return -1;
	out->data = data;
	return 0;
}

/* Null is as good as absent, and may be there instead of bytes. */
static int get_optional(struct cbor *c, struct nsm_bytes *out, size_t max)
{
	return cbor_take_null(c) ? 0 : get_bytes(c, out, max);
}

/* AWS, "Verifying the root of trust": 1 to 1024 bytes, where there is one. */
static int get_public_key(struct cbor *c, struct nsm_bytes *out)
{
	if (get_optional(c, out, NSM_PUBLIC_KEY_MAX) < 0)
		return -1;
	return out->data && out->len == 0 ? -1 : 0;
}

static int get_pcrs(struct cbor *c, struct attestation *a)
{
	struct cbor_items in;
	int64_t index;
	int more;

	if (cbor_enter_map(c, &in) < 0)
		return -1;
	while ((more = cbor_more(c, &in)) > 0) {
		struct nsm_bytes *pcr;

		if (cbor_get_int(c, &index) < 0 || index < 0 ||
		    index >= (int64_t)NSM_PCRS)
			return -1;
		pcr = &a->pcrs[index];
		if (get_bytes(c, pcr, NSM_PCR_MAX) < 0 ||
		    (pcr->len != 32 && pcr->len != 48 && pcr->len != 64))
			return -1;
	}
	return more;
}

static int get_cabundle(struct cbor *c, struct attestation *a)
{
	struct cbor_items in;
	int more;

	if (cbor_enter_array(c, &in) < 0)
		return -1;
	while ((more = cbor_more(c, &in)) > 0) {
		struct nsm_bytes *cert;

		if (a->n_cabundle == ATTESTATION_CHAIN_MAX)
			return -1;
		cert = &a->cabundle[a->n_cabundle++];
		if (get_bytes(c, cert, CERTIFICATE_MAX) < 0 || cert->len == 0)
			return -1;
	}
	return more;
}

static int get_text(struct cbor *c, struct nsm_bytes *out, size_t max)
{
	const char *text;

	if (cbor_get_text(c, &text, &out->len) < 0 || out->len == 0 ||
	    out->len > max)
		return -1;
	out->data = text;
	return 0;
}

static int get_digest(struct cbor *c)
{
	const char *text;
	size_t len;

	return cbor_get_text(c, &text, &len) == 0 &&
	       cbor_text_is(text, len, "SHA384") ? 0 : -1;
}

static int get_timestamp(struct cbor *c, struct attestation *a)
{
	int64_t ms;

	if (cbor_get_int(c, &ms) < 0 || ms <= 0 || ms > TIMESTAMP_MAX)
		return -1;
	a->timestamp_ms = (uint64_t)ms;
	return 0;
}

enum member { MODULE_ID, DIGEST, TIMESTAMP, PCRS, CERTIFICATE, CABUNDLE,
	      PUBLIC_KEY, USER_DATA, NONCE, MEMBERS };

static const struct {
	const char *name;
	bool required;
} members[MEMBERS] = {
	[MODULE_ID] = { "module_id", true },
	[DIGEST] = { "digest", true },
	[TIMESTAMP] = { "timestamp", true },
	[PCRS] = { "pcrs", true },
	[CERTIFICATE] = { "certificate", true },
	[CABUNDLE] = { "cabundle", true },
	[PUBLIC_KEY] = { "public_key", false },
	[USER_DATA] = { "user_data", false },
	[NONCE] = { "nonce", false },
};

static int get_member(struct cbor *c, enum member which,
		      struct attestation *a)
{
	switch (which) {
	case MODULE_ID:
		return get_text(c, &a->module_id, MODULE_ID_MAX);
	case DIGEST:
		return get_digest(c);
	case TIMESTAMP:
		return get_timestamp(c, a);
	case PCRS:
		return get_pcrs(c, a);
	case CERTIFICATE:
		return get_bytes(c, &a->certificate, CERTIFICATE_MAX);
	case CABUNDLE:
		return get_cabundle(c, a);
	case PUBLIC_KEY:
		return get_public_key(c, &a->public_key);
	case USER_DATA:
		return get_optional(c, &a->user_data, NSM_USER_DATA_MAX);
	case NONCE:
		return get_optional(c, &a->nonce, NSM_NONCE_MAX);
	case MEMBERS:
		break;
	}
	return cbor_skip(c);
}

static enum member find_member(const char *name, size_t len)
{
	size_t i = 0;

	while (i < MEMBERS && !cbor_text_is(name, len, members[i].name))
		i++;
	return (enum member)i;
}

static int parse_payload(struct attestation *a, struct err *e)
{
	struct cbor c = cbor_from(a->cose.payload, a->cose.payload_len);
	bool seen[MEMBERS] = { false };
	struct cbor_items in;
	const char *name;
	size_t len;
	int more;

	if (cbor_enter_map(&c, &in) < 0)
		return err_set(e, ERR_INPUT,
			       "attestation document: the payload is no map");
	while ((more = cbor_more(&c, &in)) > 0) {
		enum member which;

		if (cbor_get_text(&c, &name, &len) < 0)
			return err_set(e, ERR_INPUT,
				       "attestation document: the payload has a member without a name");
		which = find_member(name, len);
		if ((which < MEMBERS && seen[which]) ||
		    get_member(&c, which, a) < 0)
			return err_set(e, ERR_INPUT,
				       "attestation document: '%s' is malformed or there twice",
				       which < MEMBERS ? members[which].name :
							 "a member");
		if (which < MEMBERS)
			seen[which] = true;
	}
	if (more < 0 || !cbor_at_end(&c))
		return err_set(e, ERR_INPUT,
			       "attestation document: the payload is cut short or goes on");
	for (size_t i = 0; i < MEMBERS; i++)
		if (members[i].required && !seen[i])
			return err_set(e, ERR_INPUT,
				       "attestation document: no '%s'",
				       members[i].name);
	return 0;
}

int attestation_parse(const void *document, size_t len, struct attestation *a,
		      struct err *e)
{
	memset(a, 0, sizeof(*a));
	if (len > ATTESTATION_MAX)
		return err_set(e, ERR_INPUT,
			       "attestation document: larger than %u bytes",
			       ATTESTATION_MAX);
	if (cose_read(document, len, &a->cose) < 0)
		return err_set(e, ERR_INPUT,
			       "attestation document: not a COSE_Sign1 (RFC 9052 section 4.2)");
	return parse_payload(a, e);
}
