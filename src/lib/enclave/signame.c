/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signame.c - signals by name and by number
 *
 * Numbers of the enclave's kernel (x86_64 and aarch64 agree), never of the
 * machine that builds; the real-time ones as Docker counts them, from glibc's
 * and musl's smallest usable one.
 */
#include "enclave/process.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define RTMIN 34
#define RTMAX PROCESS_SIGNAL_MAX

/* The first name of a number is the one that is printed. */
static const struct {
	const char *name;
	int number;
} signals[] = {
	{ "HUP", 1 },	  { "INT", 2 },	   { "QUIT", 3 },   { "ILL", 4 },
	{ "TRAP", 5 },	  { "ABRT", 6 },   { "IOT", 6 },    { "BUS", 7 },
	{ "FPE", 8 },	  { "KILL", 9 },   { "USR1", 10 },  { "SEGV", 11 },
	{ "USR2", 12 },	  { "PIPE", 13 },  { "ALRM", 14 },  { "TERM", 15 },
	{ "STKFLT", 16 }, { "CHLD", 17 },  { "CLD", 17 },   { "CONT", 18 },
	{ "STOP", 19 },	  { "TSTP", 20 },  { "TTIN", 21 },  { "TTOU", 22 },
	{ "URG", 23 },	  { "XCPU", 24 },  { "XFSZ", 25 },  { "VTALRM", 26 },
	{ "PROF", 27 },	  { "WINCH", 28 }, { "IO", 29 },    { "POLL", 29 },
	{ "PWR", 30 },	  { "SYS", 31 },   { "UNUSED", 31 },
};

/* 0 to 99, digits alone; -1 otherwise. */
static int small_number(const char *s)
{
	size_t len = strspn(s, "0123456789");

	if (len == 0 || len > 2 || s[len])
		return -1;
	return len == 1 ? s[0] - '0' : (s[0] - '0') * 10 + (s[1] - '0');
}

/* What stands behind "RTMIN" (sign '+') or "RTMAX" (sign '-'). */
static int real_time(const char *rest, char sign, int from)
{
	int offset = 0;

	if (*rest) {
		if (*rest != sign)
			return -1;
		offset = small_number(rest + 1);
		if (offset < 0 || offset > RTMAX - RTMIN)
			return -1;
	}
	return sign == '+' ? from + offset : from - offset;
}

int process_signal(const char *name)
{
	int number = small_number(name);

	if (number >= 0)
		return number >= 1 && number <= RTMAX ? number : -1;
	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	if (strncasecmp(name, "RTMIN", 5) == 0)
		return real_time(name + 5, '+', RTMIN);
	if (strncasecmp(name, "RTMAX", 5) == 0)
		return real_time(name + 5, '-', RTMAX);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (strcasecmp(name, signals[i].name) == 0)
			return signals[i].number;
	return -1;
}

void process_signal_name(int number, char out[PROCESS_SIGNAL_NAME])
{
	const char *name = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(signals) && !name; i++)
		if (signals[i].number == number)
			name = signals[i].name;
	if (name)
		snprintf(out, PROCESS_SIGNAL_NAME, "SIG%s", name);
	else if (number >= RTMIN && number <= RTMAX)
		snprintf(out, PROCESS_SIGNAL_NAME, "SIGRTMIN+%d",
			 number - RTMIN);
	else
		snprintf(out, PROCESS_SIGNAL_NAME, "signal %d", number);
}
