/* SPDX-License-Identifier: Apache-2.0 */
/*
 * utf8.h - one character of UTF-8 at a time (RFC 3629)
 */
#ifndef ENC_UTF8_H
#define ENC_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the character that s begins with (1 to 4), or 0 when it is none:
 * cut short, overlong, a surrogate or beyond U+10FFFF.  len is at least 1. */
size_t utf8_length(const char *s, size_t len);

/* The code point of a character of n bytes for which utf8_length() said n. */
uint32_t utf8_code(const char *s, size_t n);

/* May it stand in a line for a person?  Not a control, C0 or C1, which a
 * terminal obeys, nor a mark that turns the direction of writing or breaks
 * the line, which an eye does. */
bool utf8_is_shown(uint32_t code);

#endif
