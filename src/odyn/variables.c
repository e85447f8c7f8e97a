/* SPDX-License-Identifier: Apache-2.0 */
/*
 * variables.c - what the application's environment says of odyn's services
 */
#include "odyn/variables.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/xalloc.h"

#define NO_PROXY "localhost,127.0.0.1"

static size_t count(char **words)
{
	size_t n = 0;

	while (words[n])
		n++;
	return n;
}

/* In lower or in upper case: programs look at one or the other, and two of
 * them that say different things would be a riddle. */
static bool has(const struct process *p, const char *name)
{
	size_t len = strlen(name);

	for (char **w = p->env; *w; w++)
		if (strncasecmp(*w, name, len) == 0 && (*w)[len] == '=')
			return true;
	return false;
}

/* Takes word. */
static void push(struct process *p, char *word)
{
	size_t n = count(p->env);

	p->env = xreallocarray(p->env, n + 2, sizeof(*p->env));
	p->env[n] = word;
	p->env[n + 1] = NULL;
}

static void set_both(struct process *p, const char *name, const char *value)
{
	char *upper;

	if (has(p, name))
		return;
	push(p, xasprintf("%s=%s", name, value));
	upper = xasprintf("%s=%s", name, value);
	for (size_t i = 0; name[i]; i++)
		upper[i] = (char)toupper((unsigned char)upper[i]);
	push(p, upper);
}

void variables_add(struct process *p, const struct manifest *m)
{
	if (manifest_allows_egress(m)) {
		AUTO_FREE char *url = xasprintf("http://127.0.0.1:%u",
						m->proxy_port);

		set_both(p, "http_proxy", url);
		set_both(p, "https_proxy", url);
		set_both(p, "no_proxy", NO_PROXY);
	}
	if (m->kms_port && !has(p, "AWS_KMS_ENDPOINT"))
		push(p, xasprintf("AWS_KMS_ENDPOINT=http://127.0.0.1:%u",
				  m->kms_port));
}
