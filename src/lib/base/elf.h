/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elf.h - what a program is for, by its first bytes
 *
 * ELF-64 Object File Format 1.5.  Any bytes are fine.
 */
#ifndef ENC_ELF_H
#define ENC_ELF_H

#include <stdbool.h>
#include <stddef.h>

#define ELF_HEAD 64	/* bytes: all that elf_arch() looks at */

/* OCI's name of the architecture, "amd64" or "arm64"; "another" for another,
 * or NULL when it is no ELF file. */
const char *elf_arch(const void *data, size_t len);

/* Is it a program that runs without a loader?  Also false when its headers, or
 * what they have the kernel map, are not in the len bytes, of which it takes
 * all there are. */
bool elf_is_static(const void *data, size_t len);

#endif
