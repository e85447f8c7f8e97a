/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gunzip.c - compression undone, between a layer's blob and its archive
 *
 * gzip is ISA-L's where that is there; it and zstd are libarchive's otherwise.
 *
 * Trust: the bytes are hostile.  ISA-L checks CRC and length of each member;
 * what comes out is bounded by the caller, piece by piece.  Headers are read
 * by a call of their own: where ISA-L 2.30 does both in one it keeps the
 * header on its stack, and forgets it when the input comes in pieces.
 */
#include "image/gunzip.h"

#include <string.h>

#include "base/isal.h"
#include "base/xalloc.h"
#include "image/archive_raw.h"

#define OUT_SIZE ((size_t)1 << 18)

enum mode {
	UNSEEN,			/* nothing was read yet */
	PASS,			/* plain */
	RAW,			/* libarchive inflates it */
	INFLATE,
	ENDED,			/* after the last member */
};

struct gunzip {
	untar_read_fn *read;
	void	      *ctx;
	const char    *name;
	enum mode      mode;
	const uint8_t *in;	/* the source's, not yet used */
	size_t	       n_in;
	bool	       any;	/* something came out already */
	struct raw    *raw;
	uint8_t	      *out;
	struct inflate_state	*state;
	struct isal_gzip_header *header;	/* of the member that begins */
	bool	       in_header;
};

struct gunzip *gunzip_new(untar_read_fn *read, void *ctx, const char *name)
{
	struct gunzip *g = xcalloc(1, sizeof(*g));

	g->read = read;
	g->ctx = ctx;
	g->name = name;
	return g;
}

void gunzip_free(struct gunzip *g)
{
	if (!g)
		return;
	raw_free(g->raw);
	free(g->out);
	free(g->state);
	free(g->header);
	free(g);
}

static bool is_gzip(const uint8_t *data, size_t len)
{
	return len >= 2 && data[0] == 0x1f && data[1] == 0x8b;
}

static bool is_zstd(const uint8_t *data, size_t len)
{
	static const uint8_t magic[] = { 0x28, 0xb5, 0x2f, 0xfd };

	return len >= 4 && memcmp(data, magic, sizeof(magic)) == 0;
}

/* More input when there is none: 1, or 0 at the end, or -1. */
static int refill(struct gunzip *g, struct err *e)
{
	const void *data;
	ssize_t n;

	if (g->n_in > 0)
		return 1;
	n = g->read(g->ctx, &data, e);
	if (n <= 0)
		return (int)n;
	g->in = data;
	g->n_in = (size_t)n;
	return 1;
}

#ifdef HAVE_ISAL
static void begin_member(struct gunzip *g)
{
	isal()->inflate_reset(g->state);
	isal()->header_init(g->header);
	g->state->crc_flag = ISAL_GZIP_NO_HDR_VER;
	g->in_header = true;
}

static void begin_isal(struct gunzip *g)
{
	g->mode = INFLATE;
	g->out = xmalloc(OUT_SIZE);
	g->state = xcalloc(1, sizeof(*g->state));
	g->header = xcalloc(1, sizeof(*g->header));
	isal()->inflate_init(g->state);
	begin_member(g);
}

static int damaged(const struct gunzip *g, const char *how, struct err *e)
{
	return err_set(e, ERR_INPUT, "cannot read archive '%s': the gzip stream is %s",
		       g->name, how);
}

/* Reads the header, or inflates into the rest of out; what is used leaves
 * g->in. */
static int inflate_some(struct gunzip *g, size_t *len, struct err *e)
{
	struct inflate_state *s = g->state;
	uint8_t *in;
	int ret;

	/* ISA-L's pointer is not const, and nothing is written through it. */
	memcpy(&in, &g->in, sizeof(in));
	s->next_in = in;
	s->avail_in = (uint32_t)g->n_in;
	s->next_out = g->out + *len;
	s->avail_out = (uint32_t)(OUT_SIZE - *len);
	ret = g->in_header ? isal()->header(s, g->header) :
			     isal()->inflate(s);
	g->in = s->next_in;
	g->n_in = s->avail_in;
	*len = OUT_SIZE - s->avail_out;
	if (ret != ISAL_DECOMP_OK && ret != ISAL_END_INPUT)
		return damaged(g, "damaged", e);
	if (g->in_header && ret == ISAL_DECOMP_OK)
		g->in_header = false;
	return 0;
}

/* After a member: another, or the end of all. */
static int next_member(struct gunzip *g, struct err *e)
{
	int more = refill(g, e);

	if (more < 0)
		return -1;
	/* One byte alone is settled by the next look. */
	if (more == 0 || g->in[0] != 0x1f) {
		g->mode = ENDED;
		return 0;
	}
	begin_member(g);
	return 0;
}

static ssize_t inflate_block(struct gunzip *g, const void **data,
			     struct err *e)
{
	size_t len = 0;

	while (len < OUT_SIZE && g->mode == INFLATE) {
		int more = refill(g, e);

		if (more < 0)
			return -1;
		if (inflate_some(g, &len, e) < 0)
			return -1;
		if (!g->in_header &&
		    g->state->block_state == ISAL_BLOCK_FINISH) {
			if (next_member(g, e) < 0)
				return -1;
		} else if (more == 0 && len < OUT_SIZE) {
			return damaged(g, "cut short", e);
		}
	}
	if (!g->any && (is_gzip(g->out, len) || is_zstd(g->out, len)))
		return err_set(e, ERR_INPUT,
			       "archive '%s' is compressed more than once",
			       g->name);
	g->any = true;
	*data = g->out;
	return (ssize_t)len;
}
#endif

static ssize_t pass(void *ctx, const void **data, struct err *e)
{
	struct gunzip *g = ctx;
	size_t n = g->n_in;

	if (n == 0)
		return g->read(g->ctx, data, e);
	*data = g->in;
	g->n_in = 0;
	return (ssize_t)n;
}

static int begin(struct gunzip *g, struct err *e)
{
	AUTO_FREE char *name = xasprintf("archive '%s'", g->name);
	int more = refill(g, e);

	if (more < 0)
		return -1;
	g->mode = PASS;
	if (more == 0 || !(is_gzip(g->in, g->n_in) || is_zstd(g->in, g->n_in)))
		return 0;
#ifdef HAVE_ISAL
	if (isal() && is_gzip(g->in, g->n_in)) {
		begin_isal(g);
		return 0;
	}
#endif
	g->mode = RAW;
	g->raw = raw_open(pass, g, name, e);
	return g->raw ? 0 : -1;
}

ssize_t gunzip_read(void *ctx, const void **data, struct err *e)
{
	struct gunzip *g = ctx;

	if (g->mode == UNSEEN && begin(g, e) < 0)
		return -1;
	if (g->mode == RAW)
		return raw_block(g->raw, data, e);
#ifdef HAVE_ISAL
	if (g->mode == INFLATE)
		return inflate_block(g, data, e);
#endif
	return g->mode == ENDED ? 0 : pass(g, data, e);
}
