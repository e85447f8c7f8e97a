/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_parts.h - what the files of the sandbox share
 */
#ifndef ENC_SANDBOX_PARTS_H
#define ENC_SANDBOX_PARTS_H

#include "base/sandbox.h"

/* Built with AddressSanitizer a program looks at itself at its end, for leaks:
 * a process of its own traces it and reads /proc/self. */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define SANDBOX_SANITIZED 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define SANDBOX_SANITIZED 1
#endif
#ifndef SANDBOX_SANITIZED
#define SANDBOX_SANITIZED 0
#endif

#endif
