/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth.c - credentials from the files that "login" commands write
 *
 * Trust: the files are the user's own.  What matters is that a password goes
 * to no other host than the one that its key names: keys are compared whole.
 */
#include "image/auth.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/evp.h>

#include "base/io.h"
#include "base/json.h"
#include "base/xalloc.h"

#define FILES_MAX 2		/* of credentials, unless one is named */

void secret_free(char *s)
{
	if (s)
		explicit_bzero(s, strlen(s));
	free(s);
}

void auth_release(struct auth *a)
{
	secret_free(a->user);
	secret_free(a->password);
	secret_free(a->identity_token);
	free(a->file);
	free(a->looked_at);
	free(a->helper);
	*a = (struct auth)AUTH_INIT;
}

char *auth_basic(const char *user, const char *password)
{
	AUTO_SECRET char *plain = xasprintf("%s:%s", user, password);
	size_t len = strlen(plain), size = sizeof("Basic ") + (len + 2) / 3 * 4;
	char *out = xmalloc(size);

	memcpy(out, "Basic ", 6);
	EVP_EncodeBlock((unsigned char *)out + 6, (unsigned char *)plain,
			(int)len);
	return out;
}

/* jansson frees its strings as they are: they are wiped first.  The cast is
 * the only way to what is ours to overwrite. */
static void wipe_entries(json_t *auths)
{
	const char *key, *member;
	json_t *entry, *j;

	json_object_foreach(auths, key, entry) {
		json_object_foreach(entry, member, j) {
			if (json_is_string(j))
				explicit_bzero((char *)(uintptr_t)json_string_value(j),
					       json_string_length(j));
		}
	}
}

/* user:password in base64, as docker login writes it: 0 or -1. */
static int decode_auth(const char *text, struct auth *a)
{
	size_t len = strlen(text), padding = 0;
	AUTO_SECRET char *plain = NULL;
	char *colon;
	int n;

	if (len == 0 || len % 4 || len > AUTH_SECRET_MAX)
		return -1;
	while (padding < 2 && text[len - 1 - padding] == '=')
		padding++;
	plain = xcalloc(1, len);
	n = EVP_DecodeBlock((unsigned char *)plain,
			    (const unsigned char *)text, (int)len);
	if (n < 0 || strlen(plain) > (size_t)n - padding)
		return -1;
	colon = strchr(plain, ':');
	if (!colon)
		return -1;
	*colon = '\0';
	a->user = xstrdup(plain);
	a->password = xstrdup(colon + 1);
	*colon = ':';
	return 0;
}

/* Takes what the entry has: 0 nothing, 1 something, -1. */
static int take_entry(const json_t *entry, const char *file, const char *key,
		      struct auth *a, struct err *e)
{
	const char *auth = json_str(entry, "auth");
	const char *user = json_str(entry, "username");
	const char *password = json_str(entry, "password");
	const char *token = json_str(entry, "identitytoken");

	if (token && *token) {
		a->identity_token = xstrdup(token);
	} else if (auth && *auth) {
		if (decode_auth(auth, a) < 0)
			return err_set(e, ERR_INPUT,
				       "'%s': the auth member of '%s' is not USER:PASSWORD in base64: log in again",
				       file, key);
	} else if (user && *user && password) {
		a->user = xstrdup(user);
		a->password = xstrdup(password);
	} else {
		return 0;	/* "{}": a helper keeps the password */
	}
	a->file = xstrdup(file);
	return 1;
}

/* Docker wrote URLs as keys once, and for its own hub it still does:
 * "https://index.docker.io/v1/".  A URL stands for its host alone. */
static bool url_names_host(const char *key, const char *host)
{
	const char *s = strstr(key, "://");
	size_t len;

	if (!s || (strncmp(key, "https://", 8) != 0 &&
		   strncmp(key, "http://", 7) != 0))
		return false;
	s += 3;
	len = strcspn(s, "/");
	if (strcmp(host, "docker.io") == 0 &&
	    len == strlen("index.docker.io") &&
	    strncmp(s, "index.docker.io", len) == 0)
		return true;
	return len == strlen(host) && strncmp(s, host, len) == 0;
}

/* Borrowed entry for "host", "host/a", …; keys as they are come first. */
static json_t *find_entry(json_t *auths, const char *name, const char **found)
{
	json_t *entry = json_object_get(auths, name);
	const char *key;

	*found = name;
	if (entry || strchr(name, '/'))
		return entry;
	if (strcmp(name, "docker.io") == 0)
		entry = json_object_get(auths, "index.docker.io");
	if (entry)
		return entry;
	json_object_foreach(auths, key, entry) {
		*found = key;
		if (url_names_host(key, name))
			return entry;
	}
	return NULL;
}

/* The helper that the file names for the host, if any. */
static const char *helper_for(const json_t *config, const char *host)
{
	const json_t *helpers = json_object_get(config, "credHelpers");
	const char *helper = json_str(helpers, host);

	if (!helper && strcmp(host, "docker.io") == 0)
		helper = json_str(helpers, "https://index.docker.io/v1/");
	return helper ? helper : json_str(config, "credsStore");
}

static int search(const json_t *config, const char *file,
		  const struct ref *ref, struct auth *a, struct err *e)
{
	json_t *auths = json_object_get(config, "auths"), *entry;
	AUTO_FREE char *name = xasprintf("%s/%s", ref->host, ref->path);
	const char *key, *helper = helper_for(config, ref->host);
	char *slash;

	for (;;) {
		entry = find_entry(auths, name, &key);
		if (entry) {
			int ret = take_entry(entry, file, key, a, e);

			if (ret != 0)
				return ret;
		}
		slash = strrchr(name, '/');
		if (!slash)
			break;
		*slash = '\0';
	}
	if (helper && *helper && !a->helper)
		a->helper = xstrdup(helper);
	return 0;
}

/* Into one piece of memory of the right size, which can be wiped: a growing
 * buffer leaves copies behind. */
static char *read_file(int fd, const char *file, size_t *len, struct err *e)
{
	struct stat st;
	char *text;
	ssize_t n;

	if (fstat(fd, &st) < 0) {
		err_sys(e, "cannot read '%s'", file);
		return NULL;
	}
	if (!S_ISREG(st.st_mode)) {
		err_set(e, ERR_INPUT,
			"'%s' is not a regular file, and credentials are read from nothing else, no pipe either: write them to a file",
			file);
		return NULL;
	}
	if (st.st_size > (off_t)AUTH_FILE_MAX) {
		err_set(e, ERR_INPUT, "'%s' is larger than %u bytes", file,
			AUTH_FILE_MAX);
		return NULL;
	}
	text = xcalloc(1, (size_t)st.st_size + 1);
	n = io_read(fd, text, (size_t)st.st_size);
	if (n < 0) {
		err_sys(e, "cannot read '%s'", file);
		free(text);
		return NULL;
	}
	*len = (size_t)n;
	return text;
}

/* 1 found, 0 not in there or no such file, -1. */
static int look_at(const char *file, bool must_exist, const struct ref *ref,
		   struct auth *a, struct err *e)
{
	AUTO_CLOSE int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	AUTO_JSON json_t *config = NULL;
	char *text, *looked_at;
	size_t len = 0;
	int ret;

	looked_at = a->looked_at ? xasprintf("%s or '%s'", a->looked_at, file) :
				   xasprintf("'%s'", file);
	free(a->looked_at);
	a->looked_at = looked_at;
	if (fd < 0 && !must_exist && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0)
		return err_sys(e, "cannot open '%s'", file);
	text = read_file(fd, file, &len, e);
	if (!text)
		return -1;
	config = json_parse_object(text, len, file, e);
	explicit_bzero(text, len);
	free(text);
	/* The parser's own words quote what it stopped at: a password, maybe. */
	if (!config)
		return err_set(e, ERR_INPUT,
			       "'%s' is not a JSON object: mend it, or log in again",
			       file);
	ret = search(config, file, ref, a, e);
	wipe_entries(json_object_get(config, "auths"));
	return ret;
}

char *docker_folder(void)
{
	const char *docker = getenv("DOCKER_CONFIG");
	const char *home = getenv("HOME");

	if (docker && *docker)
		return xstrdup(docker);
	return home && *home ? xasprintf("%s/.docker", home) : NULL;
}

/* Where credentials may be, in order; the caller frees them.  True: the user
 * named the one there is. */
static bool auth_files(const char *authfile, char *files[FILES_MAX])
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	AUTO_FREE char *folder = docker_folder();
	size_t n = 0;

	files[0] = files[1] = NULL;
	if (!authfile || !*authfile)
		authfile = getenv("REGISTRY_AUTH_FILE");
	if (authfile && *authfile) {
		files[0] = xstrdup(authfile);
		return true;
	}
	if (runtime && *runtime)
		files[n++] = xasprintf("%s/containers/auth.json", runtime);
	if (folder)
		files[n] = xasprintf("%s/config.json", folder);
	return false;
}

static void free_files(char *files[FILES_MAX])
{
	for (size_t i = 0; i < FILES_MAX; i++)
		free(files[i]);
}

void auth_needs(const char *authfile, struct sandbox *s)
{
	char *files[FILES_MAX];

	auth_files(authfile, files);
	for (size_t i = 0; i < FILES_MAX; i++)
		sandbox_read(s, files[i]);
	free_files(files);
}

int auth_find(const char *authfile, const struct ref *ref, struct auth *a,
	      struct err *e)
{
	char *files[FILES_MAX];
	bool named = auth_files(authfile, files);
	int ret = 0;

	*a = (struct auth)AUTH_INIT;
	for (size_t i = 0; ret == 0 && i < FILES_MAX && files[i]; i++)
		ret = look_at(files[i], named, ref, a, e);
	free_files(files);
	if (!a->looked_at)
		a->looked_at = xstrdup("any file (HOME is not set)");
	return ret < 0 ? -1 : 0;
}
