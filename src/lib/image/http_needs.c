/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_needs.c - the system's files that a client reads, for its sandbox
 *
 * The C library resolves names by plug-ins that each system chooses
 * (nsswitch.conf(5)), and TLS libraries read authorities when they connect.
 * All of these files are for everybody; none holds a secret.
 */
#include "image/http.h"

#include <stdlib.h>

#include <curl/curl.h>

static const char *const names[] = {
	"/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/gai.conf",
	"/etc/nsswitch.conf", "/etc/services", "/etc/protocols",
	"/etc/mdns.allow", "/etc/ld.so.cache", "/run/systemd/resolve",
	"/var/lib/sss/mc",
	/* the plug-ins, and the libraries that these need */
	"/lib", "/lib64", "/usr/lib", "/usr/lib64",
};

/* Debian's, Fedora's, SUSE's and Alpine's; some are links to others. */
static const char *const authorities[] = {
	"/etc/ssl/certs", "/etc/ssl/cert.pem", "/etc/ssl/ca-bundle.pem",
	"/etc/pki/tls/certs", "/etc/pki/ca-trust/extracted",
	"/usr/share/ca-certificates", "/usr/local/share/ca-certificates",
	"/usr/share/pki", "/var/lib/ca-certificates",
};

void http_needs(struct sandbox *s)
{
	const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);

	sandbox_network(s, SANDBOX_NET);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		sandbox_read(s, names[i]);
	for (size_t i = 0; i < ARRAY_SIZE(authorities); i++)
		sandbox_read(s, authorities[i]);
	sandbox_read(s, v->cainfo);
	sandbox_read(s, v->capath);
	sandbox_read(s, getenv("SSL_CERT_FILE"));
	sandbox_read(s, getenv("SSL_CERT_DIR"));
}
