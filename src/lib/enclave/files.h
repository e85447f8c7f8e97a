/* SPDX-License-Identifier: Apache-2.0 */
/*
 * files.h - how many descriptors there may be, and so how many connections
 */
#ifndef ENC_FILES_H
#define ENC_FILES_H

#include <stddef.h>
#include <sys/resource.h>

#define FILES_MAX 65536		/* descriptors, where we may have so many */
#define FILES_OWN 256		/* for all but relays, which take two each */

/* Raises RLIMIT_NOFILE as far as it goes; *had is what it was, for programs
 * that are started.  Returns how many relays that is. */
size_t files_raise(struct rlimit *had);

#endif
