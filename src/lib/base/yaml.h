/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml.h - one YAML document as a tree that knows where each node stood
 *
 * YAML 1.1 by libyaml, which is included in yaml.c alone.  Refused: more than
 * YAML_MAX bytes, YAML_DEPTH_MAX levels or YAML_NODES_MAX nodes, aliases, tags,
 * duplicate keys, keys that are not scalars, a second document, NUL and bytes
 * that are not UTF-8.  Every message begins with "NAME:LINE:COLUMN: ".
 */
#ifndef ENC_YAML_H
#define ENC_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"

#define YAML_MAX       ((size_t)1 << 20)	/* bytes of a document */
#define YAML_DEPTH_MAX 32
#define YAML_NODES_MAX 16384

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_node {
	enum yaml_kind kind;
	size_t line, column;	/* from 1; columns are characters */
	char *text;		/* of a scalar, without quotes; never NULL */
	bool plain;		/* a scalar without quotes */
	struct yaml_node *key;	/* in a mapping: the key of this value */
	struct yaml_node **items;	/* elements, or values with keys */
	size_t n;
};

struct yaml_doc {
	char *name;		/* for messages */
	struct yaml_node *root;	/* never NULL after yaml_parse() */
};

#define YAML_DOC_INIT { .name = NULL, .root = NULL }
#define AUTO_YAML_DOC AUTO(yaml_release)

/* The one document of a text.  *doc must be empty; ERR_INPUT. */
int yaml_parse(const char *text, size_t len, const char *name,
	       struct yaml_doc *doc, struct err *e) MUST_CHECK;
void yaml_release(struct yaml_doc *doc);

/* Borrowed: the value of a key, or NULL. */
const struct yaml_node *yaml_get(const struct yaml_node *mapping,
				 const char *key);

/* Is this what the core schema reads as null: nothing, ~, null? */
bool yaml_is_null(const struct yaml_node *node);

/* A plain integer, decimal or after 0x, 0o, 0b: 0, otherwise -1.  A decimal
 * number with leading zeros is a string. */
int yaml_int(const struct yaml_node *node, int64_t *value) MUST_CHECK;

/* What a node is, for messages: "a string", "an integer", "nothing", "a
 * list", "a mapping". */
const char *yaml_describe(const struct yaml_node *node);

/* ERR_INPUT "NAME:LINE:COLUMN: …" at a node; returns -1. */
int yaml_fault(const struct yaml_doc *doc, const struct yaml_node *node,
	       struct err *e, const char *fmt, ...) PRINTF(4, 5);

#endif
