/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_boot.c - what is read at a boot: /cmd, /env and the list of /xattrs
 */
#include "enclave/boot.h"

#include "tap.h"

static void free_words(char **words)
{
	for (char **w = words; w && *w; w++)
		free(*w);
	free(words);
}

static void test_split(void)
{
	char **w = boot_words("a b\n\n\tc", 7);

	same_str(w[0], "a b", "a line is a word");
	same_str(w[1], "", "an empty line is an empty word");
	same_str(w[2], "\tc", "a last line without its newline");
	ok(w[3] == NULL, "and no more");
	free_words(w);
	w = boot_words("a\n", 2);
	ok(w[0] && !w[1], "a newline at the end starts no word");
	free_words(w);
	w = boot_words(NULL, 0);
	ok(w && !w[0], "an empty file has no words");
	free_words(w);
	ok(boot_words("a\0b", 3) == NULL, "a NUL is refused");
}

static void test_env(void)
{
	char with[] = "PATH=/bin", odd[] = "rest of a value", none[] = "=x";
	char other[] = "PATHS=1";
	char *words[] = { with, odd, none, other, NULL };
	char **env = boot_env(words);

	same_str(env[0], "PATH=/bin", "NAME=value stays");
	same_str(env[1], "PATHS=1", "what is none does not");
	ok(env[2] == NULL, "and there is no second PATH");
	free(env);
	env = boot_env(words + 3);
	same_str(env[1], "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:"
		 "/usr/bin:/sbin:/bin", "PATH as Docker has it");
	free(env[1]);
	free(env);
}

static int next(const char *list, size_t len, struct boot_xattr *r)
{
	const char *at = list;

	return boot_xattr_next(&at, list + len, r);
}

static void test_xattrs(void)
{
	static const char list[] = "bin/ping\0security.capability\0" "0aff\0"
				   "etc/x\0user.empty\0";
	const char *at = list;
	const char *end = list + sizeof(list);	/* the literal's NUL is HEX's */
	struct boot_xattr r;

	ok(boot_xattr_next(&at, end, &r) == 1, "first record");
	same_str(r.path, "bin/ping", "its path");
	same_str(r.name, "security.capability", "its name");
	same_str(r.hex, "0aff", "its value");
	ok(boot_xattr_next(&at, end, &r) == 1, "second record");
	same_str(r.hex, "", "its value, which is empty");
	ok(boot_xattr_next(&at, end, &r) == 0, "the end");
	ok(next("a\0b\0c", 5, &r) == -1, "cut short");
	ok(next("a\0b", 3, &r) == -1, "cut shorter");
	ok(next("/a\0b\0c\0", 7, &r) == -1, "an absolute path");
	ok(next("\0b\0c\0", 5, &r) == -1, "no path");
	ok(next("a\0\0c\0", 5, &r) == -1, "no name");
}

static void test_values(void)
{
	static unsigned char value[BOOT_XATTR_MAX];
	static char hex[2 * BOOT_XATTR_MAX + 3];
	struct boot_xattr r = { .hex = "00ff7a" };

	ok(boot_xattr_value(&r, value) == 3 &&
	   memcmp(value, "\0\xff" "z", 3) == 0, "a value");
	r.hex = "";
	ok(boot_xattr_value(&r, value) == 0, "an empty one");
	r.hex = "0g";
	ok(boot_xattr_value(&r, value) == -1, "no hex");
	r.hex = "0F";
	ok(boot_xattr_value(&r, value) == -1, "upper case");
	r.hex = "0ff";
	ok(boot_xattr_value(&r, value) == -1, "half a byte");
	memset(hex, '0', sizeof(hex) - 1);
	r.hex = hex;
	ok(boot_xattr_value(&r, value) == -1, "one byte too many");
	hex[2 * BOOT_XATTR_MAX] = '\0';
	ok(boot_xattr_value(&r, value) == BOOT_XATTR_MAX, "as many as may be");
}

int main(void)
{
	test_split();
	test_env();
	test_xattrs();
	test_values();
	return tap_done();
}
