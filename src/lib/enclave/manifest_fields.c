/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest_fields.c - the fields of enclaver.yaml, one table per mapping
 */
#include "enclave/manifest_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/xalloc.h"

#define MEMORY_MIN 64		/* MiB: no enclave starts with less */
#define PATH_TEXT  64		/* "kms_proxy.endpoints" and the like */

/* Where a reader stands: document, the path of the node for messages. */
struct at {
	const struct yaml_doc *doc;
	struct manifest *m;
	const char *path;
};

struct field {
	const char *name;
	/* Reads a value that is not null into out. */
	int (*read)(const struct at *at, const struct yaml_node *node,
		    void *out, struct err *e);
	size_t offset;		/* of out in the object that the table fills */
	bool required;
};

static int read_fields(const struct at *at, const struct yaml_node *node,
		       const struct field *fields, void *out, struct err *e);

static int wrong_type(const struct at *at, const struct yaml_node *node,
		      const char *want, struct err *e)
{
	return yaml_fault(at->doc, node, e, "'%s' must be %s, not %s", at->path,
			  want, yaml_describe(node));
}

/* As serde_yaml does, any scalar is taken for a string. */
static int read_string(const struct at *at, const struct yaml_node *node,
		       void *out, struct err *e)
{
	if (node->kind != YAML_SCALAR || yaml_is_null(node))
		return wrong_type(at, node, "a string", e);
	if (!*node->text)
		return yaml_fault(at->doc, node, e, "'%s' is empty", at->path);
	/* Names, references, paths: a newline in one would split a line of
	 * somebody's pipe. */
	for (const char *c = node->text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return yaml_fault(at->doc, node, e,
					  "'%s' has a control character in it",
					  at->path);
	*(char **)out = xstrdup(node->text);
	return 0;
}

static int read_int(const struct at *at, const struct yaml_node *node,
		    int64_t min, int64_t max, int64_t *value, struct err *e)
{
	if (yaml_int(node, value) < 0)
		return wrong_type(at, node, "an integer", e);
	if (*value < min || *value > max)
		return yaml_fault(at->doc, node, e,
				  "'%s' must be from %jd to %jd, not %s",
				  at->path, (intmax_t)min, (intmax_t)max,
				  node->text);
	return 0;
}

static int read_port(const struct at *at, const struct yaml_node *node,
		     void *out, struct err *e)
{
	int64_t value;

	if (read_int(at, node, 1, UINT16_MAX, &value, e) < 0)
		return -1;
	*(uint16_t *)out = (uint16_t)value;
	return 0;
}

static int read_count(const struct at *at, const struct yaml_node *node,
		      void *out, struct err *e)
{
	int64_t value;

	if (read_int(at, node, 1, INT32_MAX, &value, e) < 0)
		return -1;
	*(int32_t *)out = (int32_t)value;
	return 0;
}

static int read_memory(const struct at *at, const struct yaml_node *node,
		       void *out, struct err *e)
{
	int64_t value;

	if (yaml_int(node, &value) < 0)
		return wrong_type(at, node, "an integer (MiB)", e);
	if (read_int(at, node, MEMORY_MIN, INT32_MAX, &value, e) < 0)
		return -1;
	*(int32_t *)out = (int32_t)value;
	return 0;
}

static int read_version(const struct at *at, const struct yaml_node *node,
			void *out UNUSED, struct err *e)
{
	if (node->kind != YAML_SCALAR || yaml_is_null(node))
		return wrong_type(at, node, "v1", e);
	if (strcmp(node->text, "v1") != 0)
		return yaml_fault(at->doc, node, e,
				  "'%s' is '%s'; this program knows v1 only",
				  at->path, node->text);
	return 0;
}

/* A path that can be opened, from one that is relative to the manifest. */
static int read_path(const struct at *at, const struct yaml_node *node,
		     void *out, struct err *e)
{
	AUTO_FREE char *path = NULL;

	if (read_string(at, node, &path, e) < 0)
		return -1;
	*(char **)out = *path == '/' ?
		steal_ptr(&path) : xasprintf("%s%s", at->m->folder, path);
	return 0;
}

static int read_sources(const struct at *at, const struct yaml_node *node,
			void *out, struct err *e)
{
	static const struct field fields[] = {
		{ "app", read_string, offsetof(struct manifest, app), true },
		{ "odyn", read_string, offsetof(struct manifest, odyn), false },
		{ "sleeve", read_string, offsetof(struct manifest, sleeve),
		  false },
		{ 0 },
	};
	static const char *const renamed[][2] = { { "supervisor", "odyn" },
						  { "wrapper", "sleeve" } };

	if (node->kind != YAML_MAPPING)
		return wrong_type(at, node, "a mapping", e);
	for (size_t i = 0; i < ARRAY_SIZE(renamed); i++) {
		const struct yaml_node *old = yaml_get(node, renamed[i][0]);

		if (old)
			return yaml_fault(at->doc, old->key, e,
					  "'sources.%s' is called 'sources.%s' now",
					  renamed[i][0], renamed[i][1]);
	}
	return read_fields(at, node, fields, out, e);
}

static int read_signature(const struct at *at, const struct yaml_node *node,
			  void *out, struct err *e)
{
	static const struct field fields[] = {
		{ "certificate", read_path,
		  offsetof(struct manifest, certificate), true },
		{ "key", read_path, offsetof(struct manifest, key), true },
		{ 0 },
	};

	return read_fields(at, node, fields, out, e);
}

static int read_defaults(const struct at *at, const struct yaml_node *node,
			 void *out, struct err *e)
{
	static const struct field fields[] = {
		{ "cpu_count", read_count,
		  offsetof(struct manifest, cpu_count), false },
		{ "memory_mb", read_memory,
		  offsetof(struct manifest, memory_mb), false },
		{ 0 },
	};

	return read_fields(at, node, fields, out, e);
}

static int read_tls(const struct at *at, const struct yaml_node *node,
		    void *out, struct err *e)
{
	static const struct field fields[] = {
		{ "key_file", read_string,
		  offsetof(struct manifest_ingress, key_file), true },
		{ "cert_file", read_string,
		  offsetof(struct manifest_ingress, cert_file), true },
		{ 0 },
	};

	if (node->kind != YAML_MAPPING)
		return wrong_type(at, node,
				  "a mapping, like {key_file: key.pem, cert_file: cert.pem}",
				  e);
	((struct manifest_ingress *)out)->tls = true;
	return read_fields(at, node, fields, out, e);
}

static int read_ingress(const struct at *at, const struct yaml_node *node,
			void *out UNUSED, struct err *e)
{
	static const struct field fields[] = {
		{ "listen_port", read_port,
		  offsetof(struct manifest_ingress, listen_port), true },
		{ "tls", read_tls, 0, false },
		{ 0 },
	};
	struct manifest *m = at->m;

	if (node->kind != YAML_SEQUENCE)
		return wrong_type(at, node, "a list", e);
	m->ingress = xcalloc(node->n ? node->n : 1, sizeof(*m->ingress));
	for (size_t i = 0; i < node->n; i++) {
		char path[PATH_TEXT];
		struct at here = { at->doc, m, path };

		snprintf(path, sizeof(path), "%s[%zu]", at->path, i);
		m->n_ingress++;
		if (read_fields(&here, node->items[i], fields, &m->ingress[i],
				e) < 0)
			return -1;
	}
	return 0;
}

static int read_patterns(const struct at *at, const struct yaml_node *node,
			 void *out, struct err *e)
{
	struct manifest_patterns *p = out;

	if (node->kind != YAML_SEQUENCE)
		return wrong_type(at, node, "a list", e);
	p->items = xcalloc(node->n ? node->n : 1, sizeof(*p->items));
	for (size_t i = 0; i < node->n; i++) {
		const struct yaml_node *item = node->items[i];
		char path[PATH_TEXT];
		struct at here = { at->doc, at->m, path };
		AUTO_FREE char *text = NULL;
		struct err why;

		snprintf(path, sizeof(path), "%s[%zu]", at->path, i);
		if (read_string(&here, item, &text, e) < 0)
			return -1;
		if (pattern_parse(text, &p->items[i], &why) < 0)
			return yaml_fault(at->doc, item, e, "'%s': %s", path,
					  why.msg);
		p->n++;
	}
	return 0;
}

static int read_egress(const struct at *at, const struct yaml_node *node,
		       void *out, struct err *e)
{
	static const struct field fields[] = {
		{ "proxy_port", read_port,
		  offsetof(struct manifest, proxy_port), false },
		{ "allow", read_patterns, offsetof(struct manifest, allow),
		  false },
		{ "deny", read_patterns, offsetof(struct manifest, deny),
		  false },
		{ 0 },
	};

	at->m->has_egress = true;
	return read_fields(at, node, fields, out, e);
}

static int by_region(const void *a, const void *b)
{
	return strcmp(((const struct manifest_endpoint *)a)->region,
		      ((const struct manifest_endpoint *)b)->region);
}

static int read_endpoints(const struct at *at, const struct yaml_node *node,
			  void *out UNUSED, struct err *e)
{
	struct manifest *m = at->m;

	if (node->kind != YAML_MAPPING)
		return wrong_type(at, node, "a mapping", e);
	m->endpoints = xcalloc(node->n ? node->n : 1, sizeof(*m->endpoints));
	for (size_t i = 0; i < node->n; i++) {
		const struct yaml_node *item = node->items[i];
		struct manifest_endpoint *ep = &m->endpoints[m->n_endpoints++];

		ep->region = xstrdup(item->key->text);
		if (!*ep->region)
			return yaml_fault(at->doc, item->key, e,
					  "'%s' has an empty region", at->path);
		if (read_string(at, item, &ep->host, e) < 0)
			return -1;
	}
	qsort(m->endpoints, m->n_endpoints, sizeof(*m->endpoints), by_region);
	return 0;
}

static int read_kms_proxy(const struct at *at, const struct yaml_node *node,
			  void *out, struct err *e)
{
	static const struct field fields[] = {
		{ "listen_port", read_port,
		  offsetof(struct manifest, kms_port), true },
		{ "endpoints", read_endpoints, 0, false },
		{ 0 },
	};

	return read_fields(at, node, fields, out, e);
}

static int read_api(const struct at *at, const struct yaml_node *node,
		    void *out, struct err *e)
{
	static const struct field fields[] = {
		{ "listen_port", read_port,
		  offsetof(struct manifest, api_port), true },
		{ 0 },
	};

	return read_fields(at, node, fields, out, e);
}

static int read_aux_api(const struct at *at, const struct yaml_node *node,
			void *out, struct err *e)
{
	static const struct field fields[] = {
		{ "listen_port", read_port,
		  offsetof(struct manifest, aux_api_port), false },
		{ 0 },
	};
	struct manifest *m = at->m;

	if (read_fields(at, node, fields, out, e) < 0)
		return -1;
	if (m->aux_api_port)
		return 0;
	if (!m->api_port)	/* "api" may stand below; the check is later */
		return 0;
	if (m->api_port == UINT16_MAX)
		return yaml_fault(at->doc, node, e,
				  "'%s.listen_port' is needed: the port after 'api.listen_port' is not there",
				  at->path);
	m->aux_api_port = (uint16_t)(m->api_port + 1);
	return 0;
}

static int read_vsock_ports(const struct at *at, const struct yaml_node *node,
			    void *out, struct err *e)
{
	static const struct field fields[] = {
		{ "status_port", read_port,
		  offsetof(struct manifest, status_port), false },
		{ "app_log_port", read_port,
		  offsetof(struct manifest, app_log_port), false },
		{ "http_egress_port", read_port,
		  offsetof(struct manifest, http_egress_port), false },
		{ 0 },
	};

	at->m->has_vsock_ports = true;
	return read_fields(at, node, fields, out, e);
}

/* In this order: aux_api's default is taken from api. */
static const struct field manifest_fields[] = {
	{ "version", read_version, 0, true },
	{ "name", read_string, offsetof(struct manifest, name), true },
	{ "target", read_string, offsetof(struct manifest, target), true },
	{ "sources", read_sources, 0, true },
	{ "signature", read_signature, 0, false },
	{ "defaults", read_defaults, 0, false },
	{ "ingress", read_ingress, 0, false },
	{ "egress", read_egress, 0, false },
	{ "kms_proxy", read_kms_proxy, 0, false },
	{ "api", read_api, 0, false },
	{ "aux_api", read_aux_api, 0, false },
	{ "vsock_ports", read_vsock_ports, 0, false },
	{ 0 },
};

static int unknown_field(const struct at *at, const struct yaml_node *node,
			 const struct field *fields, struct err *e)
{
	AUTO_BUF struct buf known = BUF_INIT(1024);

	for (const struct field *f = fields; f->name; f++)
		buf_addf(&known, "%s%s", f == fields ? "" : ", ", f->name);
	return yaml_fault(at->doc, node->key, e,
			  "unknown field '%s%s%s' (known here: %s)", at->path,
			  *at->path ? "." : "", node->key->text, known.data);
}

static const struct field *find_field(const struct field *fields,
				      const char *name)
{
	for (const struct field *f = fields; f->name; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

static int read_fields(const struct at *at, const struct yaml_node *node,
		       const struct field *fields, void *out, struct err *e)
{
	if (node->kind != YAML_MAPPING)
		return wrong_type(at, node, "a mapping", e);
	for (size_t i = 0; i < node->n; i++)
		if (!find_field(fields, node->items[i]->key->text))
			return unknown_field(at, node->items[i], fields, e);
	for (const struct field *f = fields; f->name; f++) {
		const struct yaml_node *value = yaml_get(node, f->name);
		char path[PATH_TEXT];
		struct at here = { at->doc, at->m, path };

		snprintf(path, sizeof(path), "%s%s%s", at->path,
			 *at->path ? "." : "", f->name);
		if (!value && f->required)
			return yaml_fault(at->doc, node, e, "'%s' is missing",
					  path);
		if (!value || (yaml_is_null(value) && !f->required))
			continue;
		if (f->read(&here, value, (char *)out + f->offset, e) < 0)
			return -1;
	}
	return 0;
}

int manifest_read_fields(const struct yaml_doc *doc, struct manifest *m,
			 struct err *e)
{
	return read_fields(&(struct at){ doc, m, "" }, doc->root,
			   manifest_fields, m, e);
}
