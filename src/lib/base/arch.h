/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arch.h - the two names that an architecture has
 *
 * OCI's ("amd64", "arm64") are in images, the machine's ("x86_64", "aarch64")
 * in the names of folders.
 */
#ifndef ENC_ARCH_H
#define ENC_ARCH_H

#include <string.h>

/* OCI's name of what this program was built for. */
#if defined(__x86_64__)
#define ARCH_OWN "amd64"
#elif defined(__aarch64__)
#define ARCH_OWN "arm64"
#else
#error "enclaves are x86_64 or aarch64"
#endif
/* And of the other one. */
#define ARCH_OTHER (strcmp(ARCH_OWN, "amd64") == 0 ? "arm64" : "amd64")

/* The machine's name for OCI's; that of one that no enclave has is itself. */
static inline const char *arch_machine(const char *oci)
{
	return strcmp(oci, "amd64") == 0 ? "x86_64" :
	       strcmp(oci, "arm64") == 0 ? "aarch64" : oci;
}

#endif
