/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls.c - the system calls that odyn still makes, by seccomp
 *
 * linux/Documentation/userspace-api/seccomp_filter.rst.  By hand, because
 * libseccomp would be in everybody's PCR0.  The kernel keeps in a bitmap which
 * numbers are allowed whatever the arguments, so most cost nothing.
 */
#include "odyn/calls.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/reboot.h>
#include <linux/seccomp.h>

#include "base/sandbox_parts.h"
#include "enclave/nsm.h"

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif

/* What the other types of socket have and SOCK_STREAM has not. */
#define NO_STREAM 14u

/* What the C library's own code calls is here as well, glibc's and musl's. */
static const int allowed[] = {
	/* The loop. */
	SYS_epoll_pwait, SYS_epoll_ctl,
#ifdef SYS_epoll_wait
	SYS_epoll_wait,
#endif
	/* Connections, and the pipe of the output. */
	SYS_recvfrom, SYS_sendto, SYS_read, SYS_write, SYS_accept4,
	SYS_connect, SYS_shutdown, SYS_setsockopt, SYS_getsockopt, SYS_close,
	/* The end of the output, to a slow console. */
	SYS_ppoll,
#ifdef SYS_poll
	SYS_poll,
#endif
	/* Memory: mmap and mprotect see below. */
	SYS_brk, SYS_munmap, SYS_mremap, SYS_madvise,
	/* Time, where the vDSO has no clock, and the generator of OpenSSL. */
	SYS_clock_gettime, SYS_gettimeofday, SYS_getrandom, SYS_getpid,
#ifdef SYS_time
	SYS_time,
#endif
	SYS_futex, SYS_restart_syscall,
	/* The application and its orphans. */
	SYS_wait4,
	/* Messages of the C library, abort(), and the end. */
	SYS_writev, SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_rt_sigreturn,
	SYS_gettid, SYS_sync, SYS_exit, SYS_exit_group,
};

/* All conditions must hold.  A number may come again: one call is enough. */
struct call {
	int number;
	struct condition {
		enum { ANY, IS, LACKS } test;
		unsigned argument;
		uint32_t value;		/* of its lower half */
	} conditions[3];
};

/* Leak detection looks at the program from a process of its own. */
static const int sanitizers[] = {
	SYS_clone, SYS_ptrace, SYS_openat, SYS_readlinkat, SYS_prctl,
	SYS_sched_yield, SYS_sigaltstack, SYS_getdents64, SYS_lseek,
	SYS_mprotect, SYS_mmap, SYS_newfstatat, SYS_fstat, SYS_getppid,
	SYS_prlimit64, SYS_sched_getaffinity, SYS_pipe2,
	SYS_process_vm_readv, SYS_set_robust_list, SYS_gettid,
#ifdef SYS_open
	SYS_open, SYS_readlink, SYS_stat, SYS_pipe, SYS_fork, SYS_getdents,
#endif
};

#define FILTER_MAX 512		/* instructions */

struct filter {
	struct sock_filter code[FILTER_MAX];
	unsigned short	   n;
};

static void put(struct filter *f, unsigned code, uint32_t k, unsigned yes,
		unsigned no)
{
	assert(f->n < FILTER_MAX);
	f->code[f->n++] = (struct sock_filter){
		(uint16_t)code, (uint8_t)yes, (uint8_t)no, k
	};
}

static void load(struct filter *f, size_t offset)
{
	put(f, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void answer(struct filter *f, uint32_t action)
{
	put(f, BPF_RET | BPF_K, action, 0, 0);
}

/* The number is loaded before and after it.  Both architectures are little-
 * endian: an argument's lower half comes first. */
static void allow(struct filter *f, const struct call *c)
{
	size_t n = 0;

	while (n < ARRAY_SIZE(c->conditions) && c->conditions[n].test != ANY)
		n++;
	if (n == 0) {
		put(f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)c->number, 0, 1);
		answer(f, SECCOMP_RET_ALLOW);
		return;
	}
	put(f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)c->number, 0,
	    (unsigned)(2 * n + 2));
	for (size_t i = 0; i < n; i++) {
		const struct condition *w = &c->conditions[i];
		unsigned out = (unsigned)(2 * (n - i) - 1);

		load(f, offsetof(struct seccomp_data, args) +
			8 * w->argument);
		if (w->test == IS)
			put(f, BPF_JMP | BPF_JEQ | BPF_K, w->value, 0, out);
		else
			put(f, BPF_JMP | BPF_JSET | BPF_K, w->value, out, 0);
	}
	answer(f, SECCOMP_RET_ALLOW);
	load(f, offsetof(struct seccomp_data, nr));
}

static void allow_all(struct filter *f, const int *numbers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		allow(f, &(struct call){ .number = numbers[i] });
}

static void allow_if(struct filter *f, int number, unsigned argument,
		     uint32_t value)
{
	struct call c = { .number = number };

	c.conditions[0] = (struct condition){ IS, argument, value };
	allow(f, &c);
}

static void allow_unless(struct filter *f, int number, unsigned argument,
			 uint32_t bits)
{
	struct call c = { .number = number };

	c.conditions[0] = (struct condition){ LACKS, argument, bits };
	allow(f, &c);
}

/* Of the protocol that streams of the family have: Landlock's ports are TCP's
 * and not those of MPTCP. */
static void allow_stream(struct filter *f, uint32_t family)
{
	allow(f, &(struct call){ SYS_socket, { { IS, 0, family },
					       { LACKS, 1, NO_STREAM },
					       { IS, 2, 0 } } });
}

/* What the application may be told, and ourselves by abort(). */
static void allow_signals(struct filter *f, pid_t child)
{
	allow_if(f, SYS_kill, 0, (uint32_t)child);
	allow_if(f, SYS_kill, 0, (uint32_t)(getpid() == 1 ? -1 : -child));
	allow_if(f, SYS_tgkill, 0, (uint32_t)getpid());
	allow_if(f, SYS_tkill, 0, (uint32_t)getpid());
}

static void allow_some(struct filter *f, const struct calls *c)
{
	static const int clock[] = { SYS_clock_settime, SYS_clock_adjtime,
				     SYS_adjtimex };
	static const int hybrid[] = {	/* the socket goes with us */
		SYS_unlinkat,
#ifdef SYS_unlink
		SYS_unlink,
#endif
	};

	allow_unless(f, SYS_mmap, 2, PROT_EXEC);
	allow_unless(f, SYS_mprotect, 2, PROT_EXEC);
	allow_stream(f, AF_INET);
	allow_stream(f, c->hybrid ? AF_UNIX : AF_VSOCK);
	allow_if(f, SYS_ioctl, 1, NSM_IOCTL);
	allow_if(f, SYS_ioctl, 1, TCSBRK);	/* tcdrain() */
	allow_signals(f, c->child);
	if (c->clock)
		allow_all(f, clock, ARRAY_SIZE(clock));
	if (c->hybrid)
		allow_all(f, hybrid, ARRAY_SIZE(hybrid));
	if (getpid() == 1)
		allow_if(f, SYS_reboot, 2, LINUX_REBOOT_CMD_RESTART);
}

/* A number of x32 has a bit that none of ours has. */
static void make(struct filter *f, uint32_t arch, const struct calls *c)
{
	load(f, offsetof(struct seccomp_data, arch));
	put(f, BPF_JMP | BPF_JEQ | BPF_K, arch, 1, 0);
	answer(f, SECCOMP_RET_ERRNO | EPERM);
	load(f, offsetof(struct seccomp_data, nr));
	allow_all(f, allowed, ARRAY_SIZE(allowed));
	allow_some(f, c);
	if (SANDBOX_SANITIZED)
		allow_all(f, sanitizers, ARRAY_SIZE(sanitizers));
	answer(f, SECCOMP_RET_ERRNO | EPERM);
}

int calls_confine(const struct calls *c, struct err *e)
{
#ifdef ARCH
	struct filter f = { .n = 0 };
	struct sock_fprog program = { .filter = f.code };

	make(&f, ARCH, c);
	program.len = f.n;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0)
		return 0;
	return err_sys(e, "the kernel does not take a seccomp filter");
#else
	(void)c;
	return err_set(e, ERR_SYS, "there is no filter for this architecture");
#endif
}
