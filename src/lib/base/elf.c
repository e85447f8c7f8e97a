/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elf.c - what a program is for, by its first bytes
 */
#include "base/elf.h"

#include <elf.h>
#include <endian.h>
#include <stdint.h>
#include <string.h>

const char *elf_arch(const void *data, size_t len)
{
	Elf64_Ehdr h;

	if (len < sizeof(h))
		return NULL;
	memcpy(&h, data, sizeof(h));
	if (memcmp(h.e_ident, ELFMAG, SELFMAG) != 0)
		return NULL;
	if (h.e_ident[EI_CLASS] != ELFCLASS64 ||
	    h.e_ident[EI_DATA] != ELFDATA2LSB)
		return "another";
	switch (le16toh(h.e_machine)) {
	case EM_X86_64: return "amd64";
	case EM_AARCH64: return "arm64";
	default: return "another";
	}
}

bool elf_is_static(const void *data, size_t len)
{
	const char *arch = elf_arch(data, len);
	Elf64_Ehdr h;
	uint64_t at;

	if (!arch || strcmp(arch, "another") == 0)
		return false;
	memcpy(&h, data, sizeof(h));
	at = le64toh(h.e_phoff);
	for (unsigned int i = le16toh(h.e_phnum); i > 0; i--) {
		Elf64_Phdr p;

		if (at > len || len - at < sizeof(p))
			return false;
		memcpy(&p, (const char *)data + at, sizeof(p));
		if (le32toh(p.p_type) == PT_INTERP)
			return false;
		at += sizeof(p);
	}
	return true;
}
