/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base64.h - base64, the one of RFC 4648 section 4, and strictly that
 */
#ifndef ENC_BASE64_H
#define ENC_BASE64_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/* Characters that len bytes become, without a NUL. */
#define BASE64_LEN(len) (((len) + 2) / 3 * 4)

/* Writes BASE64_LEN(len) characters and a NUL. */
void base64_encode(const void *data, size_t len, char *out);

/* The bytes of a text: new, *n of them, caller frees (and wipes, if they are
 * secret).  NULL when the text is not base64: another alphabet, blanks, no
 * padding or too much, bits behind the end. */
uint8_t *base64_decode(const char *text, size_t len, size_t *n) MUST_CHECK;

#endif
