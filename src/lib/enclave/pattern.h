/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pattern.h - one rule of the egress policy
 *
 * enclaver.yaml(5), "Patterns".  A rule is about addresses or about names,
 * never about both: a literal address is matched against the former alone, a
 * name against the latter alone.  "host", the parent's own loopback, is
 * matched by the rule "host" and by no wildcard.
 */
#ifndef ENC_PATTERN_H
#define ENC_PATTERN_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define PATTERN_NAME_MAX  253	/* RFC 1035 section 2.3.4, as text */
#define PATTERN_LABEL_MAX 63

enum pattern_kind { PATTERN_NAME, PATTERN_ADDRESS, PATTERN_HOST };

struct pattern {
	enum pattern_kind kind;
	char	*text;		/* in lower case */
	int	 family;	/* AF_INET or AF_INET6, for PATTERN_ADDRESS */
	uint8_t  addr[16];	/* 4 or 16 bytes in network order, host bits 0 */
	unsigned prefix;	/* bits that count */
};

/* ERR_INPUT that says what is wrong, without a position.  *p owns text. */
int pattern_parse(const char *text, struct pattern *p, struct err *e)
	MUST_CHECK;
void pattern_release(struct pattern *p);

#endif
