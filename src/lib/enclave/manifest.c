/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest.c - enclaver.yaml, version v1
 */
#include "enclave/manifest.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "base/yaml.h"
#include "enclave/manifest_parts.h"

/* What one section needs of another. */
static int check_needs(const struct yaml_doc *doc, const struct manifest *m,
		       struct err *e)
{
	const struct yaml_node *aux = yaml_get(doc->root, "aux_api");

	if (m->kms_port && m->allow.n == 0)
		return yaml_fault(doc, yaml_get(doc->root, "kms_proxy")->key, e,
				  "'kms_proxy' needs 'egress' with an 'allow' that KMS matches");
	if (aux && !yaml_is_null(aux) && !m->api_port)
		return yaml_fault(doc, aux->key, e,
				  "'aux_api' needs 'api'");
	return 0;
}

static int read_manifest(const struct yaml_doc *doc, struct manifest *m,
			 struct err *e)
{
	const struct yaml_node *root = doc->root, *spire;

	if (root->kind != YAML_MAPPING)
		return yaml_fault(doc, root, e,
				  "a manifest must be a mapping, not %s",
				  yaml_describe(root));
	spire = yaml_get(root, "spire");
	if (spire)
		return yaml_fault(doc, spire->key, e,
				  "'spire' is not supported: there is no SPIFFE agent here");
	if (manifest_read_fields(doc, m, e) < 0 || check_needs(doc, m, e) < 0)
		return -1;
	return manifest_check_ports(doc, m, e);
}

int manifest_parse(const char *text, size_t len, const char *name,
		   struct manifest *out, struct err *e)
{
	AUTO_YAML_DOC struct yaml_doc doc = YAML_DOC_INIT;
	AUTO_MANIFEST struct manifest m = {
		.cpu_count = MANIFEST_CPU_COUNT,
		.memory_mb = MANIFEST_MEMORY_MB,
		.proxy_port = MANIFEST_PROXY_PORT,
		.status_port = MANIFEST_STATUS_PORT,
		.app_log_port = MANIFEST_LOG_PORT,
		.http_egress_port = MANIFEST_EGRESS_PORT,
	};
	const char *slash = strrchr(name, '/');

	m.folder = xstrndup(name, slash ? (size_t)(slash - name) + 1 : 0);
	m.text = xmemdup(text, len);
	m.len = len;
	if (yaml_parse(text, len, name, &doc, e) < 0 ||
	    read_manifest(&doc, &m, e) < 0)
		return -1;
	*out = m;
	memset(&m, 0, sizeof(m));
	return 0;
}

int manifest_load(const char *path, struct manifest *m, struct err *e)
{
	bool standard = strcmp(path, "-") == 0;
	const char *name = standard ? "<stdin>" : path;
	AUTO_BUF struct buf text = BUF_INIT(YAML_MAX);

	if (standard) {
		if (buf_read_fd(&text, STDIN_FILENO, name, e) < 0)
			return -1;
	} else if (buf_read_file(&text, AT_FDCWD, path, e) < 0) {
		return -1;
	}
	return manifest_parse(text.data ? text.data : "", text.len, name, m, e);
}

void manifest_release(struct manifest *m)
{
	for (size_t i = 0; i < m->n_ingress; i++) {
		free(m->ingress[i].key_file);
		free(m->ingress[i].cert_file);
	}
	for (size_t i = 0; i < m->allow.n; i++)
		pattern_release(&m->allow.items[i]);
	for (size_t i = 0; i < m->deny.n; i++)
		pattern_release(&m->deny.items[i]);
	for (size_t i = 0; i < m->n_endpoints; i++) {
		free(m->endpoints[i].region);
		free(m->endpoints[i].host);
	}
	free(m->ingress);
	free(m->allow.items);
	free(m->deny.items);
	free(m->endpoints);
	free(m->certificate);
	free(m->key);
	free(m->app);
	free(m->odyn);
	free(m->sleeve);
	free(m->name);
	free(m->target);
	free(m->folder);
	free(m->text);
	memset(m, 0, sizeof(*m));
}
