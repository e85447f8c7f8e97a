/* SPDX-License-Identifier: Apache-2.0 */
/*
 * challenge.c - the WWW-Authenticate header
 *
 * RFC 9110 sections 5.6 (tokens, quoted strings) and 11.3 (challenges):
 * a list of "SCHEME token68" and "SCHEME name=value, name=value" where the
 * commas between challenges look like those between parameters.
 */
#include "image/auth.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ALNUM  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define TCHAR  ALNUM "!#$%&'*+-.^_`|~"
#define B64    ALNUM "-._~+/"
#define BLANK  " \t"

static const char *skip(const char *s, const char *set)
{
	return s + strspn(s, set);
}

/* "name = ": where the value begins, or NULL when this is no parameter. */
static const char *value_of(const char *s, size_t *name_len)
{
	const char *after;

	*name_len = strspn(s, TCHAR);
	after = skip(s + *name_len, BLANK);
	return *name_len && *after == '=' ? skip(after + 1, BLANK) : NULL;
}

/* A token or a quoted string into out; the rest of the text, or NULL. */
static const char *value(const char *s, char *out, size_t max)
{
	bool quoted = *s == '"';
	size_t n = 0;

	if (quoted)
		s++;
	for (;;) {
		if (quoted ? *s == '"' : !*s || !strchr(TCHAR, *s))
			break;
		if (quoted && *s == '\\')
			s++;
		if (!*s || n + 1 >= max)
			return NULL;
		out[n++] = *s++;
	}
	out[n] = '\0';
	return quoted ? s + 1 : n ? s : NULL;
}

/* The parameters after a scheme's name; the rest of the text, or NULL. */
static const char *params(const char *s, struct challenge *c)
{
	char other[sizeof(c->realm)], *out;
	const char *from, *end;
	size_t len, max;

	/* token68: "Negotiate YII=", a blob instead of parameters. */
	end = skip(skip(skip(s, B64), "="), BLANK);
	if (end != s && (!*end || *end == ','))
		return end;
	while ((from = value_of(s, &len))) {
		out = other;
		max = sizeof(other);
		if (len == 5 && strncasecmp(s, "realm", len) == 0) {
			out = c->realm;
			max = sizeof(c->realm);
		} else if (len == 7 && strncasecmp(s, "service", len) == 0) {
			out = c->service;
			max = sizeof(c->service);
		} else if (len == 5 && strncasecmp(s, "scope", len) == 0) {
			out = c->scope;
			max = sizeof(c->scope);
		}
		s = value(from, out, max);
		if (!s)
			return NULL;
		s = skip(s, BLANK);
		if (*s && *s != ',')
			return NULL;
		s = skip(s, BLANK ",");
	}
	return s;
}

int challenge_parse(const char *header, struct challenge *c, struct err *e)
{
	const char *s = skip(header, BLANK ",");
	struct challenge best = *c;

	while (*s) {
		struct challenge one = { .scheme = CHALLENGE_NONE };
		size_t len = strspn(s, TCHAR);

		if (len == 5 && strncasecmp(s, "basic", len) == 0)
			one.scheme = CHALLENGE_BASIC;
		else if (len == 6 && strncasecmp(s, "bearer", len) == 0)
			one.scheme = CHALLENGE_BEARER;
		s += len;
		if (len && (*s == ' ' || *s == '\t'))
			s = params(skip(s, BLANK), &one);
		else if (!len || (*s && *s != ','))
			s = NULL;
		if (!s)
			return err_set(e, ERR_REMOTE,
				       "the registry's WWW-Authenticate header is malformed: '%.200s'",
				       header);
		s = skip(s, BLANK ",");
		if (one.scheme > best.scheme)
			best = one;
	}
	*c = best;
	return 0;
}
