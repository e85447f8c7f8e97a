/* SPDX-License-Identifier: Apache-2.0 */
/*
 * imds.c - the instance's credentials, from its metadata service
 *
 * Trust: the parent can answer here in the service's place.  What it can get
 * done with credentials of its own is that KMS refuses, or answers to somebody
 * else's keys; no plaintext leaves the enclave by that.
 */
#include "enclave/imds.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"

#define ROLES "/latest/meta-data/iam/security-credentials/"

void imds_release(struct imds *m)
{
	explicit_bzero(m, sizeof(*m));
}

void imds_credentials_release(struct imds_credentials *c)
{
	explicit_bzero(c, sizeof(*c));
}

bool imds_is_valid(const struct imds_credentials *c, int64_t now)
{
	return c->expires > now;
}

bool imds_is_due(const struct imds_credentials *c, int64_t now)
{
	return c->expires - IMDS_EARLY <= now;
}

void imds_put_request(const struct imds *m, struct buf *out)
{
	if (m->step == IMDS_TOKEN)
		buf_adds(out, "PUT /latest/api/token HTTP/1.1\r\n"
			 "X-aws-ec2-metadata-token-ttl-seconds: 60\r\n"
			 "Content-Length: 0\r\n");
	else
		buf_addf(out, "GET " ROLES "%s HTTP/1.1\r\n"
			 "X-aws-ec2-metadata-token: %s\r\n", m->role,
			 m->token);
	buf_adds(out, "Host: " IMDS_HOST "\r\nConnection: close\r\n\r\n");
}

/* A line of characters that can stand in a request: the first of the text. */
static int take_word(const char *body, size_t len, const char *marks,
		     char *out, size_t max)
{
	size_t n = 0;

	while (n < len && body[n] != '\n' && body[n] != '\r') {
		char c = body[n];

		if (n == max || !((c >= '0' && c <= '9') ||
				  (c >= 'a' && c <= 'z') ||
				  (c >= 'A' && c <= 'Z') ||
				  (c && strchr(marks, c))))
			return -1;
		out[n++] = c;
	}
	out[n] = '\0';
	return n > 0 ? 0 : -1;
}

/* A string of the credentials, which is then wiped where it was. */
static int take_secret(json_t *j, const char *name, char *out, size_t max)
{
	json_t *value = json_object_get(j, name);
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);

	if (!text || len == 0)
		return -1;
	if (take_word(text, len, "+/=_-.%", out, max) < 0 ||
	    strlen(out) != len)
		out[0] = '\0';
	explicit_bzero((char *)(uintptr_t)text, len);
	return *out ? 0 : -1;
}

static int take_credentials(const char *body, size_t len,
			    struct imds_credentials *c, struct err *e)
{
	AUTO_JSON json_t *j = json_parse_object(body, len,
						"instance metadata", e);
	const char *code = json_str(j, "Code");
	const char *expires = json_str(j, "Expiration");
	int64_t when = 0;
	int ret;

	if (!j) {
		e->class = ERR_REMOTE;
		return -1;
	}
	if (code && strcmp(code, "Success") != 0)
		return err_set(e, ERR_REMOTE,
			       "the instance's metadata has no credentials for its role: '%.64s'",
			       code);
	ret = expires ? clock_parse(expires, &when) : -1;
	/* All three, so that all three are wiped. */
	ret |= take_secret(j, "AccessKeyId", c->key_id, IMDS_KEY_MAX);
	ret |= take_secret(j, "SecretAccessKey", c->secret, IMDS_KEY_MAX);
	ret |= take_secret(j, "Token", c->token, IMDS_TOKEN_MAX);
	if (ret < 0 || when <= 0) {
		imds_credentials_release(c);
		return err_set(e, ERR_REMOTE,
			       "the instance's metadata has credentials without AccessKeyId, SecretAccessKey, Token or Expiration");
	}
	c->expires = when;
	return 0;
}

static int refuse_status(const struct imds *m, unsigned status,
			 struct err *e)
{
	if (m->step == IMDS_ROLE && status == 404)
		return err_set(e, ERR_REMOTE,
			       "the instance has no role: attach an IAM role that may use the key");
	if (status == 403)
		return err_set(e, ERR_REMOTE,
			       "the instance's metadata service is turned off");
	return err_set(e, ERR_REMOTE,
		       "the instance's metadata service answers with status %u",
		       status);
}

int imds_take_answer(struct imds *m, unsigned status, const char *body,
		     size_t len, struct imds_credentials *c, struct err *e)
{
	int ret = 0;

	if (status != 200)
		return refuse_status(m, status, e);
	if (m->step == IMDS_TOKEN)
		ret = take_word(body, len, "+/=_-", m->token, IMDS_KEY_MAX);
	else if (m->step == IMDS_ROLE)
		ret = take_word(body, len, "+=,.@_-", m->role, IMDS_ROLE_MAX);
	else if (take_credentials(body, len, c, e) < 0)
		return -1;
	if (ret < 0)
		return err_set(e, ERR_REMOTE,
			       "the instance's metadata service answers with something else than %s",
			       m->step == IMDS_TOKEN ? "a token" :
						       "the name of a role");
	m->step++;
	return 0;
}
