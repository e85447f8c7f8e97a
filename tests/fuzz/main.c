/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - a fuzz target without libFuzzer: replays files, in TAP
 *
 * Usage: fuzz_NAME [FILE or FOLDER...].  Without arguments the corpus of the
 * source tree, $abs_top_srcdir/tests/fuzz/corpus/NAME.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "fuzz.h"

#define INPUT_MAX ((size_t)16 << 20)

static int count;

/* The bytes are copied to a block of their own size, so that a read behind
 * them is seen by who watches. */
static int replay(const char *path)
{
	AUTO_BUF struct buf b = BUF_INIT(INPUT_MAX);
	AUTO_FREE uint8_t *data = NULL;
	struct err e;

	if (buf_read_file(&b, AT_FDCWD, path, &e) < 0) {
		printf("not ok %d - %s\n", ++count, e.msg);
		return -1;
	}
	data = xmalloc(b.len ? b.len : 1);
	if (b.len)
		memcpy(data, b.data, b.len);
	LLVMFuzzerTestOneInput(data, b.len);
	printf("ok %d - %s\n", ++count, path);
	fflush(stdout);
	return 0;
}

static int visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static int replay_folder(const char *path)
{
	struct dirent **files;
	int n = scandir(path, &files, visible, alphasort), failed = 0;

	if (n <= 0) {
		printf("not ok %d - '%s' holds no inputs\n", ++count, path);
		return -1;
	}
	for (int i = 0; i < n; i++) {
		AUTO_FREE char *file = xasprintf("%s/%s", path,
						 files[i]->d_name);

		free(files[i]);
		failed |= replay(file);
	}
	free(files);
	return failed;
}

static int replay_any(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ?
		       replay_folder(path) : replay(path);
}

static int replay_corpus(const char *program)
{
	const char *slash = strrchr(program, '/');
	const char *name = slash ? slash + 1 : program;
	const char *top = getenv("abs_top_srcdir");
	AUTO_FREE char *folder = NULL;

	if (strncmp(name, "fuzz_", 5) == 0)
		name += 5;
	folder = xasprintf("%s/tests/fuzz/corpus/%s", top ? top : ".", name);
	return replay_any(folder);
}

int main(int argc, char **argv)
{
	int failed = 0;

	if (argc < 2)
		failed = replay_corpus(argv[0]);
	for (int i = 1; i < argc; i++)
		failed |= replay_any(argv[i]);
	printf("1..%d\n", count);
	return failed ? 1 : 0;
}
