/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sigv4_parse.c - AWS Signature Version 4: what a signed request says
 *
 * Trust: the application's bytes.  The region becomes part of a host's name,
 * and so has no dot and no slash in it.
 */
#include "enclave/sigv4.h"

#include <string.h>
#include <strings.h>

#define ALGORITHM "AWS4-HMAC-SHA256"
#define VALUE_MAX 4096u
#define DIGITS	  "0123456789"
#define LOWER	  "abcdefghijklmnopqrstuvwxyz"
#define UPPER	  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static int wrong(const char *what, struct err *e)
{
	return err_set(e, ERR_INPUT,
		       "the signature (Authorization) of the request is not AWS Signature Version 4: %s",
		       what);
}

/* Takes the part up to the slash, which must be there unless last, of
 * characters of that set alone. */
static const char *take_part(char **rest, const char *set, size_t max)
{
	char *part = *rest, *slash = strchr(part, '/');

	if (!slash)
		return NULL;
	*slash = '\0';
	*rest = slash + 1;
	return *part && strlen(part) <= max &&
	       strspn(part, set) == strlen(part) ? part : NULL;
}

/* KEY/YYYYMMDD/REGION/SERVICE/aws4_request */
static int parse_credential(char *text, const char *service,
			    struct sigv4_scope *scope, struct err *e)
{
	const char *part;

	if (!take_part(&text, UPPER LOWER DIGITS "_", 128))
		return wrong("Credential begins with no access key", e);
	part = take_part(&text, DIGITS, 8);
	if (!part || strlen(part) != 8)
		return wrong("Credential has no date", e);
	part = take_part(&text, LOWER DIGITS "-", SIGV4_REGION_MAX);
	if (!part || part[0] == '-' || part[strlen(part) - 1] == '-')
		return wrong("Credential has no region", e);
	memcpy(scope->region, part, strlen(part) + 1);
	part = take_part(&text, LOWER DIGITS "-", 32);
	if (!part || strcmp(text, "aws4_request") != 0)
		return wrong("Credential does not end in SERVICE/aws4_request",
			     e);
	if (strcmp(part, service) != 0)
		return err_set(e, ERR_INPUT,
			       "the request is signed for '%s', not for '%s'",
			       part, service);
	return 0;
}

static int check_signed_headers(char *list, struct err *e)
{
	bool host = false;
	char *name;

	while ((name = strsep(&list, ";")) != NULL) {
		if (!*name ||
		    strspn(name, LOWER DIGITS "-_") != strlen(name))
			return wrong("SignedHeaders is no list of names", e);
		host = host || strcmp(name, "host") == 0;
	}
	return host ? 0 : wrong("Host is not signed", e);
}

static int check_signature(const char *hex, struct err *e)
{
	if (strlen(hex) != 64 || strspn(hex, DIGITS "abcdef") != 64)
		return wrong("Signature is not 64 hexadecimal digits", e);
	return 0;
}

/* One NAME=VALUE of the three. */
static int parse_member(char *member, const char *service, unsigned *seen,
			struct sigv4_scope *scope, struct err *e)
{
	static const char *const names[] = { "Credential=", "SignedHeaders=",
					     "Signature=" };
	unsigned i = 0;
	char *value;

	while (i < 3 && strncmp(member, names[i], strlen(names[i])) != 0)
		i++;
	if (i == 3 || *seen & 1u << i)
		return wrong("something else than Credential, SignedHeaders and Signature, or one of them twice",
			     e);
	*seen |= 1u << i;
	value = member + strlen(names[i]);
	return i == 0 ? parse_credential(value, service, scope, e) :
	       i == 1 ? check_signed_headers(value, e) :
			check_signature(value, e);
}

int sigv4_parse(const char *value, size_t len, const char *service,
		struct sigv4_scope *scope, struct err *e)
{
	char text[VALUE_MAX + 1], *rest = text, *member;
	size_t head = strlen(ALGORITHM " ");
	unsigned seen = 0;

	if (len > VALUE_MAX)
		return wrong("it is too long", e);
	memcpy(text, value, len);
	text[len] = '\0';
	if (strlen(text) != len || strncmp(text, ALGORITHM " ", head) != 0)
		return wrong("it does not begin with " ALGORITHM, e);
	rest += head;
	while ((member = strsep(&rest, ",")) != NULL) {
		size_t n;

		member += strspn(member, " \t");
		n = strlen(member);
		while (n > 0 && strchr(" \t", member[n - 1]))
			member[--n] = '\0';
		if (parse_member(member, service, &seen, scope, e) < 0)
			return -1;
	}
	if (seen != 7)
		return wrong("Credential, SignedHeaders and Signature must be there",
			     e);
	return 0;
}
