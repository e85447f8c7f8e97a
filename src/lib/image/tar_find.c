/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tar_find.c - where in a tar a file lies
 */
#include "image/tar_find.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/xalloc.h"
#include "image/tar_strict.h"

#define BLOCK	  512u
#define NAME_MAX_ 4096u

/* POSIX.1-2017, "ustar Interchange Format": where the fields are. */
enum { AT_NAME = 0, AT_SIZE = 124, AT_SUM = 148, AT_TYPE = 156,
       AT_MAGIC = 257, AT_PREFIX = 345 };
enum { LEN_NAME = 100, LEN_SIZE = 12, LEN_SUM = 8, LEN_PREFIX = 155 };

struct tar {
	int	    fd;
	const char *name;
	uint64_t    at, end;
	uint8_t	    head[BLOCK];
	/* What an extended header said of the next entry. */
	bool	    has_size;
	uint64_t    pax_size;
	char	    pax_path[NAME_MAX_];
};

static int bad(const struct tar *t, const char *what, struct err *e)
{
	return err_set(e, ERR_INPUT, "'%s' is no sound tar at byte %llu: %s",
		       t->name, (unsigned long long)t->at, what);
}

static int get(const struct tar *t, void *data, size_t len, uint64_t at,
	       struct err *e)
{
	ssize_t n = io_pread(t->fd, data, len, at);

	if (n < 0)
		return err_sys(e, "cannot read '%s'", t->name);
	if ((size_t)n < len)
		return bad(t, "it is cut short", e);
	return 0;
}

/* Octal digits, blanks around them; or base 256 behind a byte of 0x80. */
static int number(const uint8_t *field, size_t len, uint64_t *out)
{
	uint64_t n = 0;
	size_t i = 0;

	if (field[0] & 0x80) {
		if (field[0] != 0x80)
			return -1;
		for (i = 1; i < len; i++) {
			if (n >> 56)
				return -1;
			n = n << 8 | field[i];
		}
		*out = n;
		return 0;
	}
	while (i < len && field[i] == ' ')
		i++;
	for (; i < len && field[i] >= '0' && field[i] <= '7'; i++)
		n = n << 3 | (uint64_t)(field[i] - '0');
	if (i < len && field[i] != ' ' && field[i] != '\0')
		return -1;
	*out = n;
	return 0;
}

static bool is_zero(const uint8_t *block)
{
	for (size_t i = 0; i < BLOCK; i++)
		if (block[i])
			return false;
	return true;
}

static int check_sum(const struct tar *t, struct err *e)
{
	uint64_t said, sum = 0;

	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= AT_SUM && i < AT_SUM + LEN_SUM ? ' ' : t->head[i];
	if (number(t->head + AT_SUM, LEN_SUM, &said) < 0 || said != sum)
		return bad(t, "a header's checksum is wrong", e);
	return 0;
}

/* One "LENGTH KEY=VALUE\n" of len bytes, its length passed already. */
static int take_record(struct tar *t, const char *record, size_t len,
		       struct err *e)
{
	const char *eq = memchr(record, '=', len);
	size_t key, value;
	char *end;

	if (!eq || record[len - 1] != '\n')
		return bad(t, "a pax record is none", e);
	key = (size_t)(eq - record);
	value = len - key - 2;
	if (key == 4 && memcmp(record, "path", 4) == 0) {
		if (value == 0 || value >= sizeof(t->pax_path) ||
		    memchr(eq + 1, '\0', value))
			return bad(t, "a name is too long", e);
		memcpy(t->pax_path, eq + 1, value);
		t->pax_path[value] = '\0';
	} else if (key >= 10 && memcmp(record, "GNU.sparse", 10) == 0) {
		return bad(t, "sparse files are not read here", e);
	} else if (key == 4 && memcmp(record, "size", 4) == 0) {
		if (value == 0 || eq[1] < '0' || eq[1] > '9')
			return bad(t, "a size is no number", e);
		errno = 0;
		t->pax_size = strtoull(eq + 1, &end, 10);
		if (errno || *end != '\n')
			return bad(t, "a size is no number", e);
		t->has_size = true;
	}
	return 0;
}

static int read_pax(struct tar *t, uint64_t size, struct err *e)
{
	AUTO_FREE char *text = NULL;
	size_t at = 0;

	if (size > TAR_TEXT_MAX)
		return bad(t, "an extended header is too long", e);
	text = xmalloc((size_t)size + 1);
	text[size] = '\0';
	if (get(t, text, (size_t)size, t->at + BLOCK, e) < 0)
		return -1;
	while (at < size) {
		char *rest;
		unsigned long len = strtoul(text + at, &rest, 10);
		size_t digits = (size_t)(rest - (text + at));

		if (text[at] < '0' || text[at] > '9' || *rest != ' ' ||
		    len <= digits + 1 || len > size - at)
			return bad(t, "a pax record is none", e);
		if (take_record(t, rest + 1, len - digits - 1, e) < 0)
			return -1;
		at += len;
	}
	return 0;
}

static void path_of(const struct tar *t, char path[NAME_MAX_])
{
	const char *name = (const char *)t->head + AT_NAME;
	const char *prefix = (const char *)t->head + AT_PREFIX;

	if (t->pax_path[0])
		snprintf(path, NAME_MAX_, "%s", t->pax_path);
	else if (memcmp(t->head + AT_MAGIC, "ustar\0", 6) == 0 && *prefix)
		snprintf(path, NAME_MAX_, "%.*s/%.*s", LEN_PREFIX, prefix,
			 LEN_NAME, name);
	else
		snprintf(path, NAME_MAX_, "%.*s", LEN_NAME, name);
}

/* The path as an engine has it: no "/" at its ends, none twice, no ".".  -1 for
 * one with "..". */
static int clean(const char *path, char out[NAME_MAX_])
{
	size_t len = 0;

	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && memcmp(path, "..", 2) == 0)
			return -1;
		if (n > 0 && !(n == 1 && *path == '.')) {
			if (len > 0)
				out[len++] = '/';
			memcpy(out + len, path, n);
			len += n;
		}
		path += n + (path[n] == '/');
	}
	out[len] = '\0';
	return 0;
}

/* Is p a folder that path is in? */
static bool is_above(const char *p, const char *path)
{
	size_t n = strlen(p);

	return n == 0 || (strncmp(path, p, n) == 0 && path[n] == '/');
}

/* Does the whiteout p take path away?  OCI image spec, layer.md: ".wh.NAME", and
 * ".wh..wh..opq" for all that the layers below have in its folder. */
static bool takes_away(const char *p, const char *path)
{
	static const char mark[] = ".wh.", opaque[] = ".wh..wh..opq";
	const char *slash = strrchr(p, '/');
	const char *last = slash ? slash + 1 : p;
	char folder[NAME_MAX_], gone[NAME_MAX_];

	if (strncmp(last, mark, sizeof(mark) - 1) != 0)
		return false;
	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - p) : 0,
		 p);
	if (strcmp(last, opaque) == 0)
		return is_above(folder, path);
	snprintf(gone, sizeof(gone), "%.*s%s", slash ? (int)(slash + 1 - p) : 0,
		 p, last + sizeof(mark) - 1);
	return strcmp(gone, path) == 0 || is_above(gone, path);
}

/* 1 when the entry is the file that is looked for, 0 when it has nothing to do
 * with it; -1 when it has, and is something else. */
static int judge(const struct tar *t, const char *want, struct err *e)
{
	uint8_t type = t->head[AT_TYPE];
	char path[NAME_MAX_], p[NAME_MAX_];

	path_of(t, path);
	if (clean(path, p) < 0)
		return bad(t, "a name has '..' in it", e);
	if (strcmp(p, want) == 0 && type != '0' && type != '\0')
		return bad(t, "what should be a file is none", e);
	if (is_above(p, want) && type != '5')
		return bad(t, "what should be a folder is none", e);
	if (takes_away(p, want))
		return bad(t, "it takes away what is looked for", e);
	return strcmp(p, want) == 0;
}

/* 1 when the entry at t->at is the file that is looked for, and t->at stands
 * behind the entry in any case. */
static int pass_entry(struct tar *t, const char *want, uint64_t *offset,
		      uint64_t *size, struct err *e)
{
	uint8_t type = t->head[AT_TYPE];
	uint64_t len, data = t->at + BLOCK;
	int found = 0;

	if (number(t->head + AT_SIZE, LEN_SIZE, &len) < 0)
		return bad(t, "a size is no number", e);
	if (type == 'x' && read_pax(t, len, e) < 0)
		return -1;
	if (type == 'L' || type == 'K' || type == 'S' || type == 'g')
		return bad(t, "GNU's long names, sparse files and global headers are not read here", e);
	if (type != 'x') {
		if (t->has_size)
			len = t->pax_size;
		/* Only files have bytes of their own. */
		if (type != '0' && type != '\0')
			len = 0;
		found = judge(t, want, e);
		if (found < 0)
			return -1;
		t->has_size = false;
		t->pax_path[0] = '\0';
	}
	if (len > t->end - data)
		return bad(t, "a file is longer than the tar", e);
	if (found) {
		*offset = data;
		*size = len;
	}
	t->at = data + (len + BLOCK - 1) / BLOCK * BLOCK;
	return found;
}

int tar_find(int fd, const char *path, const char *name, uint64_t *offset,
	     uint64_t *size, struct err *e)
{
	struct tar t = { .fd = fd, .name = name };
	int found = 0;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "cannot read '%s'", name);
	t.end = (uint64_t)st.st_size;
	for (unsigned i = 0; t.end >= BLOCK && t.at <= t.end - BLOCK; i++) {
		int ret;

		if (i == TAR_FIND_ENTRIES_MAX)
			return bad(&t, "too many entries", e);
		if (get(&t, t.head, BLOCK, t.at, e) < 0)
			return -1;
		if (is_zero(t.head))
			break;
		if (check_sum(&t, e) < 0)
			return -1;
		ret = pass_entry(&t, path, offset, size, e);
		if (ret < 0)
			return -1;
		if (ret && found)
			return bad(&t, "the file is there twice", e);
		found |= ret;
	}
	return found;
}
