/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml_node.c - what a node of a YAML document says
 *
 * Scalars are read as serde_yaml 0.9 reads them (YAML 1.2's core schema with
 * 0b), for that is what Enclaver's manifests were written against.
 */
#include "base/yaml.h"

#include <stdlib.h>
#include <string.h>

const struct yaml_node *yaml_get(const struct yaml_node *mapping,
				 const char *key)
{
	for (size_t i = 0; i < mapping->n; i++)
		if (strcmp(mapping->items[i]->key->text, key) == 0)
			return mapping->items[i];
	return NULL;
}

bool yaml_is_null(const struct yaml_node *node)
{
	return node->kind == YAML_SCALAR && node->plain &&
	       (!*node->text || strcmp(node->text, "~") == 0 ||
		strcmp(node->text, "null") == 0 ||
		strcmp(node->text, "Null") == 0 ||
		strcmp(node->text, "NULL") == 0);
}

int yaml_int(const struct yaml_node *node, int64_t *value)
{
	static const char digits[] = "0123456789abcdef";
	const char *s = node->text;
	bool negative;
	int64_t sum = 0;
	int base = 10;

	if (node->kind != YAML_SCALAR || !node->plain)
		return -1;
	negative = *s == '-';
	if (*s == '-' || *s == '+')
		s++;
	if (s[0] == '0' && s[1]) {
		base = s[1] == 'x' ? 16 : s[1] == 'o' ? 8 : s[1] == 'b' ? 2 : 0;
		s += 2;
	}
	if (!base || !*s)
		return -1;
	for (; *s; s++) {
		char low = *s >= 'A' && *s <= 'F' ? (char)(*s + 32) : *s;
		const char *digit = strchr(digits, low);

		if (!digit || digit - digits >= base ||
		    mul_overflow(sum, (int64_t)base, &sum) ||
		    add_overflow(sum, (int64_t)(digit - digits), &sum))
			return -1;
	}
	*value = negative ? -sum : sum;
	return 0;
}

const char *yaml_describe(const struct yaml_node *node)
{
	int64_t ignored;

	if (node->kind == YAML_SEQUENCE)
		return "a list";
	if (node->kind == YAML_MAPPING)
		return "a mapping";
	if (yaml_is_null(node))
		return "nothing";
	return yaml_int(node, &ignored) == 0 ? "an integer" : "a string";
}
