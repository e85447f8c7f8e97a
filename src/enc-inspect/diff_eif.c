/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff_eif.c - two EIFs beside each other
 *
 * Both files are hostile.  Whatever differs in their bytes is said somewhere,
 * but for the CRC, which follows from all else.
 */
#include <string.h>

#include "base/clock.h"
#include "eif/eif_read.h"
#include "enc-inspect/diff.h"

#define SECTION_NAME 32
#define NOTE_MAX     (sizeof(((struct err *)0)->msg) + 64)

struct side {
	int	    fd;
	const char *name;
	struct eif_info info;
};

/* What is said of a section that is not the same. */
struct section_diff {
	char	    name[SECTION_NAME];
	const struct eif_section *a, *b;	/* or NULL: only the other has it */
	bool	    files;		/* it was compared file by file */
	char	    note[NOTE_MAX];	/* or "" */
};

static const char other_order[] = "no file differs, but their order, their inodes' numbers or what is between them";

/* The number-th section of a type, or NULL. */
static const struct eif_section *find(const struct side *s,
				      enum eif_type type, unsigned int number)
{
	for (size_t i = 0; i < s->info.n_sections; i++)
		if (s->info.sections[i].type == type && number-- == 0)
			return &s->info.sections[i];
	return NULL;
}

static struct diff_range range_of(const struct side *s,
				  const struct eif_section *section)
{
	return (struct diff_range){
		.fd = s->fd, .name = s->name, .offset = section->offset,
		.size = section->size,
	};
}

static void add_text(struct buf *out, const struct section_diff *s)
{
	if (!s->a || !s->b) {
		buf_addf(out, "%c section %s\n", s->a ? '-' : '+', s->name);
		return;
	}
	buf_addf(out, "! section %s: ", s->name);
	if (s->a->size == s->b->size)
		buf_adds(out, "content");
	else
		buf_addf(out, "size %ju -> %ju", (uintmax_t)s->a->size,
			 (uintmax_t)s->b->size);
	if (*s->note)
		buf_adds(out, "; ");
	text_adds(out, s->note);
	buf_addc(out, '\n');
}

static void add_json(struct buf *out, const struct section_diff *s)
{
	json_t *one = json_object();

	json_put_str(one, "name", s->name);
	if (s->a)
		json_put(one, "a_size", json_integer((json_int_t)s->a->size));
	if (s->b)
		json_put(one, "b_size", json_integer((json_int_t)s->b->size));
	json_put(one, "by_file", json_boolean(s->files));
	if (*s->note)
		json_put(one, "note",
			 text_json_string(s->note, strlen(s->note)));
	diff_add_json(out, one);
}

static void add(struct diff *d, const struct section_diff *s)
{
	if (d->json)
		add_json(&d->sections, s);
	else
		add_text(&d->sections, s);
}

/* Two ramdisks that are not the same bytes. */
static int compare_ramdisks(struct diff *d, const struct diff_range *a,
			    const struct diff_range *b, int number,
			    struct section_diff *s, struct err *e)
{
	AUTO_RAMDISK_FILES struct ramdisk_files *x = NULL, *y = NULL;
	size_t before = d->files.len;
	struct err why;

	x = ramdisk_files_new(a, &why);
	if (x)
		y = ramdisk_files_new(b, &why);
	if (!x || !y) {
		if (why.class == ERR_SYS) {
			*e = why;
			return -1;
		}
		snprintf(s->note, sizeof(s->note), "compared as bytes, for %s",
			 why.msg);
		return 0;
	}
	s->files = true;
	if (diff_files(d, ramdisk_files_all(x), ramdisk_files_all(y), number,
		       e) < 0)
		return -1;
	if (d->files.len == before)
		snprintf(s->note, sizeof(s->note), "%s", other_order);
	return 0;
}

static int compare_section(struct diff *d, const struct side *a,
			   const struct side *b, enum eif_type type,
			   unsigned int number, struct err *e)
{
	struct section_diff s = {
		.a = find(a, type, number), .b = find(b, type, number),
	};
	struct diff_range x, y;
	int same;

	snprintf(s.name, sizeof(s.name), type == EIF_RAMDISK ? "%s:%u" : "%s",
		 eif_type_name(type), number);
	if (s.a && s.b) {
		x = range_of(a, s.a);
		y = range_of(b, s.b);
		same = diff_bytes(&x, &y, e);
		if (same != 0)
			return same < 0 ? -1 : 0;
		if (type == EIF_RAMDISK &&
		    compare_ramdisks(d, &x, &y, (int)number, &s, e) < 0)
			return -1;
	}
	if (s.a || s.b)
		add(d, &s);
	return 0;
}

static int compare_sections(struct diff *d, const struct side *a,
			    const struct side *b, struct err *e)
{
	static const enum eif_type once[] = {
		EIF_KERNEL, EIF_CMDLINE, EIF_METADATA, EIF_SIGNATURE,
	};

	for (size_t i = 0; i < ARRAY_SIZE(once); i++)
		if (compare_section(d, a, b, once[i], 0, e) < 0)
			return -1;
	for (unsigned int i = 0; i < EIF_SECTIONS_MAX; i++)
		if (compare_section(d, a, b, EIF_RAMDISK, i, e) < 0)
			return -1;
	return 0;
}

static int load(struct side *s, struct err *e)
{
	if (eif_read(s->fd, s->name, &s->info, e) < 0)
		return -1;
	return eif_measure(s->fd, s->name, &s->info, e);
}

static int compare(struct diff *d, const struct side *a, const struct side *b,
		   struct err *e)
{
	AUTO_JSON json_t *x = eif_members(&a->info);
	AUTO_JSON json_t *y = eif_members(&b->info);

	if (diff_members(d, x, y, e) < 0)
		return -1;
	return compare_sections(d, a, b, e);
}

static void side_release(struct side *s)
{
	eif_info_release(&s->info);
}

int eif_diff(struct request *r, int fd, struct buf *out, struct err *e)
{
	AUTO_DIFF struct diff d = DIFF_INIT;
	AUTO(side_release) struct side a = {
		.fd = fd, .name = r->object, .info = EIF_INFO_INIT,
	};
	AUTO(side_release) struct side b = {
		.fd = r->other_fd, .name = r->other, .info = EIF_INFO_INIT,
	};

	d.json = r->json;
	if (load(&a, e) < 0 || load(&b, e) < 0 || compare(&d, &a, &b, e) < 0)
		return -1;
	diff_print(&d, "eif", r, out);
	if (eif_judge(&a.info, a.name, clock_now(), e) < 0)
		return -1;
	return eif_judge(&b.info, b.name, clock_now(), e);
}
