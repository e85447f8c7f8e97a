/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h - JSON with limits, and accessors that say what is wrong
 *
 * RFC 8259 by jansson.  Hostile text is fine: nesting is limited by jansson
 * (2048), size by the caller, duplicate members and NUL are refused, and so
 * are too many values: "[]," is three bytes, and a hundred and fifty of memory.
 */
#ifndef ENC_JSON_H
#define ENC_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/cleanup.h"
#include "base/err.h"

#define JSON_VALUES_MAX 2000000u	/* an index of 300 000 images */

#define AUTO_JSON AUTO(json_decrefp)	/* jansson's own clean-up function */

/* jansson reads /dev/urandom for its hash's seed with the first object, or here:
 * for a program that will not be able to.  Without, the seed is the time and
 * the process's number, and who guesses them makes an object slow. */
void json_prepare(void);

/* New reference to the object or array in the text (which need not end in
 * NUL, and may be NULL when it is empty).  ERR_INPUT "'name': not JSON: line:column: ...", or for more
 * than JSON_VALUES_MAX values. */
json_t *json_parse(const char *text, size_t len, const char *name,
		   struct err *e) MUST_CHECK;

/* New reference to the object that the text must be. */
json_t *json_parse_object(const char *text, size_t len, const char *name,
			  struct err *e) MUST_CHECK;

/* One line without blanks, members sorted bytewise: the canonical text.  The
 * caller frees it.  Never NULL. */
char *json_text(const json_t *j);

/* The same with members in the order in which they were put in, for texts
 * whose order is a contract (the EIF's metadata). */
char *json_text_ordered(const json_t *j);

/* Borrowed string member, or NULL when it is missing or not a string. */
const char *json_str(const json_t *object, const char *key);

/* Takes the new reference value; out of memory ends the program. */
void json_put(json_t *object, const char *key, json_t *value);
/* A string; bytes of it that are not UTF-8 become U+FFFD. */
void json_put_str(json_t *object, const char *key, const char *value);
void json_add(json_t *array, json_t *value);

#endif
