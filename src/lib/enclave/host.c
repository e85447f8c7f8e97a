/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host.c - the host that a request names, in the one form that is judged
 *
 * Trust: the bytes come from the application, or on the host from the enclave.
 */
#include "enclave/host.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#define DIGITS "0123456789"
#define HEX    DIGITS "abcdef"
#define LABEL  HEX "ghijklmnopqrstuvwxyz-_"

/* Where IPv4 addresses are inside of IPv6 ones. */
static const struct embedding {
	uint8_t	 prefix[12];
	unsigned prefix_len;	/* bytes */
	unsigned at;		/* of the IPv4 address */
} embeddings[] = {
	/* NAT64, RFC 6052 section 2.1; RFC 8215 section 3, cut as a /96 */
	{ { 0x00, 0x64, 0xff, 0x9b }, 12, 12 },
	{ { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 }, 6, 12 },
	/* 6to4, RFC 3056 section 2 */
	{ { 0x20, 0x02 }, 2, 2 },
	/* SIIT, RFC 2765 section 2.1 */
	{ { 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff }, 12, 12 },
	/* IPv4-compatible, RFC 4291 section 2.5.5.1; also :: and ::1, which
	 * lose nothing by it: 0.0.0.0 and 0.0.0.1 are nowhere to go */
	{ { 0 }, 12, 12 },
};

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

void host_from_address(int family, const void *addr, struct host *h)
{
	const uint8_t *bytes = addr;

	memset(h, 0, sizeof(*h));
	h->kind = HOST_ADDRESS;
	/* RFC 4291 section 2.5.5.2: a socket goes to the IPv4 address. */
	if (family == AF_INET6 && memcmp(bytes, mapped, sizeof(mapped)) == 0) {
		family = AF_INET;
		bytes += sizeof(mapped);
	}
	h->family = family;
	memcpy(h->addr, bytes, family == AF_INET ? 4 : 16);
	inet_ntop(family, h->addr, h->text, sizeof(h->text));
	if (family != AF_INET6)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(embeddings); i++) {
		const struct embedding *m = &embeddings[i];

		if (memcmp(h->addr, m->prefix, m->prefix_len) != 0)
			continue;
		h->has_inner = true;
		memcpy(h->inner, h->addr + m->at, sizeof(h->inner));
		return;
	}
}

/* text is lower case, without brackets. */
static int parse_v6(const char *text, struct host *h, struct err *e)
{
	uint8_t addr[16];

	if (strchr(text, '%'))
		return err_set(e, ERR_INPUT,
			       "'%s' has a scope, which means nothing outside the enclave",
			       text);
	if (inet_pton(AF_INET6, text, addr) != 1)
		return err_set(e, ERR_INPUT, "'%s' is not an IPv6 address",
			       text);
	host_from_address(AF_INET6, addr, h);
	return 0;
}

/* Would anybody take it for an IPv4 address?  inet_aton(3) and browsers do
 * when the last part is a number: "127.1", "0x7f.1", "017700000001". */
static bool ends_in_number(const char *name)
{
	const char *dot = strrchr(name, '.');
	const char *last = dot ? dot + 1 : name;

	if (last[0] == '0' && last[1] == 'x')
		return last[2 + strspn(last + 2, HEX)] == '\0';
	return *last && last[strspn(last, DIGITS)] == '\0';
}

static int parse_v4(const char *text, struct host *h, struct err *e)
{
	uint8_t addr[4];

	/* Takes four decimal numbers without leading zeros alone. */
	if (inet_pton(AF_INET, text, addr) != 1)
		return err_set(e, ERR_INPUT,
			       "'%s' is not a plain IPv4 address: write four decimal numbers, like 192.0.2.1",
			       text);
	host_from_address(AF_INET, addr, h);
	return 0;
}

static int check_labels(const char *name, struct err *e)
{
	for (const char *s = name;; s++) {
		size_t len = strcspn(s, ".");

		if (len == 0)
			return err_set(e, ERR_INPUT,
				       "'%s' has an empty label", name);
		if (len > PATTERN_LABEL_MAX)
			return err_set(e, ERR_INPUT,
				       "'%s' has a label of more than %d characters",
				       name, PATTERN_LABEL_MAX);
		if (strspn(s, LABEL) < len)
			return err_set(e, ERR_INPUT,
				       "'%s' is not the name of a host", name);
		s += len;
		if (!*s)
			return 0;
	}
}

/* Lower case, NUL-terminated; only what can be in a name or an address. */
static int copy_lower(const char *text, size_t len, char out[HOST_TEXT],
		      struct err *e)
{
	if (len == 0)
		return err_set(e, ERR_INPUT, "no host is named");
	if (len >= HOST_TEXT)
		return err_set(e, ERR_INPUT,
			       "the name of the host is longer than %d characters",
			       PATTERN_NAME_MAX);
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c & 0x80)
			return err_set(e, ERR_INPUT,
				       "the name of the host is not ASCII: write it in its xn-- form");
		if (c <= ' ' || c == 0x7f)
			return err_set(e, ERR_INPUT,
				       "the name of the host has a blank or a control character in it");
		out[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
	}
	out[len] = '\0';
	return 0;
}

int host_parse(const char *text, size_t len, struct host *h, struct err *e)
{
	char low[HOST_TEXT];
	size_t end = len;

	/* The final dot of a full name is no part of its 253 characters. */
	if (end > 1 && text[end - 1] == '.')
		end--;
	if (copy_lower(text, end, low, e) < 0)
		return -1;
	if (low[0] == '[') {
		if (end != len || low[len - 1] != ']')
			return err_set(e, ERR_INPUT,
				       "'%s' does not end in ']'", low);
		low[len - 1] = '\0';
		return parse_v6(low + 1, h, e);
	}
	if (strchr(low, ':'))
		return parse_v6(low, h, e);
	if (strchr(low, '%'))
		return err_set(e, ERR_INPUT,
			       "'%s' is percent-encoded: write the name as it is",
			       low);
	if (ends_in_number(low))
		return parse_v4(low, h, e);
	if (check_labels(low, e) < 0)
		return -1;
	memset(h, 0, sizeof(*h));
	memcpy(h->text, low, end + 1);
	h->kind = strcmp(low, "host") == 0 ? HOST_PARENT : HOST_NAME;
	return 0;
}

static int parse_port(const char *text, size_t len, uint16_t *port,
		      struct err *e)
{
	unsigned n = 0;
	size_t digits = 0;

	while (digits < len && digits < 5 && text[digits] >= '0' &&
	       text[digits] <= '9')
		n = 10 * n + (unsigned)(text[digits++] - '0');
	if (len == 0 || digits != len || text[0] == '0' || n > UINT16_MAX)
		return err_set(e, ERR_INPUT,
			       "the port must be a number from 1 to 65535");
	*port = (uint16_t)n;
	return 0;
}

int host_parse_authority(const char *text, size_t len, uint16_t usual,
			 struct host *h, uint16_t *port, struct err *e)
{
	size_t host = 0;

	if (memchr(text, '@', len))
		return err_set(e, ERR_INPUT,
			       "a user before the host is not allowed here");
	if (len > 0 && text[0] == '[') {
		while (host < len && text[host] != ']')
			host++;
		host += host < len;
		if (host < len && text[host] != ':')
			return err_set(e, ERR_INPUT,
				       "after ']' only a port can stand");
	} else {
		while (host < len && text[host] != ':')
			host++;
	}
	if (host == len && usual == 0)
		return err_set(e, ERR_INPUT,
			       "no port is named: write HOST:PORT");
	*port = usual;
	if (host < len &&
	    parse_port(text + host + 1, len - host - 1, port, e) < 0)
		return -1;
	return host_parse(text, host, h, e);
}
