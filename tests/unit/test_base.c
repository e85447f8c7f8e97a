/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_base.c - err, buf, io, digest, elf, json, clock, outfile
 */
#include <elf.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/elf.h"
#include "base/io.h"
#include "base/json.h"
#include "base/outfile.h"
#include "base/xalloc.h"

#include "tap.h"

static void test_err(void)
{
	struct err e = { 0 };
	char big[4096];

	ok(err_set(&e, ERR_INPUT, "fault in '%s'", "x") == -1, "err_set is -1");
	same_str(e.msg, "fault in 'x'", "message");
	err_wrap(&e, "layer %d", 3);
	same_str(e.msg, "layer 3: fault in 'x'", "wrapped");
	ok(e.class == ERR_INPUT, "wrap keeps the class");
	errno = ENOENT;
	err_sys(&e, "cannot open 'y'");
	same_str(e.msg, "cannot open 'y': No such file or directory", "errno");
	ok(e.class == ERR_SYS, "err_sys is ERR_SYS");
	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	err_set(&e, ERR_INPUT, "%s", big);
	ok(strlen(e.msg) == sizeof(e.msg) - 1, "a long message is cut");
	err_wrap(&e, "outer");
	ok(strncmp(e.msg, "outer: aaa", 10) == 0, "and still wraps");
}

static void test_buf(void)
{
	AUTO_BUF struct buf b = BUF_INIT(10);

	ok(buf_append(&b, "hello", 5) == 0, "append");
	ok(buf_append(&b, "world!", 6) == -1, "past the ceiling");
	ok(b.len == 5, "and unchanged");
	ok(buf_append(&b, "world", 5) == 0, "up to the ceiling");
	same_str(b.data, "helloworld", "contents end in NUL");
}

static void test_digest(void)
{
	char hex[SHA384_HEX];
	uint8_t raw[4];
	const char *digits;
	AUTO_DIGEST struct digest *d = digest_new(DIGEST_SHA384);

	sha256_hex("abc", 3, hex);	/* FIPS 180-4 examples */
	same_str(hex, "ba7816bf8f01cfea414140de5dae2223"
		      "b00361a396177a9cb410ff61f20015ad", "SHA-256 of abc");
	digest_update(d, "a", 1);
	digest_update(d, "bc", 2);
	digest_final_hex(d, hex);
	same_str(hex, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163"
		      "1a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
		 "SHA-384 of abc in pieces");
	digest_update(d, "abc", 3);
	digest_final_hex(d, hex);
	ok(strncmp(hex, "cb00753f", 8) == 0, "ready again after final");
	ok(hex_decode("0aFF10b2", 8, raw, 4) == 0 && raw[1] == 0xff, "hex");
	ok(hex_decode("0aFF10b", 7, raw, 4) == -1, "odd hex");
	ok(hex_decode("0aFF10bg", 8, raw, 4) == -1, "not hex");
	ok(digest_is_sha256("sha256:ba7816bf8f01cfea414140de5dae2223"
			    "b00361a396177a9cb410ff61f20015ad", &digits) &&
	   digits[0] == 'b', "a digest");
	ok(!digest_is_sha256("sha256:BA7816bf8f01cfea414140de5dae2223"
			     "b00361a396177a9cb410ff61f20015ad", NULL),
	   "upper case is no digest");
	ok(!digest_is_sha256("sha256:ba", NULL), "short is no digest");
}

static void test_digest_range(void)
{
	static const char zeros[300000];	/* more than is read at once */
	AUTO_CLOSE int fd = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	AUTO_DIGEST struct digest *d = digest_new(DIGEST_SHA256);
	char want[SHA256_HEX], hex[SHA256_HEX];

	ok(pwrite(fd, "abcabc", 6, sizeof(zeros)) == 6, "a file");
	ok(digest_range(d, fd, sizeof(zeros) + 1, 3) == 0, "a range of it");
	digest_final_hex(d, hex);
	sha256_hex("bca", 3, want);
	same_str(hex, want, "is what is there");
	ok(digest_range(d, fd, 0, sizeof(zeros)) == 0, "in several reads");
	digest_final_hex(d, hex);
	sha256_hex(zeros, sizeof(zeros), want);
	same_str(hex, want, "every byte once");
	ok(digest_range(d, fd, sizeof(zeros), 7) < 0 && errno == ENODATA,
	   "past its end");
}

static void test_json_values(void)
{
	size_t len = 2 * JSON_VALUES_MAX;
	AUTO_FREE char *text = xmalloc(len + 2);
	struct err e = { 0 };
	json_t *j;

	for (size_t i = 0; i < len; i += 2)
		memcpy(text + i, "0,", 2);
	text[0] = '[';
	text[1] = ' ';
	memcpy(text + len, "0]", 2);
	j = json_parse(text, len + 2, "t", &e);
	ok(json_array_size(j) == JSON_VALUES_MAX, "as many as there may be");
	json_decref(j);
	text[1] = ',';
	text[0] = '0';
	ok(!json_parse(text, len + 2, "t", &e) && e.class == ERR_INPUT,
	   "no array");
	text[0] = '[';
	text[1] = '[';
	ok(!json_parse(text, len + 2, "t", &e) && e.class == ERR_INPUT &&
	   strstr(e.msg, "values"), "one more");
	memset(text, ',', len);
	memcpy(text, "[\"\\\"", 4);
	memcpy(text + len, "\"]", 2);
	j = json_parse(text, len + 2, "t", &e);
	ok(json_array_size(j) == 1, "commas in a string are none");
	json_decref(j);
}

static void test_json(void)
{
	struct err e = { 0 };
	AUTO_JSON json_t *j = json_parse("{\"b\":1,\"a\":[]}", 14, "t", &e);
	AUTO_FREE char *sorted = json_text(j);
	AUTO_FREE char *ordered = json_text_ordered(j);

	same_str(sorted, "{\"a\":[],\"b\":1}", "sorted");
	same_str(ordered, "{\"b\":1,\"a\":[]}", "ordered");
	ok(!json_parse("{\"a\":1,\"a\":2}", 13, "t", &e) &&
	   e.class == ERR_INPUT, "duplicate member");
	ok(!json_parse_object("[]", 2, "t", &e), "not an object");
	ok(!json_parse("{\"a\":\"\\u0000\"}", 14, "t", &e), "NUL");
	json_put_str(j, "a", "\xc3\xa4\xff.eif");
	same_str(json_str(j, "a"), "\xc3\xa4\xef\xbf\xbd.eif",
		 "bytes that are not UTF-8");
}

static void test_clock(void)
{
	char text[CLOCK_TEXT];
	struct err e = { 0 };
	int64_t t = -1;
	bool set = false;

	clock_format(1700000000, text);
	same_str(text, "2023-11-14T22:13:20Z", "format");
	ok(clock_parse("2023-11-14T22:13:20Z", &t) == 0 && t == 1700000000,
	   "parse");
	ok(clock_parse("2023-11-14T23:13:20.123456789+01:00", &t) == 0 &&
	   t == 1700000000, "offset and fraction");
	ok(clock_parse("2023-11-14", &t) == -1, "a date is not enough");
	ok(clock_parse("2023-13-14T22:13:20Z", &t) == -1, "month 13");
	ok(clock_parse("2023-11-14T22:13:20Zx", &t) == -1, "trailing text");
	ok(clock_parse("2024-02-29T00:00:00Z", &t) == 0 && t == 1709164800,
	   "a leap day");
	ok(clock_parse("2023-02-29T00:00:00Z", &t) == -1, "no leap day");
	ok(clock_parse("2016-12-31T23:59:60Z", &t) == 0 && t == 1483228800,
	   "a leap second");
	ok(clock_parse("2023-11-14T22:13:20+23:59", &t) == 0 &&
	   t == 1700000000 - 86340, "the largest offset");
	ok(clock_parse("2023-11-14T22:13:20+24:00", &t) == -1, "offset 24");
	ok(clock_parse("2023-11-14T22:13:20-00:60", &t) == -1, "offset 60");
	setenv("SOURCE_DATE_EPOCH", "12", 1);
	ok(clock_source_date(&t, &set, &e) == 0 && set && t == 12, "epoch");
	setenv("SOURCE_DATE_EPOCH", "-1", 1);
	ok(clock_source_date(&t, &set, &e) == -1 && e.class == ERR_USAGE,
	   "negative epoch");
	unsetenv("SOURCE_DATE_EPOCH");
	ok(clock_source_date(&t, &set, &e) == 0 && !set, "no epoch");
}

/* An output never takes the place of what is no file. */
static void test_outfile_beside(void)
{
	AUTO_OUTFILE struct outfile f = OUTFILE_INIT;
	struct err e = { 0 };

	ok(outfile_open_beside(&f, "/dev/null", &e) < 0 &&
	   e.class == ERR_USAGE && f.fd < 0, "a device");
	ok(outfile_open_beside(&f, "/dev/stdout", &e) < 0 &&
	   e.class == ERR_USAGE, "a link to what is open");
	ok(outfile_open_beside(&f, "/tmp", &e) < 0 && e.class == ERR_USAGE,
	   "a folder");
	ok(outfile_open_beside(&f, "-", &e) < 0 && e.class == ERR_USAGE,
	   "standard output");
	ok(outfile_open_beside(&f, "/none/of/this", &e) < 0 &&
	   e.class == ERR_SYS, "a folder that is not there");
	same_str(e.msg, "cannot create '/none/of/this': there is no folder '/none/of/'",
		 "and it is named");
}

static void test_outfile(void)
{
	char folder[] = "/tmp/enc-test-XXXXXX";
	AUTO_OUTFILE struct outfile one = OUTFILE_INIT, two = OUTFILE_INIT;
	AUTO_BUF struct buf b = BUF_INIT(100);
	AUTO_CLOSE int dir = -1;
	struct err e = { 0 };
	struct stat st;
	char left[] = ".f.0123456789abcdef.tmp";
	char living[] = ".f.00000000000000ff.tmp";
	char other[] = ".g.0123456789abcdef.tmp";
	AUTO_CLOSE int lock = -1;

	ok(mkdtemp(folder) != NULL, "folder");
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	close(openat(dir, left, O_CREAT | O_RDWR, 0600));
	close(openat(dir, other, O_CREAT | O_RDWR, 0600));
	lock = openat(dir, living, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	ok(flock(lock, LOCK_EX) == 0, "another's, who lives");
	ok(outfile_open(&one, dir, ".f", &e) == 0, "open");
	ok(faccessat(dir, left, F_OK, 0) < 0, "an abandoned one is removed");
	ok(faccessat(dir, other, F_OK, 0) == 0, "another prefix's is not");
	ok(outfile_open(&two, dir, ".f", &e) == 0, "a second writer");
	ok(faccessat(dir, living, F_OK, 0) == 0, "a living one is kept");
	unlinkat(dir, living, 0);
	ok(io_write(one.fd, "text", 4) == 0 &&
	   outfile_commit(&one, "f", 0644, &e) == 0, "commit");
	ok(buf_read_file(&b, dir, "f", &e) == 0 && b.len == 4, "contents");
	ok(fstatat(dir, "f", &st, 0) == 0 && (st.st_mode & 0777) == 0644,
	   "mode");
	outfile_abort(&two);
	ok(outfile_put(dir, ".f", "f", "new", 3, 0644, &e) == 0, "put");
	unlinkat(dir, "f", 0);
	unlinkat(dir, other, 0);
	ok(rmdir(folder) == 0, "nothing else is left");
	ok(outfile_open_beside(&one, "/nonexistent/x/y", &e) == -1 &&
	   e.class == ERR_SYS, "no such folder");
}

/* A program with two headers, the second of a type of its own. */
struct program {
	Elf64_Ehdr h;
	Elf64_Phdr p[2];
};

static struct program program_for(uint16_t machine, uint32_t type)
{
	return (struct program){
		.h = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
				     ELFCLASS64, ELFDATA2LSB },
			.e_type = htole16(ET_EXEC),
			.e_machine = htole16(machine),
			.e_entry = htole64(1),
			.e_phentsize = htole16(sizeof(Elf64_Phdr)),
			.e_phoff = htole64(sizeof(Elf64_Ehdr)),
			.e_phnum = htole16(2),
		},
		.p = { { .p_type = htole32(PT_LOAD) },
		       { .p_type = htole32(type) } },
	};
}

static void test_elf(void)
{
	struct program p = program_for(EM_X86_64, PT_NOTE);

	same_str(elf_arch(&p, sizeof(p)), "amd64", "amd64");
	ok(elf_is_static(&p, sizeof(p)), "static");
	for (size_t len = 0; len < sizeof(p); len++)
		ok(!elf_is_static(&p, len), "not when it is cut off");
	ok(!elf_arch(&p, sizeof(p.h) - 1), "not even ELF");
	p.h.e_phoff = htole64(UINT64_MAX - 8);
	ok(!elf_is_static(&p, sizeof(p)), "headers that are nowhere");
	p = program_for(EM_X86_64, PT_NOTE);
	p.h.e_type = htole16(ET_REL);
	ok(!elf_is_static(&p, sizeof(p)), "an object file");
	p = program_for(EM_X86_64, PT_NOTE);
	p.h.e_phnum = 0;
	ok(!elf_is_static(&p, sizeof(p)), "nothing to load");
	p = program_for(EM_X86_64, PT_NOTE);
	p.p[0].p_filesz = htole64(sizeof(p) + 1);
	ok(!elf_is_static(&p, sizeof(p)), "more to load than there is");
	p.h.e_ident[EI_DATA] = ELFDATA2MSB;
	same_str(elf_arch(&p, sizeof(p)), "another", "big-endian");
	p.h.e_ident[0] = 'x';
	ok(!elf_arch(&p, sizeof(p)), "no ELF");
	p = program_for(EM_AARCH64, PT_INTERP);
	same_str(elf_arch(&p, sizeof(p)), "arm64", "arm64");
	ok(!elf_is_static(&p, sizeof(p)), "wants a loader");
	p = program_for(EM_RISCV, PT_NOTE);
	same_str(elf_arch(&p, sizeof(p)), "another", "another");
	ok(!elf_is_static(&p, sizeof(p)), "which nobody asks more of");
}

int main(void)
{
	umask(022);
	test_err();
	test_buf();
	test_digest();
	test_digest_range();
	test_elf();
	test_json();
	test_json_values();
	test_clock();
	test_outfile();
	test_outfile_beside();
	return tap_done();
}
