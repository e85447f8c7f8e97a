/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.c - may the enclave talk to that host?
 */
#include "enclave/policy.h"

#include <string.h>
#include <sys/socket.h>

static bool in_range(const uint8_t *addr, const uint8_t *net, unsigned prefix)
{
	unsigned whole = prefix / 8, rest = prefix % 8;

	if (memcmp(addr, net, whole) != 0)
		return false;
	return rest == 0 ||
	       ((addr[whole] ^ net[whole]) >> (8 - rest)) == 0;
}

/* The last label of s before *end, which moves to the dot before it. */
static const char *last_label(const char *s, size_t *end, size_t *len)
{
	size_t from = *end;

	while (from > 0 && s[from - 1] != '.')
		from--;
	*len = *end - from;
	*end = from > 0 ? from - 1 : 0;
	return s + from;
}

/* From the right, label by label; both are in lower case. */
static bool name_matches(const char *pattern, const char *name)
{
	size_t p_end = strlen(pattern), n_end = strlen(name);

	while (p_end > 0 && n_end > 0) {
		size_t p_len, n_len;
		const char *p = last_label(pattern, &p_end, &p_len);
		const char *n;

		if (p_len == 2 && memcmp(p, "**", 2) == 0)
			return true;	/* leftmost, and a label is left */
		n = last_label(name, &n_end, &n_len);
		if (p_len == 1 && *p == '*')
			continue;
		if (p_len != n_len || memcmp(p, n, n_len) != 0)
			return false;
	}
	return p_end == 0 && n_end == 0;
}

static bool matches(const struct pattern *p, const struct host *h)
{
	switch (h->kind) {
	case HOST_PARENT:
		return p->kind == PATTERN_HOST;
	case HOST_NAME:
		return p->kind == PATTERN_NAME &&
		       name_matches(p->text, h->text);
	case HOST_ADDRESS:
		return p->kind == PATTERN_ADDRESS && p->family == h->family &&
		       in_range(h->addr, p->addr, p->prefix);
	}
	return false;
}

/* A pattern for the IPv4 address that an IPv6 address may lead to. */
static bool matches_inner(const struct pattern *p, const struct host *h)
{
	return h->kind == HOST_ADDRESS && h->has_inner &&
	       p->kind == PATTERN_ADDRESS && p->family == AF_INET &&
	       in_range(h->inner, p->addr, p->prefix);
}

/* IPv4 that is written as mapped in a pattern, or by a pattern for all of
 * IPv6: what is denied in this spelling is denied in the other. */
static bool matches_mapped(const struct pattern *p, const struct host *h)
{
	uint8_t addr[16] = { [10] = 0xff, [11] = 0xff };

	if (h->kind != HOST_ADDRESS || h->family != AF_INET ||
	    p->kind != PATTERN_ADDRESS || p->family != AF_INET6 ||
	    p->prefix < 96)	/* ::/0 is about IPv6 */
		return false;
	memcpy(addr + 12, h->addr, 4);
	return in_range(addr, p->addr, p->prefix);
}

static bool allowed(const struct policy *p, const struct host *h)
{
	for (size_t i = 0; i < p->allow->n; i++)
		if (matches(&p->allow->items[i], h))
			return true;
	return false;
}

static const struct pattern *denied_by(const struct policy *p,
				       const struct host *h)
{
	for (size_t i = 0; i < p->deny->n; i++) {
		const struct pattern *d = &p->deny->items[i];

		if (matches(d, h) || matches_inner(d, h) ||
		    matches_mapped(d, h))
			return d;
	}
	return NULL;
}

static int refuse_denied(const struct policy *p, const struct host *h,
			 struct err *e)
{
	const struct pattern *d = denied_by(p, h);

	if (!d)
		return 0;
	return err_set(e, ERR_NO,
		       "egress to '%s' is denied by '%s' in egress.deny of the enclave's manifest",
		       h->text, d->text);
}

int policy_check(const struct policy *p, const struct host *h, struct err *e)
{
	if (refuse_denied(p, h, e) < 0)
		return -1;
	if (!allowed(p, h))
		return err_set(e, ERR_NO,
			       "egress to '%s' is not allowed: no pattern in egress.allow of the enclave's manifest matches it",
			       h->text);
	return 0;
}

/* What a name must not lead to by itself. */
static const struct own {
	int	 family;
	uint8_t	 net[16];
	unsigned prefix;
} own_ranges[] = {
	{ AF_INET, { 0 }, 8 },			/* unspecified */
	{ AF_INET, { 127 }, 8 },		/* loopback */
	{ AF_INET, { 169, 254 }, 16 },		/* link-local */
	{ AF_INET6, { 0 }, 128 },		/* unspecified */
	{ AF_INET6, { [15] = 1 }, 128 },	/* loopback */
	{ AF_INET6, { 0xfe, 0x80 }, 10 },	/* link-local */
	/* AWS's 169.254.169.254 and its like by IPv6, fd00:ec2::/32 */
	{ AF_INET6, { 0xfd, 0x00, 0x0e, 0xc2 }, 32 },
};

static bool is_own(int family, const uint8_t *addr)
{
	for (size_t i = 0; i < ARRAY_SIZE(own_ranges); i++)
		if (own_ranges[i].family == family &&
		    in_range(addr, own_ranges[i].net, own_ranges[i].prefix))
			return true;
	return false;
}

int policy_check_address(const struct policy *p, const struct host *h,
			 struct err *e)
{
	if (refuse_denied(p, h, e) < 0)
		return -1;
	if ((is_own(h->family, h->addr) ||
	     (h->has_inner && is_own(AF_INET, h->inner))) && !allowed(p, h))
		return err_set(e, ERR_NO,
			       "the name leads to '%s', an address of the machine itself: only a pattern for that address in egress.allow allows it",
			       h->text);
	return 0;
}
