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

/* What the kernel would map of it is there. */
static bool is_whole(const Elf64_Phdr *p, size_t len)
{
	uint64_t at = le64toh(p->p_offset), size = le64toh(p->p_filesz);

	return at <= len && size <= len - at;
}

bool elf_is_static(const void *data, size_t len)
{
	const char *arch = elf_arch(data, len);
	bool loads = false;
	Elf64_Ehdr h;
	uint64_t at;

	if (!arch || strcmp(arch, "another") == 0)
		return false;
	memcpy(&h, data, sizeof(h));
	if ((le16toh(h.e_type) != ET_EXEC && le16toh(h.e_type) != ET_DYN) ||
	    h.e_entry == 0 || le16toh(h.e_phentsize) != sizeof(Elf64_Phdr))
		return false;
	at = le64toh(h.e_phoff);
	for (unsigned int i = le16toh(h.e_phnum); i > 0; i--) {
		Elf64_Phdr p;

		if (at > len || len - at < sizeof(p))
			return false;
		memcpy(&p, (const char *)data + at, sizeof(p));
		if (le32toh(p.p_type) == PT_INTERP || !is_whole(&p, len))
			return false;
		loads = loads || le32toh(p.p_type) == PT_LOAD;
		at += sizeof(p);
	}
	return loads;
}
