/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kms.c - requests to AWS KMS as the proxy in the enclave changes them
 *
 * Trust: the application's bytes are bounded and checked in shape; KMS's
 * answers come over TLS and are read as anybody's.  No plaintext is put into
 * jansson's hands, which wipes nothing.
 */
#include "enclave/kms.h"

#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"

#define SERVICE	 "kms"
#define PREFIX	 "TrentService."
#define OPENED	 "CiphertextForRecipient"

/* The actions whose answers hold plaintext, and where. */
static const struct {
	const char *target, *member;
} attesting[] = {
	{ PREFIX "Decrypt", "Plaintext" },
	{ PREFIX "DeriveSharedSecret", "SharedSecret" },
	{ PREFIX "GenerateDataKey", "Plaintext" },
	{ PREFIX "GenerateDataKeyPair", "PrivateKeyPlaintext" },
	{ PREFIX "GenerateRandom", "Plaintext" },
};

static int read_target(const struct http1_head *h, struct kms_call *c,
		       struct err *e)
{
	struct http1_text t;
	size_t n = strlen(PREFIX);

	if (http1_find(h, "x-amz-target", &t) != 1 ||
	    t.len > KMS_TARGET_MAX || t.len <= n ||
	    strncasecmp(t.s, PREFIX, n) != 0)
		return err_set(e, ERR_INPUT,
			       "the request is not one of KMS: X-Amz-Target must be " PREFIX "ACTION");
	for (; n < t.len; n++)
		if (!((t.s[n] >= 'a' && t.s[n] <= 'z') ||
		      (t.s[n] >= 'A' && t.s[n] <= 'Z')))
			return err_set(e, ERR_INPUT,
				       "X-Amz-Target names no action");
	memcpy(c->target, t.s, t.len);
	c->target[t.len] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(attesting); i++)
		if (strcasecmp(c->target, attesting[i].target) == 0)
			c->member = attesting[i].member;
	return 0;
}

int kms_read_request(const struct http1_head *h, struct kms_call *c,
		     struct err *e)
{
	struct http1_text auth;

	memset(c, 0, sizeof(*c));
	if (!http1_is(h->method, "POST") || !http1_is(h->path, "/"))
		return err_set(e, ERR_INPUT,
			       "requests to KMS are POST /, nothing else");
	if (read_target(h, c, e) < 0)
		return -1;
	if (http1_find(h, "authorization", &auth) != 1)
		return err_set(e, ERR_INPUT,
			       "the request is not signed: there must be one Authorization header (any credentials will do)");
	return sigv4_parse(auth.s, auth.len, SERVICE, &c->scope, e);
}

char *kms_authority(const struct kms_call *c, const struct manifest *m)
{
	for (size_t i = 0; i < m->n_endpoints; i++)
		if (strcmp(m->endpoints[i].region, c->scope.region) == 0)
			return xstrdup(m->endpoints[i].host);
	return xasprintf("kms.%s.amazonaws.com", c->scope.region);
}

int kms_add_recipient(struct kms_call *c, const char *body, size_t len,
		      const struct nsm_bytes *document, struct buf *out,
		      struct err *e)
{
	AUTO_JSON json_t *j = json_parse_object(body, len, "request", e);
	AUTO_FREE char *text = NULL, *base64 = NULL;
	json_t *recipient;

	if (!j)
		return -1;
	if (json_object_get(j, "Recipient")) {
		c->member = NULL;
		buf_add(out, body, len);
		return 0;
	}
	base64 = xmalloc(BASE64_LEN(document->len) + 1);
	base64_encode(document->data, document->len, base64);
	recipient = json_object();
	json_put_str(recipient, "AttestationDocument", base64);
	json_put_str(recipient, "KeyEncryptionAlgorithm",
		     "RSAES_OAEP_SHA_256");
	json_put(j, "Recipient", recipient);
	text = json_text_ordered(j);
	if (buf_append(out, text, strlen(text)) < 0)
		return err_set(e, ERR_INPUT, "the request is too large");
	return 0;
}

int kms_put_request(const struct kms_call *c, const char *authority,
		    const char *body, size_t len,
		    const struct imds_credentials *cred, int64_t now,
		    struct buf *out, struct err *e)
{
	AUTO_BUF struct buf auth = BUF_INIT(4096);
	char date[SIGV4_DATE], hash[SHA256_HEX];
	const struct sigv4_header headers[] = {
		{ "Host", authority },
		{ "Content-Type", KMS_TYPE },
		{ "X-Amz-Date", date },
		{ "X-Amz-Target", c->target },
		{ "X-Amz-Security-Token", cred->token },
	};
	const struct sigv4_request r = { "POST", "/", "", headers,
					 ARRAY_SIZE(headers), hash };
	const struct sigv4_key key = { cred->key_id, cred->secret,
				       c->scope.region, SERVICE };

	sigv4_date(now, date);
	sha256_hex(body, len, hash);
	if (sigv4_authorization(&r, &key, date, &auth, e) < 0)
		return -1;
	buf_adds(out, "POST / HTTP/1.1\r\n");
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
		buf_addf(out, "%s: %s\r\n", headers[i].name,
			 headers[i].value);
	buf_addf(out, "Authorization: %s\r\nContent-Length: %zu\r\n"
		 "Connection: close\r\n\r\n", auth.data, len);
	buf_add(out, body, len);
	return 0;
}

/* {"MEMBER":"BASE64",REST}: base64 needs no escapes, and rest is the text of
 * an object. */
static char *put_first(const char *member, const char *base64,
		       const char *rest, size_t *len)
{
	bool more = strcmp(rest, "{}") != 0;
	size_t room = strlen(member) + strlen(base64) + strlen(rest) + 16;
	char *text = xmalloc(room);

	*len = (size_t)snprintf(text, room, "{\"%s\":\"%s\"%s%s", member,
				base64, more ? "," : "", rest + 1);
	return text;
}

/* The plaintext in base64: new, to be wiped. */
static char *open_base64(const struct keypair *k, const char *text,
			 struct err *e)
{
	uint8_t plain[CMS_CONTENT_MAX];
	AUTO_FREE uint8_t *cms = NULL;
	char *base64;
	size_t n = 0, len;

	if (strlen(text) <= BASE64_LEN(CMS_MAX))
		cms = base64_decode(text, strlen(text), &n);
	if (!cms) {
		err_set(e, ERR_REMOTE, OPENED " is not base64, or too large");
		return NULL;
	}
	if (keypair_open_cms(k, cms, n, plain, &len, e) < 0)
		return NULL;
	base64 = xmalloc(BASE64_LEN(len) + 1);
	base64_encode(plain, len, base64);
	explicit_bzero(plain, sizeof(plain));
	return base64;
}

char *kms_open_answer(const struct kms_call *c, const struct keypair *k,
		      const char *body, size_t len, size_t *out_len,
		      struct err *e)
{
	AUTO_JSON json_t *j = json_parse_object(body, len, "answer of KMS", e);
	AUTO_FREE char *rest = NULL;
	char *base64, *text;
	const char *cms;

	if (!j) {
		e->class = ERR_REMOTE;
		return NULL;
	}
	cms = json_str(j, OPENED);
	if (!cms) {
		err_set(e, ERR_REMOTE, "the answer of KMS has no " OPENED);
		return NULL;
	}
	base64 = open_base64(k, cms, e);
	if (!base64)
		return NULL;
	json_object_del(j, OPENED);
	json_object_del(j, c->member);
	rest = json_text_ordered(j);
	text = put_first(c->member, base64, rest, out_len);
	explicit_bzero(base64, strlen(base64));
	free(base64);
	return text;
}

/* "com.amazonaws.kms#NameException" or the name alone. */
static bool is_type(const char *type, const char *name)
{
	const char *hash = type ? strrchr(type, '#') : NULL;

	return type && strcmp(hash ? hash + 1 : type, name) == 0;
}

static const char *message_of(const json_t *j)
{
	const char *text = json_str(j, "message");

	if (!text)
		text = json_str(j, "Message");
	return text ? text : "";
}

enum kms_fault kms_fault_of(unsigned status, const char *body, size_t len)
{
	static const char *const credentials[] = {
		"ExpiredTokenException", "UnrecognizedClientException",
		"InvalidClientTokenId",
	};
	AUTO_JSON json_t *j = NULL;
	const char *type;
	struct err e;

	if (status < 400 || status >= 500)
		return KMS_FAULT_OTHER;
	j = json_parse_object(body, len, "answer of KMS", &e);
	type = json_str(j, "__type");
	for (size_t i = 0; i < ARRAY_SIZE(credentials); i++)
		if (is_type(type, credentials[i]))
			return KMS_FAULT_CREDENTIALS;
	if (is_type(type, "InvalidSignatureException") &&
	    (strstr(message_of(j), "Signature expired") ||
	     strstr(message_of(j), "Signature not yet current")))
		return KMS_FAULT_CLOCK;
	return KMS_FAULT_OTHER;
}

char *kms_explain_clock(const char *body, size_t len, int64_t now)
{
	AUTO_JSON json_t *j = NULL;
	AUTO_FREE char *message = NULL;
	char date[CLOCK_TEXT];
	struct err e;

	j = json_parse_object(body, len, "answer of KMS", &e);
	if (!j)
		return xstrndup(body, len);
	clock_format(now, date);
	message = xasprintf("%s (odyn: the clock of the enclave says %s; it is set from the PTP device or the NSM, see odyn(8))",
			    message_of(j), date);
	json_object_del(j, "Message");
	json_put_str(j, "message", message);
	return json_text(j);
}

char *kms_error_body(const char *sentence)
{
	AUTO_JSON json_t *j = json_object();

	json_put_str(j, "__type", "EnclaverKmsProxyException");
	json_put_str(j, "message", sentence);
	return json_text(j);
}
