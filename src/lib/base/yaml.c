/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml.c - one YAML document as a tree that knows where each node stood
 *
 * libyaml's events become nodes here; limits are checked while they come, so
 * that a hostile text costs no more than they allow.
 */
#include "base/yaml.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/utf8.h"
#include "base/xalloc.h"

struct reader {
	yaml_parser_t parser;
	const char *name;
	size_t nodes;		/* made so far */
	unsigned int depth;
};

static void node_free(struct yaml_node *node)
{
	if (!node)
		return;
	for (size_t i = 0; i < node->n; i++)
		node_free(node->items[i]);
	node_free(node->key);
	free(node->items);
	free(node->text);
	free(node);
}

static void node_freep(struct yaml_node **node)
{
	node_free(*node);
}
#define AUTO_NODE AUTO(node_freep)

static void reader_release(struct reader *r)
{
	yaml_parser_delete(&r->parser);
}

__attribute__((format(printf, 5, 0)))
static int fault_at(const char *name, size_t line, size_t column,
		    struct err *e, const char *fmt, va_list ap)
{
	char text[sizeof(e->msg)];

	vsnprintf(text, sizeof(text), fmt, ap);
	return err_set(e, ERR_INPUT, "%s:%zu:%zu: %s", name, line, column,
		       text);
}

/* libyaml's marks count from 0. */
PRINTF(4, 5)
static int fault(const struct reader *r, const yaml_mark_t *mark,
		 struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fault_at(r->name, mark->line + 1, mark->column + 1, e, fmt, ap);
	va_end(ap);
	return -1;
}

int yaml_fault(const struct yaml_doc *doc, const struct yaml_node *node,
	       struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fault_at(doc->name, node->line, node->column, e, fmt, ap);
	va_end(ap);
	return -1;
}

/* libyaml's words for what is most often a tab, and for what is most often a
 * wildcard. */
static const char *advice(const char *problem, const char *context)
{
	if (strstr(problem, "cannot start any token"))
		return "; indent by spaces, and quote what begins with @, % or `";
	if (strstr(context, "scanning an alias") ||
	    strstr(context, "scanning an anchor"))
		return "; quote what begins with * or &";
	return "";
}

static int next_event(struct reader *r, yaml_event_t *event, struct err *e)
{
	const yaml_parser_t *p = &r->parser;
	const char *context;

	if (yaml_parser_parse(&r->parser, event))
		return 0;
	if (p->error == YAML_MEMORY_ERROR)
		oom();
	if (p->error == YAML_READER_ERROR)	/* has no mark of its own */
		return fault(r, &p->mark, e, "%s", p->problem);
	context = p->context ? p->context : "";
	return fault(r, &p->problem_mark, e, "%s%s%s%s", p->problem,
		     *context ? " " : "", context,
		     advice(p->problem, context));
}

static struct yaml_node *node_new(struct reader *r, const yaml_event_t *event,
				  enum yaml_kind kind, struct err *e)
{
	struct yaml_node *node;

	if (r->nodes == YAML_NODES_MAX) {
		fault(r, &event->start_mark, e, "more than %d values",
		      YAML_NODES_MAX);
		return NULL;
	}
	r->nodes++;
	node = xcalloc(1, sizeof(*node));
	node->kind = kind;
	node->line = event->start_mark.line + 1;
	node->column = event->start_mark.column + 1;
	return node;
}

static void node_add(struct yaml_node *parent, struct yaml_node *item)
{
	/* Capacity doubles at powers of two: no member needed for it. */
	if ((parent->n & (parent->n - 1)) == 0)
		parent->items = xreallocarray(parent->items,
					      parent->n ? 2 * parent->n : 1,
					      sizeof(struct yaml_node *));
	parent->items[parent->n++] = item;
}

static int refuse_tag(const struct reader *r, const yaml_event_t *event,
		      const yaml_char_t *tag, struct err *e)
{
	if (tag)
		return fault(r, &event->start_mark, e,
			     "the tag '%s' is not taken here",
			     (const char *)tag);
	return 0;
}

static struct yaml_node *scalar(struct reader *r, const yaml_event_t *event,
				struct err *e)
{
	const char *text = (const char *)event->data.scalar.value;
	struct yaml_node *node;

	if (refuse_tag(r, event, event->data.scalar.tag, e) < 0)
		return NULL;
	if (strlen(text) != event->data.scalar.length) {
		fault(r, &event->start_mark, e, "a NUL in a string");
		return NULL;
	}
	node = node_new(r, event, YAML_SCALAR, e);
	if (!node)
		return NULL;
	node->text = xstrdup(text);
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	return node;
}

static struct yaml_node *value(struct reader *r, const yaml_event_t *event,
			       struct err *e);

/* The next node, or NULL with *end set when the collection ends. */
static struct yaml_node *next_value(struct reader *r, bool *end, struct err *e)
{
	struct yaml_node *node = NULL;
	yaml_event_t event;

	*end = false;
	if (next_event(r, &event, e) < 0)
		return NULL;
	if (event.type == YAML_SEQUENCE_END_EVENT ||
	    event.type == YAML_MAPPING_END_EVENT)
		*end = true;
	else
		node = value(r, &event, e);
	yaml_event_delete(&event);
	return node;
}

static int check_key(const struct reader *r, const struct yaml_node *mapping,
		     const struct yaml_node *key, struct err *e)
{
	const yaml_mark_t at = { .line = key->line - 1,
				 .column = key->column - 1 };
	const struct yaml_node *other;

	if (key->kind != YAML_SCALAR)
		return fault(r, &at, e, "a key must be a word, not %s",
			     yaml_describe(key));
	other = yaml_get(mapping, key->text);
	if (other)
		return fault(r, &at, e, "'%s' is here a second time, after line %zu",
			     key->text, other->key->line);
	return 0;
}

static int fill_mapping(struct reader *r, struct yaml_node *node,
			struct err *e)
{
	for (;;) {
		AUTO_NODE struct yaml_node *key = NULL;
		struct yaml_node *item;
		bool end;

		key = next_value(r, &end, e);
		if (!key)
			return end ? 0 : -1;
		if (check_key(r, node, key, e) < 0)
			return -1;
		item = next_value(r, &end, e);
		if (!item)
			return -1;
		item->key = steal_ptr(&key);
		node_add(node, item);
	}
}

static int fill_sequence(struct reader *r, struct yaml_node *node,
			 struct err *e)
{
	for (;;) {
		bool end;
		struct yaml_node *item = next_value(r, &end, e);

		if (!item)
			return end ? 0 : -1;
		node_add(node, item);
	}
}

static struct yaml_node *collection(struct reader *r,
				    const yaml_event_t *event, struct err *e)
{
	bool mapping = event->type == YAML_MAPPING_START_EVENT;
	AUTO_NODE struct yaml_node *node = NULL;

	if (refuse_tag(r, event, mapping ? event->data.mapping_start.tag :
					   event->data.sequence_start.tag, e) < 0)
		return NULL;
	if (r->depth == YAML_DEPTH_MAX) {
		fault(r, &event->start_mark, e, "nested more than %d deep",
		      YAML_DEPTH_MAX);
		return NULL;
	}
	node = node_new(r, event, mapping ? YAML_MAPPING : YAML_SEQUENCE, e);
	if (!node)
		return NULL;
	r->depth++;
	if ((mapping ? fill_mapping(r, node, e) : fill_sequence(r, node, e)) < 0)
		return NULL;
	r->depth--;
	return steal_ptr(&node);
}

static struct yaml_node *value(struct reader *r, const yaml_event_t *event,
			       struct err *e)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return scalar(r, event, e);
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return collection(r, event, e);
	default:
		fault(r, &event->start_mark, e, "aliases are not taken here; quote what begins with *");
		return NULL;
	}
}

static int document(struct reader *r, struct yaml_doc *doc, struct err *e)
{
	for (;;) {
		yaml_event_t event;
		yaml_event_type_t type;
		int ret = 0;

		if (next_event(r, &event, e) < 0)
			return -1;
		type = event.type;
		if (type == YAML_DOCUMENT_START_EVENT && doc->root)
			ret = fault(r, &event.start_mark, e,
				    "a second document begins here");
		else if (type == YAML_STREAM_END_EVENT && !doc->root)
			ret = fault(r, &event.start_mark, e,
				    "there is nothing in it");
		else if (type != YAML_STREAM_START_EVENT &&
			 type != YAML_DOCUMENT_START_EVENT &&
			 type != YAML_DOCUMENT_END_EVENT &&
			 type != YAML_STREAM_END_EVENT) {
			doc->root = value(r, &event, e);
			ret = doc->root ? 0 : -1;
		}
		yaml_event_delete(&event);
		if (ret < 0 || type == YAML_STREAM_END_EVENT)
			return ret;
	}
}

/* libyaml looks at both too, but stops with the place in bytes. */
static int check_bytes(struct reader *r, const char *text, size_t len,
		       struct err *e)
{
	yaml_mark_t at = { 0 };
	size_t i = 0;

	if (len > YAML_MAX)
		return fault(r, &at, e, "larger than %zu bytes", YAML_MAX);
	while (i < len) {
		size_t n = utf8_length(text + i, len - i);

		if (n == 0)
			return fault(r, &at, e, "not UTF-8: byte 0x%02x",
				     (unsigned char)text[i]);
		if (text[i] == '\0')
			return fault(r, &at, e, "a NUL byte");
		at.column++;
		if (text[i] == '\n') {
			at.line++;
			at.column = 0;
		}
		i += n;
	}
	return 0;
}

int yaml_parse(const char *text, size_t len, const char *name,
	       struct yaml_doc *doc, struct err *e)
{
	AUTO(reader_release) struct reader r = { .name = name };

	if (check_bytes(&r, text, len, e) < 0)
		return -1;
	if (!yaml_parser_initialize(&r.parser))
		oom();
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text,
				     len);
	doc->name = xstrdup(name);
	if (document(&r, doc, e) < 0) {
		yaml_release(doc);
		return -1;
	}
	return 0;
}

void yaml_release(struct yaml_doc *doc)
{
	node_free(doc->root);
	free(doc->name);
	doc->root = NULL;
	doc->name = NULL;
}
