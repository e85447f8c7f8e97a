/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notes.c - what an enclave can make this program say, so often and no oftener
 */
#include "enc-run/notes.h"

#include "cli/cli.h"

static void say_count(struct notes *n)
{
	if (n->unsaid > 0)
		cli_note("%s: and %u more of that kind", n->what, n->unsaid);
	n->said = n->unsaid = 0;
}

static void second_over(void *arg)
{
	say_count(arg);
}

void notes_say(struct notes *n, const char *text)
{
	if (!n->second.loop)
		timer_start(&n->second, n->loop, 1000, second_over, n);
	if (n->said == NOTES_A_SECOND) {
		n->unsaid++;
		return;
	}
	n->said++;
	cli_note("%s: %s", n->what, text);
}

void notes_release(struct notes *n)
{
	timer_stop(&n->second);
	say_count(n);
}
