/* SPDX-License-Identifier: Apache-2.0 */
/*
 * qemu_command.c - QEMU, with which machine, and what it is given
 */
#include <fcntl.h>
#include <string.h>

#include "base/io.h"
#include "base/xalloc.h"
#include "cli/cli.h"
#include "enc-run/qemu.h"

#define HELP_MAX  65536u	/* bytes of QEMU's list of machines */
/* A microvm has no keyboard controller to reset it: reboot=t makes -no-reboot
 * end it. */
#define MICROVM_CMDLINE "console=ttyS0 reboot=t"

int qemu_available(struct err *e)
{
	AUTO_FREE char *qemu = child_find(QEMU_PROGRAM, QEMU_VARIABLE);
	AUTO_FREE char *device = child_find(QEMU_DEVICE, QEMU_DEVICE_VARIABLE);

	if (!qemu)
		return err_set(e, ERR_SYS,
			       "there is no " QEMU_PROGRAM ": install QEMU, or say where it is with " QEMU_VARIABLE);
	if (!device)
		return err_set(e, ERR_SYS,
			       "there is no " QEMU_DEVICE ": cargo install " QEMU_DEVICE ", or say where it is with " QEMU_DEVICE_VARIABLE);
	return 0;
}

int qemu_check(const struct enclave *en, struct err *e)
{
	const char *accel = getenv(QEMU_ACCEL_VARIABLE);

	if (accel && *accel && strcmp(accel, "kvm") != 0 &&
	    strcmp(accel, "tcg") != 0)
		return err_set(e, ERR_USAGE,
			       QEMU_ACCEL_VARIABLE " is '%s': give kvm or tcg",
			       accel);
	if (en->info->arch != EIF_X86_64)
		return err_set(e, ERR_USAGE,
			       "'%s' is for aarch64, and launcher qemu emulates x86_64 alone",
			       en->eif_name);
	return 0;
}

/* 1 when it has the machine, 0, or -1. */
static int has_nitro(const char *qemu, struct err *e)
{
	AUTO_BUF struct buf out = BUF_INIT(HELP_MAX);
	AUTO_ARGV struct argv argv = { .n = 0 };
	int status;

	argv_add(&argv, qemu);
	argv_add(&argv, "-M");
	argv_add(&argv, "help");
	status = child_run(&argv, &out, e);
	if (status < 0)
		return -1;
	if (status > 0)
		return err_set(e, ERR_SYS, "'%s' does not run: %.200s", qemu,
			       out.data ? out.data : "it says nothing");
	return out.data && strstr(out.data, "nitro-enclave") != NULL;
}

/* KVM where this user may: much faster. */
static void add_processor(const struct enclave *en, struct argv *a)
{
	const char *accel = getenv(QEMU_ACCEL_VARIABLE);
	bool own = !accel || !*accel;

	if (own && access("/dev/kvm", R_OK | W_OK) == 0) {
		argv_add(a, "-accel");	/* one without KVM takes the next */
		argv_add(a, "kvm");
	}
	argv_add(a, "-accel");
	argv_add(a, own ? "tcg" : accel);
	argv_add(a, "-cpu");
	argv_add(a, "max");
	argv_add(a, "-smp");
	argv_addf(a, "%u", en->cpu_count);
	argv_add(a, "-m");
	argv_addf(a, "%lluM", (unsigned long long)en->memory_mib);
}

static void add_common(const char *socket, struct argv *a)
{
	static const char *const usual[] = {
		"-nodefaults", "-no-user-config", "-display", "none",
		"-serial", "stdio", "-no-reboot",
	};

	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		argv_add(a, usual[i]);
	argv_add(a, "-chardev");
	argv_addf(a, "socket,id=vsock,path=%s", socket);
}

/* A part of the file, from at, into one of the enclave's folder. */
static int copy_part(const struct enclave *en, uint64_t at, uint64_t size,
		     int out, uint64_t to, struct err *e)
{
	if (io_copy_range(en->eif, at, out, to, size) < 0)
		return err_sys(e, "cannot copy '%s' to '%s'", en->eif_name,
			       en->dir);
	return 0;
}

static int open_part(const struct enclave *en, const char *name, char **path,
		     struct err *e)
{
	int fd;

	*path = xasprintf("%s/%s", en->dir, name);
	fd = open(*path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 ? err_sys(e, "cannot make '%s'", *path) : fd;
}

/* QEMU reads the EIF as we do when it is a whole file. */
static int add_nitro(const struct enclave *en, struct argv *a, int *keep,
		     struct err *e)
{
	AUTO_FREE char *path = NULL;

	argv_add(a, "-M");
	argv_add(a, "nitro-enclave,vsock=vsock,id=enclaver");
	argv_add(a, "-kernel");
	if (en->info->base == 0) {
		*keep = en->eif;
		argv_addf(a, "/proc/self/fd/%d", en->eif);
	} else {
		AUTO_CLOSE int fd = open_part(en, "application.eif", &path, e);

		if (fd < 0 || copy_part(en, en->info->base, en->info->size,
					fd, 0, e) < 0)
			return -1;
		argv_add(a, path);
	}
	return 0;
}

/* The kernel sees the ramdisks as one, each beginning at a multiple of four. */
static int copy_sections(const struct enclave *en, int kernel, int ramdisk,
			 struct err *e)
{
	uint64_t to = 0;

	for (size_t i = 0; i < en->info->n_sections; i++) {
		const struct eif_section *s = &en->info->sections[i];

		if (s->type == EIF_KERNEL &&
		    copy_part(en, s->offset, s->size, kernel, 0, e) < 0)
			return -1;
		if (s->type != EIF_RAMDISK)
			continue;
		if (copy_part(en, s->offset, s->size, ramdisk, to, e) < 0)
			return -1;
		to = (to + s->size + 3) / 4 * 4;
	}
	return 0;
}

static int add_microvm(const struct enclave *en, struct argv *a,
		       struct err *e)
{
	AUTO_FREE char *kernel_path = NULL, *ramdisk_path = NULL;
	AUTO_CLOSE int kernel = open_part(en, "kernel", &kernel_path, e);
	AUTO_CLOSE int ramdisk = kernel < 0 ? -1 :
		open_part(en, "ramdisk", &ramdisk_path, e);

	if (kernel < 0 || ramdisk < 0 ||
	    copy_sections(en, kernel, ramdisk, e) < 0)
		return -1;
	cli_note("this QEMU has no machine nitro-enclave (9.2 and later have): no NSM, so no attestation and no KMS");
	argv_add(a, "-M");
	argv_add(a, "microvm,acpi=off,memory-backend=memory");
	/* The vsock device is another process. */
	argv_add(a, "-object");
	argv_addf(a, "memory-backend-memfd,id=memory,share=on,size=%lluM",
		  (unsigned long long)en->memory_mib);
	argv_add(a, "-device");
	argv_add(a, "vhost-user-vsock-device,chardev=vsock");
	argv_add(a, "-kernel");
	argv_add(a, kernel_path);
	argv_add(a, "-initrd");
	argv_add(a, ramdisk_path);
	argv_add(a, "-append");
	argv_addf(a, "%.*s " MICROVM_CMDLINE,
		  (int)en->info->cmdline_len, en->info->cmdline);
	return 0;
}

int qemu_start(const struct enclave *en, const char *socket,
	       struct child *child, struct err *e)
{
	AUTO_ARGV struct argv a = { .n = 0 };
	AUTO_FREE char *qemu = child_find(QEMU_PROGRAM, QEMU_VARIABLE);
	int nitro, keep = -1;

	if (!qemu)
		return err_set(e, ERR_SYS, "there is no " QEMU_PROGRAM " any more");
	nitro = has_nitro(qemu, e);
	if (nitro < 0)
		return -1;
	argv_add(&a, qemu);
	add_processor(en, &a);
	add_common(socket, &a);
	if ((nitro ? add_nitro(en, &a, &keep, e) : add_microvm(en, &a, e)) < 0)
		return -1;
	return child_start(child, &a, keep, e);
}
