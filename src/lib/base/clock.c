/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.c - the only clock, and the dates that outputs carry
 */
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LAST_SECOND INT64_C(253402300799)	/* 9999-12-31T23:59:59Z */

int64_t clock_now(void)
{
	return (int64_t)time(NULL);
}

uint64_t clock_ticks(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int clock_source_date(int64_t *seconds, bool *set, struct err *e)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	char *end;
	long long value;

	*set = false;
	if (!text || !*text)
		return 0;
	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno || *end || strspn(text, "0123456789") != strlen(text) ||
	    value > LAST_SECOND)
		return err_set(e, ERR_USAGE,
			       "SOURCE_DATE_EPOCH is '%s', not a number of seconds since 1970",
			       text);
	*seconds = value;
	*set = true;
	return 0;
}

void clock_format(int64_t seconds, char out[CLOCK_TEXT])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(out, CLOCK_TEXT, "%FT%TZ", &tm))
		snprintf(out, CLOCK_TEXT, "1970-01-01T00:00:00Z");
}

/* Exactly n digits at *s, which moves behind them; -1 when they are not. */
static int digits(const char **s, int n)
{
	int value = 0;

	for (int i = 0; i < n; i++, (*s)++) {
		if (**s < '0' || **s > '9')
			return -1;
		value = value * 10 + (**s - '0');
	}
	return value;
}

static int skip(const char **s, const char *any)
{
	if (!**s || !strchr(any, **s))
		return -1;
	return *(*s)++;
}

/* timegm() takes 30 February for 2 March. */
static bool has_day(const struct tm *tm)
{
	struct tm day = {
		.tm_year = tm->tm_year, .tm_mon = tm->tm_mon,
		.tm_mday = tm->tm_mday,
	};

	timegm(&day);
	return day.tm_mon == tm->tm_mon;
}

int clock_parse(const char *text, int64_t *seconds)
{
	const char *s = text;
	struct tm tm = { 0 };
	int sign, hours, minutes;

	if ((tm.tm_year = digits(&s, 4)) < 0 || skip(&s, "-") < 0 ||
	    (tm.tm_mon = digits(&s, 2)) < 1 || skip(&s, "-") < 0 ||
	    (tm.tm_mday = digits(&s, 2)) < 1 || skip(&s, "Tt ") < 0 ||
	    (tm.tm_hour = digits(&s, 2)) < 0 || skip(&s, ":") < 0 ||
	    (tm.tm_min = digits(&s, 2)) < 0 || skip(&s, ":") < 0 ||
	    (tm.tm_sec = digits(&s, 2)) < 0)
		return -1;
	if (tm.tm_mon > 12 || tm.tm_mday > 31 || tm.tm_hour > 23 ||
	    tm.tm_min > 59 || tm.tm_sec > 60)
		return -1;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	if (!has_day(&tm))
		return -1;
	if (*s == '.') {
		s++;
		if (digits(&s, 1) < 0)
			return -1;
		s += strspn(s, "0123456789");
	}
	*seconds = (int64_t)timegm(&tm);
	sign = skip(&s, "Zz+-");
	if (sign == '+' || sign == '-') {
		if ((hours = digits(&s, 2)) < 0 || skip(&s, ":") < 0 ||
		    (minutes = digits(&s, 2)) < 0 || hours > 23 ||
		    minutes > 59)
			return -1;
		*seconds += (sign == '+' ? -60 : 60) * (hours * 60 + minutes);
	} else if (sign < 0) {
		return -1;
	}
	return *s ? -1 : 0;
}
