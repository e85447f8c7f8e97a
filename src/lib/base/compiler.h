/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compiler.h - attributes that gcc and clang both understand
 */
#ifndef ENC_COMPILER_H
#define ENC_COMPILER_H

#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define MUST_CHECK	  __attribute__((warn_unused_result))
#define NORETURN	  __attribute__((noreturn))
#define UNUSED		  __attribute__((unused))
#define ARRAY_SIZE(a)	  (sizeof(a) / sizeof((a)[0]))

/* Sums and products of lengths that come from outside go through these. */
#define add_overflow(a, b, out) __builtin_add_overflow(a, b, out)
#define mul_overflow(a, b, out) __builtin_mul_overflow(a, b, out)

#endif
