/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_layer.c - two layers, read and merged into one tree
 *
 * Input: a byte N, then N blocks of 512 bytes, the lower layer's archive, and
 * what follows is the upper's.  The lower may be compressed as well.
 */
#include <stdio.h>
#include <sys/mman.h>

#include "fuzz.h"
#include "image/changeset.h"

#define BLOCK 512

struct piece {
	const uint8_t *data;
	size_t len;
};

static ssize_t give(void *ctx, const void **data, struct err *e)
{
	struct piece *p = ctx;
	size_t n = p->len;

	(void)e;
	*data = p->data;
	p->len = 0;
	return (ssize_t)n;
}

static int add_layer(struct tree *t, const uint8_t *data, size_t len,
		     struct spool *spool)
{
	AUTO_SPOOL_WRITER struct spool_writer w = { .spool = NULL };
	struct layers_budget budget = { .size_max = UINT64_MAX };
	AUTO_CHANGESET struct changeset set = { .budget = &budget };
	struct piece p = { data, len };
	struct err e;

	spool_writer_init(&w, spool);
	if (changeset_collect(give, &p, &w, &set, &e) < 0)
		return -1;
	return changeset_apply(&set, t, &e);
}

/* A finished tree: each name once, in order, found where it is said to be. */
static void check_tree(const struct tree *t)
{
	AUTO_TREE_LIST struct tree_list list = { .n = 0 };
	struct err e;

	if (tree_sorted(t, &list, &e) < 0)
		return;
	fuzz_must(list.n + 1 == t->n_nodes);
	for (size_t i = 0; i < list.n; i++) {
		const char *path = list.paths[i].path;

		fuzz_must(*path && *path != '/' &&
			  strlen(path) <= TREE_PATH_MAX);
		fuzz_must(strncmp(path, "../", 3) != 0 &&
			  !strstr(path, "/../"));
		fuzz_must(i == 0 || strcmp(list.paths[i - 1].path, path) < 0);
		fuzz_must(tree_find(t, path, false) == list.paths[i].node);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_SPOOL struct spool spool = SPOOL_INIT;
	AUTO_TREE struct tree *t = tree_new();
	size_t lower;
	struct err e;

	if (len == 0)
		return 0;
	lower = (size_t)data[0] * BLOCK;
	data++;
	len--;
	if (lower > len)
		lower = len;
	spool.fd = memfd_create("spool", MFD_CLOEXEC);
	fuzz_must(spool.fd >= 0);
	if (add_layer(t, data, lower, &spool) == 0 &&
	    add_layer(t, data + lower, len - lower, &spool) == 0 &&
	    spool_settle(&spool, &e) == 0)
		check_tree(t);
	return 0;
}

/* A header whose checksum is wrong is where an archive ends to be read: it is
 * put right after each mutation.  POSIX.1-2017 pax, "ustar Interchange Format":
 * the sum of all bytes, those of chksum itself (148 to 155) as blanks. */
static void mend_checksum(uint8_t *block)
{
	unsigned int sum = 8 * ' ';
	char text[8];

	for (size_t i = 0; i < BLOCK; i++)
		if (i < 148 || i >= 156)
			sum += block[i];
	snprintf(text, sizeof(text), "%06o", sum);
	memcpy(block + 148, text, 7);
	block[155] = ' ';
}

/* libFuzzer's; main.c has none, and calls no mutator. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t len, size_t max)
	__attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t max,
			       unsigned int seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t max,
			       unsigned int seed)
{
	len = LLVMFuzzerMutate(data, len, max);
	if (seed % 8 == 0)
		return len;
	for (size_t at = 1; at + BLOCK <= len; at += BLOCK)
		if (memcmp(data + at + 257, "ustar", 5) == 0)
			mend_checksum(data + at);
	return len;
}
