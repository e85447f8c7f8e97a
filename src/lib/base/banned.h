/* SPDX-License-Identifier: Apache-2.0 */
/*
 * banned.h - functions that have no safe use here become compile errors
 *
 * Forced into every translation unit of the product (-include in configure.ac).
 */
#ifndef ENC_BANNED_H
#define ENC_BANNED_H

/* The system headers must be read before their names are poisoned. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* With _FORTIFY_SOURCE and clang glibc makes this one a macro. */
#undef sprintf

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok
#pragma GCC poison gmtime localtime ctime asctime mktemp
#pragma GCC poison atoi atol atoll system popen

#endif
