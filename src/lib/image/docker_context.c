/* SPDX-License-Identifier: Apache-2.0 */
/*
 * docker_context.c - where the docker command would look for its daemon
 */
#include "image/docker_context.h"

#include <fcntl.h>
#include <string.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "image/auth.h"

void docker_endpoint_release(struct docker_endpoint *p)
{
	free(p->from);
	free(p->host);
	free(p->ca);
	free(p->cert);
	free(p->key);
	*p = (struct docker_endpoint){ 0 };
}

/* A variable that is empty is as good as none. */
static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* The file's path when it is there, else NULL. */
static char *file_in(const char *folder, const char *name)
{
	AUTO_FREE char *path = NULL;

	if (!folder)
		return NULL;
	path = xasprintf("%s/%s", folder, name);
	return access(path, F_OK) == 0 ? steal_ptr(&path) : NULL;
}

/* New reference to what is in the file: 1, 0 when there is none, -1. */
static int read_json(const char *path, json_t **j, struct err *e)
{
	AUTO_BUF struct buf text = BUF_INIT(DOCKER_FILE_MAX);

	if (access(path, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (buf_read_file(&text, AT_FDCWD, path, e) < 0)
		return -1;
	*j = json_parse_object(text.data ? text.data : "", text.len, path, e);
	return *j ? 1 : -1;
}

/* The context in use, or NULL for none; "default" is what none is called. */
static int context_name(const char *folder, char **name, struct err *e)
{
	const char *set = variable("DOCKER_CONTEXT");
	AUTO_FREE char *path = NULL;
	AUTO_JSON json_t *config = NULL;

	if (!set && folder) {
		path = xasprintf("%s/config.json", folder);
		if (read_json(path, &config, e) < 0)
			return -1;
		set = json_str(config, "currentContext");
	}
	if (set && *set && strcmp(set, "default") != 0)
		*name = xstrdup(set);
	return 0;
}

static int take_context(struct docker_endpoint *p, const char *folder,
			const char *name, struct err *e)
{
	AUTO_FREE char *path = NULL, *tls = NULL;
	AUTO_JSON json_t *meta = NULL;
	const json_t *endpoint;
	const char *host;
	char id[SHA256_HEX];
	int found;

	sha256_hex(name, strlen(name), id);
	path = xasprintf("%s/contexts/meta/%s/meta.json", folder, id);
	found = read_json(path, &meta, e);
	if (found < 0)
		return err_wrap(e, "docker context '%s'", name);
	endpoint = json_object_get(json_object_get(meta, "Endpoints"), "docker");
	host = json_str(endpoint, "Host");
	if (!host)
		return err_set(e, ERR_INPUT,
			       found ? "docker context '%s': '%s' names no host" :
				       "there is no docker context '%s': '%s' is missing",
			       name, path);
	tls = xasprintf("%s/contexts/tls/%s/docker", folder, id);
	p->from = xasprintf("docker context '%s'", name);
	p->host = xstrdup(host);
	p->ca = file_in(tls, "ca.pem");
	p->cert = file_in(tls, "cert.pem");
	p->key = file_in(tls, "key.pem");
	p->verify = !json_is_true(json_object_get(endpoint, "SkipTLSVerify"));
	p->tls = p->ca || p->cert || !p->verify;
	return 0;
}

/* Without a context. */
static int take_environment(struct docker_endpoint *p, const char *folder,
			    struct err *e)
{
	const char *host = variable("DOCKER_HOST");
	const char *certificates = variable("DOCKER_CERT_PATH");

	p->from = host ? xstrdup("DOCKER_HOST") : NULL;
	p->host = host ? xstrdup(host) : NULL;
	p->verify = variable("DOCKER_TLS_VERIFY");
	p->tls = p->verify || variable("DOCKER_TLS");
	if (!certificates)
		certificates = folder;
	if (!p->tls || !host || strncmp(host, "unix://", 7) == 0)
		return 0;
	if (p->verify && !certificates)
		return err_set(e, ERR_INPUT,
			       "no certificates for DOCKER_HOST: set DOCKER_CERT_PATH to their folder");
	p->ca = file_in(certificates, "ca.pem");
	if (p->verify && !p->ca)
		return err_set(e, ERR_SYS,
			       "DOCKER_TLS_VERIFY asks for '%s/ca.pem', which is not there: set DOCKER_CERT_PATH to its folder",
			       certificates);
	p->cert = file_in(certificates, "cert.pem");
	p->key = file_in(certificates, "key.pem");
	return 0;
}

int docker_endpoint_find(struct docker_endpoint *p, struct err *e)
{
	AUTO_FREE char *folder = docker_folder(), *name = NULL;

	if (!variable("DOCKER_HOST") && context_name(folder, &name, e) < 0)
		return -1;
	if (!name)
		return take_environment(p, folder, e);
	if (!folder)
		return err_set(e, ERR_INPUT,
			       "there is no docker context '%s': HOME is not set",
			       name);
	return take_context(p, folder, name, e);
}
