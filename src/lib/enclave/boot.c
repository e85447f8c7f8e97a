/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot.c - what a ramdisk says of the command that is started from it
 */
#include "enclave/boot.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "enclave/process.h"

#define DEFAULT_PATH "PATH=" PROCESS_DEFAULT_PATH
#define HOSTS	     "/etc/hosts"

char **boot_words(const char *text, size_t len)
{
	const char *end;
	size_t n = 0;
	char **words;

	if (len == 0)
		text = "";
	if (memchr(text, '\0', len))
		return NULL;
	end = text + len;
	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	words = xcalloc(n + 2, sizeof(*words));	/* a last line, and NULL */
	n = 0;
	while (text < end) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		const char *stop = nl ? nl : end;

		words[n++] = xstrndup(text, (size_t)(stop - text));
		text = nl ? nl + 1 : end;
	}
	return words;
}

char **boot_env(char **words)
{
	bool have_path = false;
	size_t n = 0;
	char **env;

	while (words[n])
		n++;
	env = xcalloc(n + 2, sizeof(*env));
	n = 0;
	for (; *words; words++) {
		if (!strchr(*words, '=') || **words == '=')
			continue;	/* the rest of a value with a newline */
		have_path |= strncmp(*words, "PATH=", 5) == 0;
		env[n++] = *words;
	}
	if (!have_path)
		env[n] = xstrdup(DEFAULT_PATH);
	return env;
}

int boot_xattr_next(const char **at, const char *end, struct boot_xattr *r)
{
	const char **part[] = { &r->path, &r->name, &r->hex };

	if (*at == end)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(part); i++) {
		const char *nul = memchr(*at, '\0', (size_t)(end - *at));

		if (!nul)
			return -1;
		*part[i] = *at;
		*at = nul + 1;
	}
	return *r->path && *r->path != '/' && *r->name ? 1 : -1;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

ssize_t boot_xattr_value(const struct boot_xattr *r,
			 unsigned char value[BOOT_XATTR_MAX])
{
	size_t n = 0;

	for (const char *hex = r->hex; hex[0]; hex += 2) {
		int high = digit(hex[0]);
		int low = high < 0 ? -1 : digit(hex[1]);

		if (low < 0 || n == BOOT_XATTR_MAX)
			return -1;
		value[n++] = (unsigned char)(high << 4 | low);
	}
	return (ssize_t)n;
}

bool boot_is_empty(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *entry;
	bool empty = true;

	if (!d)
		return true;
	while (empty && (entry = readdir(d)))
		empty = strcmp(entry->d_name, ".") == 0 ||
			strcmp(entry->d_name, "..") == 0;
	closedir(d);
	return empty;
}

/* <linux/openat2.h> and the call's number, which are as new as the call. */
#define CALL_OPENAT2	437
#define NO_MAGIC_LINKS	0x02
#define IN_ROOT		0x10
struct how { uint64_t flags, mode, resolve; };

int boot_open(const char *path, int flags, mode_t mode)
{
	const struct how how = { .flags = (uint64_t)flags | O_CLOEXEC,
				 .mode = mode,
				 .resolve = NO_MAGIC_LINKS | IN_ROOT };
	AUTO_CLOSE int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = root < 0 ? -1 : (int)syscall(CALL_OPENAT2, root, path, &how,
					      sizeof(how));

	if (fd < 0 && errno == ENOSYS)	/* before Linux 5.6 */
		return open(path, flags | O_CLOEXEC, mode);
	return fd;
}

int boot_hosts(struct err *e)
{
	static const char text[] = "127.0.0.1\tlocalhost\n::1\tlocalhost\n";
	AUTO_CLOSE int fd = -1;
	struct stat st;

	mkdir("/etc", 0755);
	fd = boot_open(HOSTS, O_RDWR | O_CREAT | O_NONBLOCK | O_NOCTTY, 0644);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "cannot write '" HOSTS "'");
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INPUT,
			       "'" HOSTS "' of the image is no regular file");
	if (st.st_size == 0 && write(fd, text, sizeof(text) - 1) < 0)
		return err_sys(e, "cannot write '" HOSTS "'");
	return 0;
}
