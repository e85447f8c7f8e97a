/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest_text.c - the manifest that goes into the enclave, as text
 *
 * Written by hand: libyaml's emitter would put its own version's taste for
 * line breaks into everybody's measurements.
 */
#include "enclave/manifest.h"

#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"

#define CANONICAL_MAX ((size_t)16 << 20)	/* 1 MiB, every byte escaped */

/* In double quotes; what is not printable ASCII as an escape, for YAML folds
 * or refuses some of it. */
static void add_quoted(struct buf *b, const char *s)
{
	size_t len = strlen(s);

	buf_addc(b, '"');
	while (len > 0) {
		size_t n = utf8_length(s, len);
		uint32_t code;

		if (n == 0)	/* does not come out of a YAML text */
			n = 1;
		code = utf8_code(s, n);
		if (code == '"' || code == '\\')
			buf_addf(b, "\\%c", (int)code);
		else if (code >= 0x20 && code < 0x7f)
			buf_addc(b, (char)code);
		else if (code <= 0xff)
			buf_addf(b, "\\x%02x", code);
		else if (code <= 0xffff)
			buf_addf(b, "\\u%04x", code);
		else
			buf_addf(b, "\\U%08x", code);
		s += n;
		len -= n;
	}
	buf_addc(b, '"');
}

static void add_string(struct buf *b, const char *key, const char *s)
{
	buf_addf(b, "%s: ", key);
	add_quoted(b, s);
	buf_addc(b, '\n');
}

static void add_ingress(struct buf *b, const struct manifest *m)
{
	if (m->n_ingress == 0)
		return;
	buf_adds(b, "ingress:\n");
	for (size_t i = 0; i < m->n_ingress; i++) {
		const struct manifest_ingress *in = &m->ingress[i];

		buf_addf(b, "  - listen_port: %u\n", in->listen_port);
		if (!in->tls)
			continue;
		buf_adds(b, "    tls:\n");
		add_string(b, "      key_file", in->key_file);
		add_string(b, "      cert_file", in->cert_file);
	}
}

static void add_patterns(struct buf *b, const char *key,
			 const struct manifest_patterns *p)
{
	if (p->n == 0)
		return;
	buf_addf(b, "  %s:\n", key);
	for (size_t i = 0; i < p->n; i++) {
		buf_adds(b, "    - ");
		add_quoted(b, p->items[i].text);
		buf_addc(b, '\n');
	}
}

static void add_egress(struct buf *b, const struct manifest *m)
{
	if (!m->has_egress)
		return;
	buf_addf(b, "egress:\n  proxy_port: %u\n", m->proxy_port);
	add_patterns(b, "allow", &m->allow);
	add_patterns(b, "deny", &m->deny);
}

static void add_kms_proxy(struct buf *b, const struct manifest *m)
{
	if (!m->kms_port)
		return;
	buf_addf(b, "kms_proxy:\n  listen_port: %u\n", m->kms_port);
	if (m->n_endpoints == 0)
		return;
	buf_adds(b, "  endpoints:\n");
	for (size_t i = 0; i < m->n_endpoints; i++) {
		buf_adds(b, "    ");
		add_quoted(b, m->endpoints[i].region);
		buf_adds(b, ": ");
		add_quoted(b, m->endpoints[i].host);
		buf_addc(b, '\n');
	}
}

char *manifest_canonical(const struct manifest *m)
{
	AUTO_BUF struct buf b = BUF_INIT(CANONICAL_MAX);

	buf_adds(&b, "version: v1\n");
	add_string(&b, "name", m->name);
	buf_adds(&b, "target: \"-\"\nsources:\n  app: \"-\"\n");
	add_ingress(&b, m);
	add_egress(&b, m);
	add_kms_proxy(&b, m);
	if (m->api_port)
		buf_addf(&b, "api:\n  listen_port: %u\n", m->api_port);
	if (m->aux_api_port)
		buf_addf(&b, "aux_api:\n  listen_port: %u\n", m->aux_api_port);
	if (m->has_vsock_ports)
		buf_addf(&b, "vsock_ports:\n  status_port: %u\n"
			 "  app_log_port: %u\n  http_egress_port: %u\n",
			 m->status_port, m->app_log_port, m->http_egress_port);
	return buf_steal(&b);
}
