/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot_ramdisk.c - the first ramdisk: init and the kernel's modules
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arch.h"
#include "base/cleanup.h"
#include "base/elf.h"
#include "base/io.h"
#include "cli/cli.h"
#include "eif/cpio.h"
#include "enc-eif/ramdisk.h"

#define MODULES "modules/"

struct boot_file {
	const char *name;
	int	    fd;		/* borrowed; -1: a folder */
	uint64_t    offset, size;
	uint32_t    mode;
};

struct boot {
	struct boot_file files[BLOBS_MAX + 3];	/* bytewise by name */
	size_t		 n;
};

static void add(struct boot *boot, const char *name, uint32_t mode, int fd,
		uint64_t offset, uint64_t size)
{
	boot->files[boot->n++] = (struct boot_file){
		.name = name, .mode = mode, .fd = fd,
		.offset = offset, .size = size,
	};
}

static bool is_module(const char *name)
{
	size_t len = strlen(name);

	return len > 3 && strcmp(name + len - 3, ".ko") == 0;
}

/* "dev", "init", "modules", "modules/…", "nsm.ko": the blobs are sorted by
 * name, and so is this. */
static void collect(struct boot *boot, const struct blobs *b, int init,
		    uint64_t init_offset, uint64_t init_size)
{
	bool has_folder = false;

	add(boot, "dev", S_IFDIR | 0755, -1, 0, 0);
	add(boot, "init", S_IFREG | 0755, init, init_offset, init_size);
	for (size_t i = 0; i < b->n; i++) {
		const struct blob *f = &b->all[i];
		bool in_folder = strncmp(f->name, MODULES,
					 strlen(MODULES)) == 0;

		if (!is_module(f->name) ||
		    !(in_folder || strcmp(f->name, "nsm.ko") == 0))
			continue;
		if (in_folder && !has_folder)
			add(boot, "modules", S_IFDIR | 0755, -1, 0, 0);
		has_folder |= in_folder;
		add(boot, f->name, S_IFREG | 0644, f->fd, f->offset, f->size);
	}
}

static struct cpio_entry entry_of(const struct boot *boot, size_t i)
{
	const struct boot_file *f = &boot->files[i];

	return (struct cpio_entry){
		.name = f->name, .ino = (uint32_t)i + 1, .mode = f->mode,
		.nlink = 1, .size = f->size,
	};
}

static int put(struct eif_writer *w, const struct boot *boot, size_t i,
	       struct err *e)
{
	const struct boot_file *f = &boot->files[i];
	struct cpio_entry c = entry_of(boot, i);

	if (cpio_put_entry(w, &c, e) < 0)
		return -1;
	if (f->fd >= 0 &&
	    eif_write_fd(w, f->fd, f->offset, f->size, f->name, e) < 0)
		return -1;
	return cpio_pad(w, f->size, e);
}

static int write_all(struct eif_writer *w, const struct boot *boot,
		     struct eif_report *r, struct err *e)
{
	uint64_t size = CPIO_TRAILER_SIZE;

	for (size_t i = 0; i < boot->n; i++) {
		struct cpio_entry c = entry_of(boot, i);

		size += cpio_entry_size(&c);
	}
	if (eif_begin(w, EIF_RAMDISK, size, e) < 0)
		return -1;
	for (size_t i = 0; i < boot->n; i++)
		if (put(w, boot, i, e) < 0)
			return -1;
	r->ramdisks += size;
	r->unpacked += size;
	return cpio_put_trailer(w, e);
}

/* 1, 0 or -1 with errno: do these bytes begin a program for that architecture? */
static int is_for(enum eif_arch arch, int fd, uint64_t offset, uint64_t size)
{
	uint8_t head[ELF_HEAD];
	ssize_t n = io_pread(fd, head,
			     size < sizeof(head) ? size : sizeof(head), offset);
	const char *is;

	if (n < 0)
		return -1;
	is = elf_arch(head, (size_t)n);
	return is && strcmp(is, eif_arch_oci(arch)) == 0;
}

/* An init for another architecture would boot to a dead enclave. */
int boot_init_open(enum eif_arch arch, struct err *e)
{
	const char *want = eif_arch_oci(arch);
	AUTO_FREE char *path = cli_libexec("init", want);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	int right;

	if (fd < 0)
		return err_sys(e, "no init for %s, cannot open '%s' (install the package enclaver-odyn, or use --init=blobs)",
			       arch_machine(want), path);
	right = is_for(arch, fd, 0, ELF_HEAD);
	if (right < 0)
		return err_sys(e, "cannot read '%s'", path);
	if (!right)
		return err_set(e, ERR_INPUT,
			       "init '%s' is not a program for %s",
			       path, arch_machine(want));
	return steal_fd(&fd);
}

int boot_init_check(const struct blobs *b, struct err *e)
{
	const struct blob *i = b->init;
	int right;

	if (!i)
		return err_set(e, ERR_INPUT,
			       "'%s' has no 'init': use --init=own", b->where);
	right = is_for(b->arch, i->fd, i->offset, i->size);
	if (right < 0)
		return err_sys(e, "cannot read 'init' of '%s'", b->where);
	if (!right)
		return err_set(e, ERR_INPUT,
			       "'init' of '%s' is not a program for %s: use --init=own",
			       b->where,
			       arch_machine(eif_arch_oci(b->arch)));
	return 0;
}

int boot_ramdisk(struct eif_writer *w, const struct blobs *b, int own_init,
		 struct eif_report *r, struct err *e)
{
	struct boot boot = { .n = 0 };
	struct stat st;

	if (own_init < 0) {
		collect(&boot, b, b->init->fd, b->init->offset, b->init->size);
		return write_all(w, &boot, r, e);
	}
	if (fstat(own_init, &st) < 0)
		return err_sys(e, "cannot look at our init");
	collect(&boot, b, own_init, 0, (uint64_t)st.st_size);
	return write_all(w, &boot, r, e);
}
