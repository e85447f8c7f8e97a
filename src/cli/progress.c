/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress.c - a progress bar on a terminal, lines otherwise, nothing with -q
 *
 * The bar sums up all pieces of work that are known so far.  Without a
 * terminal each piece gets one line when it is done.
 */
#include "cli/progress.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

#define PIECES_MAX 1100		/* LAYERS_MAX, a manifest, a configuration */
#define WHAT_MAX   32
#define BAR_WIDTH  30
#define REDRAW_NS  100000000L

struct piece {
	char	 what[WHAT_MAX];
	uint64_t done, total;
};

static struct piece pieces[PIECES_MAX];
static size_t n_pieces;
static volatile sig_atomic_t drawn;

static const char *human(uint64_t bytes, char out[16])
{
	static const char units[] = "BkMGT";
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1000 && unit + 2 < sizeof(units)) {
		value /= 1000;
		unit++;
	}
	snprintf(out, 16, unit ? "%.1f %cB" : "%.0f %c", value, units[unit]);
	return out;
}

static struct piece *find(const char *what)
{
	for (size_t i = 0; i < n_pieces; i++)
		if (strncmp(pieces[i].what, what, WHAT_MAX - 1) == 0)
			return &pieces[i];
	if (n_pieces == PIECES_MAX)
		return NULL;
	snprintf(pieces[n_pieces].what, WHAT_MAX, "%s", what);
	return &pieces[n_pieces++];
}

static bool due(void)
{
	static struct timespec last;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if ((now.tv_sec - last.tv_sec) * 1000000000L + now.tv_nsec -
		    last.tv_nsec < REDRAW_NS)
		return false;
	last = now;
	return true;
}

/* Ctrl-C leaves the cursor behind the bar, where the shell's prompt would be.
 * SA_RESETHAND: the second time it ends us, with the status that it has. */
static void end_line(int sig)
{
	ssize_t ignored UNUSED;

	if (drawn)
		ignored = write(STDERR_FILENO, "\n", 1);
	raise(sig);
}

static void watch_signals(void)
{
	static const int ends[] = { SIGHUP, SIGINT, SIGTERM };
	struct sigaction by_us = { .sa_handler = end_line,
				   .sa_flags = (int)SA_RESETHAND }, had;

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (sigaction(ends[i], NULL, &had) == 0 &&
		    had.sa_handler == SIG_DFL)
			sigaction(ends[i], &by_us, NULL);
}

static void draw(void)
{
	uint64_t done = 0, total = 0;
	char bar[BAR_WIDTH + 1], line[160], a[16], b[16];
	static bool watched;
	ssize_t ignored UNUSED;
	int full, n;

	if (!watched)
		watch_signals();
	watched = true;
	for (size_t i = 0; i < n_pieces; i++) {
		done += pieces[i].done;
		total += pieces[i].total;
	}
	full = total ? (int)(done * BAR_WIDTH / total) : 0;
	if (full > BAR_WIDTH)
		full = BAR_WIDTH;
	memset(bar, '.', BAR_WIDTH);
	memset(bar, '#', (size_t)full);
	bar[BAR_WIDTH] = '\0';
	n = snprintf(line, sizeof(line), "\r[%s] %s of %s\033[K", bar,
		     human(done, a), human(total, b));
	ignored = write(STDERR_FILENO, line, (size_t)n);
	drawn = true;
}

static void update(struct progress *p UNUSED, const char *what, uint64_t done,
		   uint64_t total)
{
	struct piece *piece = find(what);
	bool was_done, is_done;
	char text[16];

	if (!piece)
		return;
	was_done = piece->total && piece->done == piece->total;
	is_done = total && done == total;
	piece->done = done;
	piece->total = total;
	if (isatty(STDERR_FILENO)) {
		if (due() || is_done)
			draw();
	} else if (is_done && !was_done) {
		cli_note("%s: %s", what, human(total, text));
	}
}

static void note(struct progress *p UNUSED, const char *text)
{
	cli_note("%s", text);
}

struct progress *cli_progress(void)
{
	static struct progress watcher = { update, note };

	return cli_is_quiet() ? NULL : &watcher;
}

void cli_progress_end(void)
{
	ssize_t ignored UNUSED;

	if (!drawn)
		return;
	drawn = false;
	ignored = write(STDERR_FILENO, "\n", 1);
}
