/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pattern.c - one rule of the egress policy
 */
#include "enclave/pattern.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/xalloc.h"

#define DIGITS "0123456789"
#define LABEL  DIGITS "abcdefghijklmnopqrstuvwxyz-_"

static char *lower(const char *text)
{
	char *s = xstrdup(text);

	for (char *c = s; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c + 32);
	return s;
}

/* Bits beyond the prefix say nothing: 10.1.2.3/8 is 10.0.0.0/8. */
static void clear_host_bits(struct pattern *p, unsigned bits)
{
	for (unsigned i = p->prefix; i < bits; i++)
		p->addr[i / 8] &= (uint8_t)~(0x80u >> (i % 8));
}

/* 1 when it is an address or a CIDR, 0 when it looks like neither. */
static int parse_address(const char *text, struct pattern *p, struct err *e)
{
	AUTO_FREE char *addr = xstrdup(text);
	char *slash = strchr(addr, '/');
	unsigned bits;

	if (slash)
		*slash++ = '\0';
	if (inet_pton(AF_INET, addr, p->addr) == 1)
		p->family = AF_INET;
	else if (inet_pton(AF_INET6, addr, p->addr) == 1)
		p->family = AF_INET6;
	else if (strchr(text, ':'))
		return err_set(e, ERR_INPUT,
			       "'%s' is not an address: a pattern is a host name or an address, without scheme and port",
			       text);
	else if (slash)
		return err_set(e, ERR_INPUT, "'%s' is not an address", text);
	else
		return 0;
	bits = p->family == AF_INET ? 32 : 128;
	p->prefix = bits;
	if (slash) {
		size_t len = strlen(slash);

		if (len < 1 || len > 3 || strspn(slash, DIGITS) != len ||
		    strtoul(slash, NULL, 10) > bits)
			return err_set(e, ERR_INPUT,
				       "'%s': the prefix must be from 0 to %u",
				       text, bits);
		p->prefix = (unsigned)strtoul(slash, NULL, 10);
	}
	clear_host_bits(p, bits);
	p->kind = PATTERN_ADDRESS;
	return 1;
}

/* One label of len bytes at s; first: the leftmost. */
static int check_label(const char *text, const char *s, size_t len, bool first,
		       struct err *e)
{
	if (len == 0)
		return err_set(e, ERR_INPUT, "'%s' has an empty label", text);
	if (len > PATTERN_LABEL_MAX)
		return err_set(e, ERR_INPUT,
			       "'%s' has a label of more than %d characters",
			       text, PATTERN_LABEL_MAX);
	if (s[0] == '*' && len == 1)
		return 0;
	if (s[0] == '*' && s[1] == '*' && len == 2) {
		if (!first)
			return err_set(e, ERR_INPUT,
				       "'%s': '**' can only be the leftmost label",
				       text);
		return 0;
	}
	if (memchr(s, '*', len))
		return err_set(e, ERR_INPUT,
			       "'%s': '*' and '**' stand for whole labels",
			       text);
	if (strspn(s, LABEL) < len)
		return err_set(e, ERR_INPUT,
			       "'%s' is neither a name, an address nor a CIDR",
			       text);
	return 0;
}

static int parse_name(const char *text, struct err *e)
{
	bool numbers = true;	/* labels are numbers or wildcards alone */
	const char *s = text;

	if (strlen(text) > PATTERN_NAME_MAX)
		return err_set(e, ERR_INPUT,
			       "'%s' is longer than %d characters", text,
			       PATTERN_NAME_MAX);
	for (;;) {
		size_t len = strcspn(s, ".");

		if (check_label(text, s, len, s == text, e) < 0)
			return -1;
		if (strspn(s, DIGITS "*") < len)
			numbers = false;
		if (!s[len])
			break;
		s += len + 1;
	}
	/* It would match no name, and an address is no name. */
	if (numbers && strpbrk(text, DIGITS))
		return err_set(e, ERR_INPUT,
			       "'%s' is not an address; write a range as a CIDR, like 10.0.0.0/8",
			       text);
	return 0;
}

int pattern_parse(const char *text, struct pattern *p, struct err *e)
{
	AUTO_FREE char *low = lower(text);
	int is_address;

	memset(p, 0, sizeof(*p));
	is_address = parse_address(low, p, e);
	if (is_address < 0)
		return -1;
	if (!is_address) {
		if (parse_name(low, e) < 0)
			return -1;
		p->kind = strcmp(low, "host") == 0 ? PATTERN_HOST :
						     PATTERN_NAME;
	}
	p->text = steal_ptr(&low);
	return 0;
}

void pattern_release(struct pattern *p)
{
	free(p->text);
	p->text = NULL;
}
