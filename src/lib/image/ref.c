/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ref.c - names of images: docker-style references and image paths
 *
 * Grammar and normalisation as in the Distribution project's reference
 * package; what a registry would refuse later is refused here, with a reason.
 */
#include "image/ref.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/xalloc.h"

#define NAME_MAX_LEN 255	/* host and path together, as Distribution has it */
#define DIGITS	     "0123456789"
#define LOWER	     "abcdefghijklmnopqrstuvwxyz"
#define UPPER	     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool is_alnum(char c)
{
	return c && strchr(LOWER UPPER DIGITS, c);
}

/* [A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])? joined by dots. */
static bool host_name_ok(const char *s, size_t len)
{
	size_t label = 0;

	for (size_t i = 0; i <= len; i++) {
		if (i < len && s[i] != '.') {
			if (!is_alnum(s[i]) && s[i] != '-')
				return false;
			continue;
		}
		if (i == label || s[label] == '-' || s[i - 1] == '-')
			return false;
		label = i + 1;
	}
	return true;
}

/* ":" and a port number, or nothing. */
static bool port_ok(const char *s)
{
	if (!*s)
		return true;
	if (*s++ != ':' || !*s || strlen(s) > 5 || s[strspn(s, DIGITS)])
		return false;
	return strtol(s, NULL, 10) >= 1 && strtol(s, NULL, 10) <= 65535;
}

static bool host_ok(const char *host)
{
	struct in6_addr address;
	char text[INET6_ADDRSTRLEN];
	size_t len;

	if (*host != '[') {
		len = strcspn(host, ":");
		return host_name_ok(host, len) && port_ok(host + len);
	}
	len = strcspn(++host, "]");
	if (host[len] != ']' || len >= sizeof(text))
		return false;
	memcpy(text, host, len);
	text[len] = '\0';
	return inet_pton(AF_INET6, text, &address) == 1 &&
	       port_ok(host + len + 1);
}

/* [a-z0-9]+ joined by one of ".", "_", "__" or any number of "-". */
static bool component_ok(const char *s, size_t len)
{
	size_t i = 0, start;

	for (;;) {
		for (start = i; i < len && strchr(LOWER DIGITS, s[i]); i++)
			;
		if (i == start)
			return false;
		if (i == len)
			return true;
		if (s[i] == '.')
			i++;
		else if (s[i] == '_')
			i += i + 1 < len && s[i + 1] == '_' ? 2 : 1;
		else
			while (i < len && s[i] == '-')
				i++;
	}
}

static bool path_ok(const char *path)
{
	for (;;) {
		size_t len = strcspn(path, "/");

		if (!component_ok(path, len))
			return false;
		if (!path[len])
			return true;
		path += len + 1;
	}
}

static bool tag_ok(const char *tag)
{
	size_t len = strlen(tag);

	return len >= 1 && len < sizeof(((struct ref *)0)->tag) &&
	       *tag != '.' && *tag != '-' &&
	       strspn(tag, LOWER UPPER DIGITS "_.-") == len;
}

/* Is what stands before the first slash a host?  Docker's rule: it has a dot
 * or a colon or an upper-case letter, or it is "localhost". */
static bool looks_like_host(const char *s, size_t len)
{
	if (len == 9 && strncmp(s, "localhost", len) == 0)
		return true;
	for (size_t i = 0; i < len; i++)
		if (strchr(".:[" UPPER, s[i]))
			return true;
	return false;
}

/* What somebody meant who wrote a file or an address instead of a name. */
static const char *hint(const char *name)
{
	if (*name == '/' || *name == '.')
		return "; a file is oci-archive:FILE or docker-archive:FILE";
	if (strncmp(name, "https:", 6) == 0 || strncmp(name, "http:", 5) == 0)
		return "; leave https:// out";
	return "";
}

enum transport transport_of(const char *text, const char **rest)
{
	static const struct {
		const char    *prefix;
		enum transport transport;
	} transports[] = {
		{ "docker://", TRANSPORT_REGISTRY },
		{ "oci:", TRANSPORT_OCI },
		{ "oci-archive:", TRANSPORT_OCI_ARCHIVE },
		{ "docker-archive:", TRANSPORT_DOCKER_ARCHIVE },
		{ "docker-daemon:", TRANSPORT_DOCKER_DAEMON },
		{ "atomic:", TRANSPORT_OTHER },
		{ "containers-storage:", TRANSPORT_OTHER },
		{ "dir:", TRANSPORT_OTHER },
		{ "ostree:", TRANSPORT_OTHER },
		{ "sif:", TRANSPORT_OTHER },
		{ "tarball:", TRANSPORT_OTHER },
	};

	for (size_t i = 0; i < ARRAY_SIZE(transports); i++) {
		size_t len = strlen(transports[i].prefix);

		if (strncmp(text, transports[i].prefix, len) != 0)
			continue;
		if (rest)
			*rest = text + len;
		return transports[i].transport;
	}
	return TRANSPORT_NONE;
}

/* What whoever wrote a transport where a name is wanted does instead. */
static const char *instead(enum transport t)
{
	switch (t) {
	case TRANSPORT_REGISTRY:
		return "leave docker:// out";
	case TRANSPORT_OCI:
		return "an image path is oci:DIR:NAME, and enc-pull brings one of a layout into the store";
	case TRANSPORT_OCI_ARCHIVE:
	case TRANSPORT_DOCKER_ARCHIVE:
	case TRANSPORT_DOCKER_DAEMON:
		return "enc-pull brings an image from there and prints its path, enc-push --target brings one there";
	default:
		return "nothing here reads or writes that: have 'skopeo copy' make an oci-archive: of it, for enc-pull";
	}
}

static int split_name(char *name, struct ref *ref, struct err *e)
{
	size_t first = strcspn(name, "/");
	bool has_host = name[first] && looks_like_host(name, first);
	const char *path = has_host ? name + first + 1 : name;

	if (has_host)
		snprintf(ref->host, sizeof(ref->host), "%.*s", (int)first, name);
	if (!has_host || strcmp(ref->host, "index.docker.io") == 0)
		snprintf(ref->host, sizeof(ref->host), "docker.io");
	if (!host_ok(ref->host))
		return err_set(e, ERR_USAGE,
			       "'%s' is not a registry's host name%s",
			       ref->host, hint(name));
	if (!path_ok(path))
		return err_set(e, ERR_USAGE,
			       "'%s' is not the name of a repository (lower-case letters, digits and single . _ - between them)%s",
			       path, hint(name));
	snprintf(ref->path, sizeof(ref->path), "%s%.*s",
		 strcmp(ref->host, "docker.io") == 0 && !strchr(path, '/') ?
			 "library/" : "", NAME_MAX_LEN + 1, path);
	if (strlen(ref->host) + 1 + strlen(ref->path) > NAME_MAX_LEN)
		return err_set(e, ERR_USAGE,
			       "the name of a repository is longer than %d bytes",
			       NAME_MAX_LEN);
	return 0;
}

int ref_parse(const char *text, struct ref *ref, struct err *e)
{
	enum transport t = transport_of(text, NULL);

	if (t != TRANSPORT_NONE)
		return err_set(e, ERR_USAGE,
			       "'%s' is not the name of a repository: %s", text,
			       instead(t));
	return ref_parse_name(text, ref, e);
}

int ref_parse_name(const char *text, struct ref *ref, struct err *e)
{
	char name[REF_MAX], *at, *colon, *slash;
	const char *hex;

	memset(ref, 0, sizeof(*ref));
	if (!*text || strlen(text) >= sizeof(name))
		return err_set(e, ERR_USAGE, *text ?
			       "the reference to an image is too long" :
			       "the reference to an image is empty");
	snprintf(name, sizeof(name), "%s", text);
	at = strchr(name, '@');
	if (at) {
		*at++ = '\0';
		if (!digest_is_sha256(at, &hex))
			return err_set(e, ERR_USAGE,
				       "'%s' is not sha256: and 64 lower-case hex digits",
				       at);
		snprintf(ref->hex, sizeof(ref->hex), "%s", hex);
	}
	/* A colon after the last slash begins a tag, one before it a port. */
	slash = strrchr(name, '/');
	colon = strrchr(slash ? slash : name, ':');
	if (colon) {
		*colon++ = '\0';
		if (!tag_ok(colon))
			return err_set(e, ERR_USAGE,
				       "'%s' is not a tag (at most 128 letters, digits and _ . -)",
				       colon);
		snprintf(ref->tag, sizeof(ref->tag), "%s", colon);
	} else if (!at) {
		snprintf(ref->tag, sizeof(ref->tag), "latest");
	}
	if (strlen(name) == 64 && strspn(name, "0123456789abcdef") == 64)
		return err_set(e, ERR_USAGE,
			       "'%s' is an image ID, not a name: give the name that it was pulled by",
			       name);
	return split_name(name, ref, e);
}

char *ref_name(const struct ref *ref)
{
	return xasprintf("%s/%s%s%s", ref->host, ref->path,
			 *ref->tag ? ":" : "", ref->tag);
}

bool ref_host_is_loopback(const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;
	char name[INET6_ADDRSTRLEN];
	bool bracket = *host == '[';
	size_t len;

	host += bracket;
	len = strcspn(host, bracket ? "]" : ":");
	if (len >= sizeof(name))
		return false;
	memcpy(name, host, len);
	name[len] = '\0';
	if (bracket)
		return inet_pton(AF_INET6, name, &v6) == 1 &&
		       IN6_IS_ADDR_LOOPBACK(&v6);
	if (inet_pton(AF_INET, name, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return strcasecmp(name, "localhost") == 0;
}

bool ref_is_loopback(const struct ref *ref)
{
	return ref_host_is_loopback(ref->host);
}

/* A path that goes through a pipe as one line has no control characters. */
static bool is_line(const char *s)
{
	for (; *s; s++)
		if (iscntrl((unsigned char)*s))
			return false;
	return true;
}

int image_path_parse(const char *text, struct image_path *p, struct err *e)
{
	const char *dir = strncmp(text, "oci:", 4) == 0 ? text + 4 : NULL;
	const char *colon = dir ? strchr(dir, ':') : NULL;
	const char *at = strrchr(text, '@'), *hex;

	memset(p, 0, sizeof(*p));
	if (!colon || colon == dir || !at || at <= colon + 1 ||
	    !digest_is_sha256(at + 1, &hex) || !is_line(text))
		return err_set(e, ERR_USAGE,
			       "'%s' is not an image path (oci:DIR:NAME@sha256:HEX, as enc-pull prints it)",
			       text);
	p->dir = xstrndup(dir, (size_t)(colon - dir));
	p->name = xstrndup(colon + 1, (size_t)(at - colon - 1));
	snprintf(p->hex, sizeof(p->hex), "%s", hex);
	return 0;
}

char *image_path_format(const char *dir, const char *name, const char *hex)
{
	return xasprintf("oci:%s:%s@sha256:%s", dir, name, hex);
}

void image_path_release(struct image_path *p)
{
	free(p->dir);
	free(p->name);
	memset(p, 0, sizeof(*p));
}
