/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_odyn.c - odyn's small parts: the ring, stop requests, what is done about
 * a clock, lines that are too many
 */
#include "odyn/ring.h"

#include "odyn/console.h"
#include "odyn/stop.h"
#include "odyn/timekeeper.h"

#include "tap.h"

/* All that the ring has from a place on. */
static const char *from(const struct ring *r, uint64_t place)
{
	static char text[64];
	size_t len = 0, n;
	const char *data;

	while ((n = ring_at(r, place, &data)) > 0) {
		memcpy(text + len, data, n);
		len += n;
		place += n;
	}
	text[len] = '\0';
	return text;
}

static void test_ring(void)
{
	struct ring r;
	char *at;

	ring_init(&r, 8);
	same_str(from(&r, 0), "", "nothing was written");
	ring_add(&r, "abcde", 5);
	same_str(from(&r, 0), "abcde", "what was written");
	same_str(from(&r, 3), "de", "from a place");
	ok(ring_room(&r, &at) == 3 && at == r.data + 5, "room up to its end");
	ring_add(&r, "fghij", 5);
	ok(ring_start(&r) == 2 && r.end == 10, "the oldest are gone");
	same_str(from(&r, 2), "cdefghij", "over the edge, in two pieces");
	ok(ring_room(&r, &at) == 6 && at == r.data + 2,
	   "room over the oldest");
	memcpy(at, "kl", 2);
	ring_wrote(&r, 2);
	same_str(from(&r, ring_start(&r)), "efghijkl", "read into it");
	ring_add(&r, "0123456789ABCDEF", 16);
	same_str(from(&r, ring_start(&r)), "89ABCDEF", "more than it holds");
	same_str(from(&r, r.end), "", "the end");
	ring_release(&r);
	ring_init(&r, 1);
	ring_add(&r, "xyz", 3);
	same_str(from(&r, ring_start(&r)), "z", "the smallest");
	ring_release(&r);
}

static int stop_of(const char *line)
{
	struct err e;

	return stop_parse(line, strlen(line), &e);
}

static void test_stop(void)
{
	ok(stop_of("{\"stop\":{\"grace_seconds\":0}}") == 0, "at once");
	ok(stop_of("{\"stop\":{\"grace_seconds\":86400}}") == 86400, "a day");
	ok(stop_of("{\"stop\":{\"grace_seconds\":7,\"new\":1},\"more\":2}") == 7,
	   "members that are not known");
	ok(stop_of("{\"stop\":{\"grace_seconds\":86401}}") == -1, "too long");
	ok(stop_of("{\"stop\":{\"grace_seconds\":1.5}}") == -1, "a fraction");
	ok(stop_of("{\"stop\":7}") == -1, "not an object");
	ok(stop_of("") == -1, "nothing");
}

static void test_clock(void)
{
	const int64_t ms = 1000000;

	ok(time_step_for(0) == TIME_LEAVE && time_step_for(ms) == TIME_LEAVE &&
	   time_step_for(-ms) == TIME_LEAVE, "less than is known for sure");
	ok(time_step_for(3 * ms) == TIME_SLEW &&
	   time_step_for(-500 * ms) == TIME_SLEW, "a little: by and by");
	ok(time_step_for(501 * ms) == TIME_SET &&
	   time_step_for(INT64_MAX) == TIME_SET &&
	   time_step_for(-1792000000 * (1000 * ms)) == TIME_SET,
	   "much: at once, both ways");
}

static void gather(void *arg, const char *line, size_t len)
{
	char *end = (char *)arg + strlen(arg);

	memcpy(end, line, len);
	end[len] = '\0';
}

static void test_limit(void)
{
	struct console_limit l = { .lines = 2 };
	char text[512] = "";

	console_send_to(gather, text);
	for (int i = 0; i < 5; i++)
		console_say_some(&l, "%d", i);
	same_str(text, "odyn: 0\nodyn: 1\n", "no more than the limit");
	*text = '\0';
	l.since -= CONSOLE_LIMIT_MS;
	for (int i = 5; i < 8; i++)
		console_say_some(&l, "%d", i);
	same_str(text, "odyn: 3 lines like the next one were left out\n"
		 "odyn: 5\nodyn: 6\n", "later on, with how many were not said");
	*text = '\0';
	l.since -= CONSOLE_LIMIT_MS;
	console_say_some(&l, "8");
	l.since -= CONSOLE_LIMIT_MS;
	console_say_some(&l, "9");
	same_str(text, "odyn: 1 lines like the next one were left out\n"
		 "odyn: 8\nodyn: 9\n", "each is counted once");
	console_send_to(NULL, NULL);
}

int main(void)
{
	test_ring();
	test_stop();
	test_clock();
	test_limit();
	return tap_done();
}
