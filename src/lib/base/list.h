/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.h - objects in a list, which they can leave without looking for it
 *
 * The link is part of the object, the head is a pointer that starts as NULL.
 */
#ifndef ENC_LIST_H
#define ENC_LIST_H

#include <stddef.h>

struct link {
	struct link *next;
	struct link **to_me;	/* what points here; NULL: in no list */
	void	    *owner;
};

/* Puts owner, whose link k is, first. */
static inline void list_add(struct link **head, struct link *k, void *owner)
{
	*k = (struct link){ .next = *head, .to_me = head, .owner = owner };
	if (k->next)
		k->next->to_me = &k->next;
	*head = k;
}

/* Nothing happens when it is in no list. */
static inline void list_remove(struct link *k)
{
	if (!k->to_me)
		return;
	*k->to_me = k->next;
	if (k->next)
		k->next->to_me = k->to_me;
	k->to_me = NULL;
}

#endif
