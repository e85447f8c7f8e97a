/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ne-fake.h - an instance that may start enclaves, where there is none
 *
 * Linked into a test program it stands before libc's open(), ioctl(), mmap(),
 * sockets and a few more, and behaves as drivers/virt/nitro_enclaves of the
 * kernel does.  Several processes share one instance, which is a folder:
 *
 *   NE_FAKE=DIR		required; absolute
 *	DIR/dev/nitro_enclaves	the device; any file
 *	DIR/sys/...		what is read below /sys; free_hugepages are
 *				counted down and up in there
 *	DIR/vsock/PORT		the ports that the host listens on
 *	DIR/cid-N/		an enclave, while it runs: "pid"; its end of
 *				hybrid vsock at "v", see vsock.h
 *	DIR/cid-N.memory	what an enclave was given, at its start
 *	DIR/cid-N.heartbeat	"echoed" or "refused"
 *	DIR/cid-N.cpus		the CPUs that it has
 *   NE_FAKE_RUN=COMMAND	what runs in an enclave, by sh, with $NE_FAKE_CID
 *				and $NE_FAKE_VSOCK; it has ended when this has
 *   NE_FAKE_FAIL=CALL:ERROR	OPEN, CREATE_VM, IMAGE_LOAD_INFO, SET_MEMORY,
 *				ADD_VCPU or START fails, with a number or the
 *				name of an NE_ERR_*
 *   NE_FAKE_SILENT=1		no heartbeat
 *   NE_FAKE_REGIONS=N		how many pieces of memory it may have (64)
 *   NE_FAKE_NO_MBIND=1		a container: mbind() is not allowed
 *
 * As with AWS's init, an enclave whose heartbeat is not echoed ends.
 */
#ifndef NE_FAKE_H
#define NE_FAKE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/un.h>

#define FAKE_PATH 4096
#define FAKE_CPUS 64
#define FAKE_MIB  (UINT64_C(1) << 20)

/* ne-fake-host.c */
const char *fake_dir(void);		/* NULL: no instance */
void fake_path(char out[FAKE_PATH], const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A UNIX socket in there. */
struct sockaddr_un fake_address(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));
/* The text of a file of the instance, "" when it is not there. */
void fake_text(char *out, size_t size, const char *path);
/* A lock that ends with its holder: a descriptor, or -1 when it is held. */
int fake_lock(const char *name, bool wait);
/* A process that runs fn(fd) apart from all that we have open; the other end of
 * fd, which is its life line.  *pid is a child of ours. */
int fake_spawn(void (*fn)(int fd), pid_t *pid);
/* The libc's own. */
void *fake_next(const char *name);
int fake_open(int dir, const char *path, int flags, mode_t mode);
extern int fake_device;			/* opened last; -1 */

/* ne-fake-driver.c */
int fake_injected(const char *what);	/* NE_FAKE_FAIL: 0 or an errno */
void fake_vm_closed(int fd);		/* returns when the enclave is gone */
void fake_vms_forget(void);

/* ne-fake-vsock.c: the lock of a port goes with the socket. */
void fake_port_closed(int fd);
void fake_ports_forget(void);

/* ne-fake-vm.c: what goes to the hypervisor, one request and one answer. */
enum fake_op { FAKE_SLOT, FAKE_CORE_FREE, FAKE_CORE_TAKE, FAKE_START };
struct fake_call {
	uint64_t op;		/* enum fake_op */
	uint64_t arg;		/* core; CID */
	uint64_t debug;
	uint64_t cpus;		/* at the start: a mask */
};
struct fake_answer {
	int64_t	 fault;		/* errno */
	uint64_t value;
};
void fake_vm(int rpc);

/* ne-fake-memory.c: huge pages that the process has. */
struct fake_region {
	char	*at;
	uint64_t size, page;
	int	 node;
	bool	 mapped;
	int	 vm;		/* descriptor of who was given it; -1 */
};
struct fake_region *fake_region_of(const void *at, uint64_t size);
void fake_regions_freed(int vm);

#endif
