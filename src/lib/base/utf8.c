/* SPDX-License-Identifier: Apache-2.0 */
/*
 * utf8.c - one character of UTF-8 at a time (RFC 3629)
 */
#include "base/utf8.h"

#include "base/compiler.h"

uint32_t utf8_code(const char *s, size_t n)
{
	static const uint8_t lead[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t code = (uint8_t)s[0] & lead[n];

	for (size_t i = 1; i < n; i++)
		code = code << 6 | ((uint8_t)s[i] & 0x3f);
	return code;
}

size_t utf8_length(const char *s, size_t len)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint8_t first = (uint8_t)s[0];
	size_t n = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 :
		   first < 0xf0 ? 3 : first < 0xf8 ? 4 : 0;
	uint32_t code;

	if (n == 0 || n > len)
		return 0;
	for (size_t i = 1; i < n; i++)
		if (((uint8_t)s[i] & 0xc0) != 0x80)
			return 0;
	code = utf8_code(s, n);
	if (code < least[n] || code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return n;
}

bool utf8_is_shown(uint32_t code)
{
	return code >= 0x20 && !(code >= 0x7f && code < 0xa0) &&
	       !(code >= 0x202a && code <= 0x202e) &&
	       !(code >= 0x2066 && code <= 0x2069) &&
	       code != 0x2028 && code != 0x2029;
}
