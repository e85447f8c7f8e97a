/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - the only clock, and the dates that outputs carry
 *
 * No output depends on clock_now(): it is for the validity of certificates
 * and tokens.  Dates in outputs come from SOURCE_DATE_EPOCH or from an input.
 */
#ifndef ENC_CLOCK_H
#define ENC_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define CLOCK_TEXT 32		/* "2026-11-23T04:55:00Z" and room to spare */

/* Seconds since 1970. */
int64_t clock_now(void);

/* Milliseconds since some moment; for how long things take, never set. */
uint64_t clock_ticks(void);

/* SOURCE_DATE_EPOCH (reproducible-builds.org): *set tells whether it is
 * there.  ERR_USAGE when it is not a decimal number of seconds from 0 to
 * 253402300799 (the year 9999). */
int clock_source_date(int64_t *seconds, bool *set, struct err *e) MUST_CHECK;

/* RFC 3339 in UTC, whole seconds. */
void clock_format(int64_t seconds, char out[CLOCK_TEXT]);
/* RFC 3339 with any offset; a fraction is dropped.  -1 when it is not one. */
int clock_parse(const char *text, int64_t *seconds) MUST_CHECK;

#endif
