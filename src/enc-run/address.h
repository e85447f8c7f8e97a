/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address.h - what a name leads to
 */
#ifndef RUN_ADDRESS_H
#define RUN_ADDRESS_H

#include <stddef.h>
#include <stdint.h>

/* Of one host: what is beyond is not tried, a server has no more doors. */
#define ADDRESSES_MAX 16

struct address {
	int	family;			/* AF_INET or AF_INET6 */
	uint8_t bytes[16];		/* 4 or 16, network order */
};

struct addresses {
	struct address items[ADDRESSES_MAX];
	size_t n;
};

#endif
