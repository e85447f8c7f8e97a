/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names.c - what names led to a moment ago
 */
#include "enc-run/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "enclave/host.h"

struct entry {
	char	 name[HOST_TEXT];
	uint64_t until;			/* clock_ticks(); 0: there is none */
	size_t	 turn;
	struct addresses found;
};

struct names {
	struct entry entries[NAMES_MAX];
};

struct names *names_new(void)
{
	return xcalloc(1, sizeof(struct names));
}

void names_free(struct names *n)
{
	free(n);
}

/* Those of one family stand together: each of them is turned by itself. */
static void turn(const struct addresses *from, size_t by,
		 struct addresses *out)
{
	size_t begin = 0, end;

	for (; begin < from->n; begin = end) {
		size_t n;

		for (end = begin; end < from->n; end++)
			if (from->items[end].family !=
			    from->items[begin].family)
				break;
		n = end - begin;
		for (size_t i = 0; i < n; i++)
			out->items[begin + i] =
				from->items[begin + (i + by) % n];
	}
	out->n = from->n;
}

bool names_get(struct names *n, const char *name, struct addresses *found)
{
	uint64_t now = clock_ticks();

	for (size_t i = 0; i < NAMES_MAX; i++) {
		struct entry *e = &n->entries[i];

		if (e->until <= now || strcmp(e->name, name) != 0)
			continue;
		turn(&e->found, ++e->turn, found);
		return true;
	}
	return false;
}

void names_put(struct names *n, const char *name,
	       const struct addresses *found, unsigned ttl)
{
	struct entry *e = &n->entries[0];

	if (ttl == 0)
		return;
	for (size_t i = 0; i < NAMES_MAX; i++) {
		struct entry *at = &n->entries[i];

		if (at->until && strcmp(at->name, name) == 0) {
			e = at;
			break;
		}
		if (at->until < e->until)
			e = at;
	}
	memset(e, 0, sizeof(*e));
	memcpy(e->name, name, strnlen(name, sizeof(e->name) - 1));
	e->until = clock_ticks() +
		   (ttl < NAMES_TTL_MAX ? ttl : NAMES_TTL_MAX) * UINT64_C(1000);
	e->found = *found;
}
