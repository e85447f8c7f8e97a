/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host.h - the host that a request names, in the one form that is judged
 *
 * What is judged and what is sent on must be the same thing, so a spelling that
 * another program might read in another way is refused here, and the rest is
 * brought into one form: names in lower case without the final dot, addresses
 * as bytes.  RFC 3986 section 3.2, RFC 4291 section 2.2.
 */
#ifndef ENC_HOST_H
#define ENC_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "enclave/pattern.h"

#define HOST_TEXT (PATTERN_NAME_MAX + 1)	/* with the NUL */

/* HOST_PARENT: "host", the loopback of the machine that runs the enclave. */
enum host_kind { HOST_NAME, HOST_ADDRESS, HOST_PARENT };

struct host {
	enum host_kind kind;
	char	text[HOST_TEXT];	/* the one form; IPv6 without brackets */
	int	family;			/* HOST_ADDRESS: AF_INET or AF_INET6 */
	uint8_t addr[16];		/* 4 or 16 bytes, network order */
	/* HOST_ADDRESS: the IPv4 address that an IPv6 address leads to, or may
	 * lead to: what is denied of IPv4 is denied of it too. */
	bool	has_inner;
	uint8_t inner[4];
};

/* A host of len bytes: a name, an IPv4 address of four decimal numbers, or an
 * IPv6 address, with or without brackets.  An IPv4-mapped address becomes the
 * IPv4 address that it is.  ERR_INPUT, with a sentence, for the rest: short,
 * octal and hexadecimal forms of IPv4, scopes, percent signs, bytes that are
 * not ASCII, empty and long labels. */
int host_parse(const char *text, size_t len, struct host *h, struct err *e)
	MUST_CHECK;

/* HOST[:PORT] as it stands in a URL or after CONNECT; an IPv6 address is in
 * brackets here.  Without a port it is usual, and where that is 0 it must be
 * there.  ERR_INPUT also for userinfo ("name@") and for ports that are not a
 * plain number from 1 to 65535. */
int host_parse_authority(const char *text, size_t len, uint16_t usual,
			 struct host *h, uint16_t *port, struct err *e)
	MUST_CHECK;

/* An address that a name was resolved to: 4 or 16 bytes, by family. */
void host_from_address(int family, const void *addr, struct host *h);

#endif
