/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_cpio_read.c - newc archives, sound and hostile, entry by entry
 */
#include "eif/cpio_read.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/xalloc.h"

#include "tap.h"

#define BEFORE 13	/* bytes of the file before the archive */

static struct err e;
static struct buf b;

/* What stands in a header, as it is written. */
struct raw {
	const char *name;
	unsigned ino, mode, nlink, size, dev, name_size;
};

static void pad(void)
{
	while (b.len % 4)
		buf_addc(&b, '\0');
}

static void put_raw(const struct raw *h)
{
	buf_addf(&b, "070701%08X%08X%08X%08x%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		 h->ino, h->mode, 1000, 0xabcdef, h->nlink, 1700000000,
		 h->size, 8, h->dev, 5, 1, h->name_size, 0);
	buf_add(&b, h->name, h->name_size);
	pad();
}

static void put(const char *name, unsigned ino, unsigned mode, unsigned nlink,
		const char *body)
{
	const struct raw h = {
		.name = name, .ino = ino, .mode = mode, .nlink = nlink,
		.size = (unsigned)strlen(body),
		.name_size = (unsigned)strlen(name) + 1,
	};

	put_raw(&h);
	buf_adds(&b, body);
	pad();
}

static void put_trailer(void)
{
	put("TRAILER!!!", 0, 0, 1, "");
}

/* A reader of what was put, behind some other bytes. */
static struct cpio_reader *begin(int *fd)
{
	*fd = memfd_create("ramdisk", MFD_CLOEXEC);
	if (io_pwrite(*fd, b.data, b.len, BEFORE) < 0)
		return NULL;
	return cpio_reader_new(*fd, BEFORE, b.len, "file");
}

static void end(struct cpio_reader *r, int fd)
{
	cpio_reader_free(r);
	close(fd);
	b.len = 0;
}

static void test_entries(void)
{
	struct cpio_reader *r;
	struct cpio_item i;
	char body[6] = "";
	int fd;

	put("dir", 1, S_IFDIR | 01755, 3, "");
	put("dir/file", 2, S_IFREG | 0640, 1, "hello");
	put("dir/link", 3, S_IFLNK | 0777, 1, "file");
	put("/../null", 4, S_IFCHR | 0666, 1, "");
	put_trailer();
	r = begin(&fd);
	ok(cpio_next(r, &i, &e) == 1 && !strcmp(i.entry.name, "dir") &&
	   i.entry.mode == (S_IFDIR | 01755) && !i.link, "a folder");
	ok(cpio_next(r, &i, &e) == 1 && !strcmp(i.entry.name, "dir/file") &&
	   i.entry.size == 5 && i.entry.ino == 2 && i.entry.nlink == 1 &&
	   i.entry.mtime == 1700000000, "a file");
	ok(i.entry.uid == 1000 && i.entry.gid == 0xabcdef,
	   "its owner, in digits of either case");
	ok(io_pread(fd, body, 5, i.body) == 5, "its body");
	same_str(body, "hello", "is where it is said to be");
	ok(cpio_next(r, &i, &e) == 1 && S_ISLNK(i.entry.mode) &&
	   i.entry.size == 4, "a symbolic link");
	ok(cpio_next(r, &i, &e) == 1 && i.entry.major == 5 &&
	   i.entry.minor == 1, "a device");
	same_str(i.entry.name, "/../null", "with its name as it is");
	ok(cpio_next(r, &i, &e) == 0, "the end");
	ok(cpio_next(r, &i, &e) == 0, "and it stays that");
	end(r, fd);
}

static void test_links(void)
{
	struct cpio_reader *r;
	struct cpio_item i;
	int fd;

	put("a", 7, S_IFREG | 0644, 2, "one");
	put("dir", 7, S_IFDIR | 0755, 2, "");
	put("dir2", 7, S_IFDIR | 0755, 2, "");
	put("lone", 7, S_IFREG | 0644, 1, "");
	put("pipe", 7, S_IFIFO | 0644, 2, "");
	put_raw(&(struct raw){ .name = "other", .ino = 7, .nlink = 2, .dev = 1,
			       .mode = S_IFREG | 0644, .name_size = 6 });
	put("b", 7, S_IFREG | 0644, 2, "");
	put("c", 7, S_IFREG | 0644, 2, "two");
	put_trailer();
	put("d", 7, S_IFREG | 0644, 2, "");
	put_trailer();
	r = begin(&fd);
	ok(cpio_next(r, &i, &e) == 1 && !i.link, "the first name");
	ok(cpio_next(r, &i, &e) == 1 && !i.link &&
	   cpio_next(r, &i, &e) == 1 && !i.link, "folders are no links");
	ok(cpio_next(r, &i, &e) == 1 && !i.link, "nor is what counts one name");
	ok(cpio_next(r, &i, &e) == 1 && !i.link, "nor another type");
	ok(cpio_next(r, &i, &e) == 1 && !i.link, "nor a file of another device");
	ok(cpio_next(r, &i, &e) == 1 && i.link, "the second name");
	same_str(i.link, "a", "of the first");
	ok(cpio_next(r, &i, &e) == 1 && i.link && i.entry.size == 3,
	   "the third, with a body");
	same_str(i.entry.name, "c", "its own name is there too");
	ok(cpio_next(r, &i, &e) == 1 && !i.link, "another archive, another inode");
	ok(cpio_next(r, &i, &e) == 0, "the end");
	end(r, fd);
}

static void test_archives(void)
{
	struct cpio_reader *r;
	struct cpio_item i;
	int fd;

	buf_add(&b, "\0\0\0\0", 4);
	put("a", 1, S_IFREG | 0644, 1, "");
	put_trailer();
	for (int n = 0; n < 2500; n++)
		buf_add(&b, "\0\0\0\0", 4);
	put("b", 1, S_IFREG | 0644, 1, "");
	put_trailer();
	buf_addc(&b, '\0');
	r = begin(&fd);
	ok(cpio_next(r, &i, &e) == 1, "zeros before the first archive");
	ok(cpio_next(r, &i, &e) == 1, "and before the second");
	same_str(i.entry.name, "b", "which is read");
	ok(cpio_next(r, &i, &e) == 0, "and after it");
	end(r, fd);
	buf_add(&b, "\0\0\0\0", 4);
	r = begin(&fd);
	ok(cpio_next(r, &i, &e) == 0, "nothing but zeros");
	end(r, fd);
	r = cpio_reader_new(-1, 0, 0, "file");
	ok(cpio_next(r, &i, &e) == 0, "nothing at all");
	cpio_reader_free(r);
}

/* The second entry of what was put, or the first when only == 1, is refused
 * and says why. */
static void refused(int only, const char *why)
{
	int fd, n = 0, got = 1;
	struct cpio_reader *r = begin(&fd);
	struct cpio_item i;

	e.msg[0] = '\0';
	while (got == 1 && n <= only) {
		got = cpio_next(r, &i, &e);
		n++;
	}
	ok(got == -1 && e.class == ERR_INPUT && n == only && strstr(e.msg, why),
	   why);
	if (!strstr(e.msg, why))
		printf("# %d: %s\n", n, e.msg);
	end(r, fd);
}

static void test_cuts(void)
{
	put("a", 1, S_IFREG | 0644, 1, "");
	refused(2, "ends without a trailer");
	put("a", 1, S_IFREG | 0644, 1, "12345");
	b.len -= 4;
	refused(1, "a body ends behind the end");
	put("a", 1, S_IFREG | 0644, 1, "");
	b.len--;
	refused(1, "inside of a name");
	put("a", 1, S_IFREG | 0644, 1, "");
	b.len = 109;
	refused(1, "inside of a header");
	put("a", 1, S_IFREG | 0644, 1, "12345");
	b.len -= 3;
	refused(2, "ends without a trailer");
}

static void test_headers(void)
{
	char name[CPIO_NAME_MAX + 2];

	buf_adds(&b, "\x1f\x8b");
	put("a", 1, S_IFREG, 1, "");
	refused(1, "not compressed");
	put("a", 1, S_IFREG, 1, "");
	b.data[5] = '2';
	refused(1, "\"newc\"");
	put("a", 1, S_IFREG, 1, "");
	b.data[20] = 'x';
	refused(1, "not hexadecimal");
	put_raw(&(struct raw){ .name = "", .mode = S_IFREG, .name_size = 1 });
	refused(1, "a name is empty");
	put_raw(&(struct raw){ .name = "", .mode = S_IFREG, .name_size = 0 });
	refused(1, "a name is empty");
	put_raw(&(struct raw){ .name = "a\0b", .mode = S_IFREG, .name_size = 4 });
	refused(1, "does not end where");
	put_raw(&(struct raw){ .name = "abcd", .mode = S_IFREG, .name_size = 4 });
	refused(1, "does not end where");
	memset(name, 'n', sizeof(name));
	name[CPIO_NAME_MAX + 1] = '\0';
	put(name, 1, S_IFREG, 1, "");
	refused(1, "longer than Linux takes");
	put(name + 1, 1, S_IFREG, 1, "");
	refused(2, "ends without a trailer");
	put("a", 1, S_IFREG, 1, "");
	put_trailer();
	buf_addc(&b, '\0');
	buf_adds(&b, "0");
	refused(2, "no multiple of four");
}

static void test_bodies(void)
{
	put("a", 1, S_IFDIR | 0755, 1, "x");
	refused(1, "no file has a body");
	put("a", 1, S_IFCHR, 1, "x");
	refused(1, "no file has a body");
	put("a", 1, S_IFLNK, 1, "");
	refused(1, "leads nowhere");
	put("a", 1, 0644, 1, "");
	refused(1, "no type");
	put_raw(&(struct raw){ .name = "a", .mode = S_IFREG, .name_size = 2,
			       .size = 0xffffffff });
	refused(1, "a body ends behind the end");
	put_raw(&(struct raw){ .name = "TRAILER!!!", .name_size = 11,
			       .size = 1 });
	refused(1, "a trailer has a body");
}

int main(void)
{
	b = (struct buf)BUF_INIT(1 << 20);
	test_entries();
	test_links();
	test_archives();
	test_cuts();
	test_headers();
	test_bodies();
	buf_release(&b);
	return tap_done();
}
