/* SPDX-License-Identifier: Apache-2.0 */
/*
 * words.c - /cmd and /env: one word a line, as nitro-cli writes them
 */
#include "init/init.h"

#include <string.h>

#include "base/xalloc.h"
#include "enclave/process.h"

#define DEFAULT_PATH "PATH=" PROCESS_DEFAULT_PATH

char **words_split(const char *text, size_t len)
{
	const char *end = text + len;
	size_t n = 0;
	char **words;

	if (len && memchr(text, '\0', len))
		return NULL;
	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	words = xcalloc(n + 2, sizeof(*words));	/* a last line, and NULL */
	n = 0;
	while (text < end) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		const char *stop = nl ? nl : end;

		words[n++] = xstrndup(text, (size_t)(stop - text));
		text = nl ? nl + 1 : end;
	}
	return words;
}

char **words_to_env(char **words)
{
	bool have_path = false;
	size_t n = 0;
	char **env;

	while (words[n])
		n++;
	env = xcalloc(n + 2, sizeof(*env));
	n = 0;
	for (; *words; words++) {
		if (!strchr(*words, '=') || **words == '=')
			continue;	/* the rest of a value with a newline */
		have_path |= strncmp(*words, "PATH=", 5) == 0;
		env[n++] = *words;
	}
	if (!have_path)
		env[n] = xstrdup(DEFAULT_PATH);
	return env;
}
