/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_policy.c - an authority, then a pattern, a line each
 */
#include <arpa/inet.h>

#include "enclave/policy.h"
#include "fuzz.h"

/* The one form names the same host, and nobody resolves it to another. */
static void check_host(const struct host *h)
{
	struct host again;
	struct in_addr addr;
	struct err e;

	fuzz_must(host_parse(h->text, strlen(h->text), &again, &e) == 0);
	fuzz_must(memcmp(h, &again, sizeof(again)) == 0);
	if (h->kind == HOST_ADDRESS && h->family == AF_INET)
		fuzz_must(inet_aton(h->text, &addr) == 1 &&
			  memcmp(&addr, h->addr, 4) == 0);
	else
		fuzz_must(inet_aton(h->text, &addr) == 0);
}

static void check_policy(const struct host *h, struct pattern *p)
{
	struct manifest_patterns one = { p, 1 }, none = { NULL, 0 };
	struct policy open = { &one, &none }, shut = { &one, &one };
	struct err e;
	bool allowed = policy_check(&open, h, &e) == 0;

	fuzz_must(policy_check(&shut, h, &e) < 0);
	if (h->kind == HOST_PARENT)
		fuzz_must(allowed == (strcmp(p->text, "host") == 0));
	if (h->kind == HOST_ADDRESS && allowed)
		fuzz_must(p->kind == PATTERN_ADDRESS &&
			  policy_check_address(&open, h, &e) == 0 &&
			  policy_check_address(&shut, h, &e) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_FREE char *authority = fuzz_piece(&data, &len, '\n');
	AUTO_FREE char *rule = fuzz_piece(&data, &len, '\n');
	struct pattern p;
	struct host h;
	uint16_t port;
	struct err e;

	if (host_parse_authority(authority, strlen(authority), 80, &h, &port,
				 &e) < 0)
		return 0;
	fuzz_must(port > 0);
	check_host(&h);
	if (pattern_parse(rule, &p, &e) < 0)
		return 0;
	check_policy(&h, &p);
	pattern_release(&p);
	return 0;
}
