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
#include <string.h>

#include "base/xalloc.h"
#include "image/http_parts.h"

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

/* As curl(1) and Go's crypto/x509 have them. */
static const char *instead(const char *variable, const char *usual)
{
	const char *value = getenv(variable);

	return value && *value ? value : usual;
}

const char *http_system_list(void)
{
	return instead("SSL_CERT_FILE",
		       curl_version_info(CURLVERSION_NOW)->cainfo);
}

const char *http_system_folders(void)
{
	return instead("SSL_CERT_DIR",
		       curl_version_info(CURLVERSION_NOW)->capath);
}

/* An authority is often a link, to a file outside of all these folders. */
static void needs_folders(struct sandbox *s, const char *folders)
{
	while (folders && *folders) {
		size_t len = strcspn(folders, ":");
		AUTO_FREE char *folder = xstrndup(folders, len);

		sandbox_read(s, folder);
		sandbox_read_links(s, folder);
		folders += len + (folders[len] == ':');
	}
}

void http_needs(struct sandbox *s)
{
	sandbox_network(s, SANDBOX_NET);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		sandbox_read(s, names[i]);
	for (size_t i = 0; i < ARRAY_SIZE(authorities); i++)
		sandbox_read(s, authorities[i]);
	sandbox_read(s, http_system_list());
	needs_folders(s, http_system_folders());
}
