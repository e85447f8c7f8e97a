/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ne-fake-driver.c - /dev/nitro_enclaves, and what its calls check
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/nitro_enclaves.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ne-fake.h"

#define VMS	    4
#define LOAD_OFFSET (8 * FAKE_MIB)
#define GRAIN	    (2 * FAKE_MIB)
#define BLOCK	    65536u

static struct vm {
	int	 fd;		/* the enclave's descriptor; 0: none */
	int	 rpc;		/* to its hypervisor */
	pid_t	 hypervisor, owner;
	bool	 started;
	uint64_t cores, cpus;	/* masks */
	uint64_t memory;
	unsigned regions;
	int	 dump;
} vms[VMS];

/* NE_FAKE_FAIL: 0 or an errno. */
int fake_injected(const char *what)
{
	static const char *const names[] = {
		"NE_ERR_VCPU_ALREADY_USED", "NE_ERR_VCPU_NOT_IN_CPU_POOL",
		"NE_ERR_VCPU_INVALID_CPU_CORE",
		"NE_ERR_INVALID_MEM_REGION_SIZE",
		"NE_ERR_INVALID_MEM_REGION_ADDR",
		"NE_ERR_UNALIGNED_MEM_REGION_ADDR",
		"NE_ERR_MEM_REGION_ALREADY_USED", "NE_ERR_MEM_NOT_HUGE_PAGE",
		"NE_ERR_MEM_DIFFERENT_NUMA_NODE", "NE_ERR_MEM_MAX_REGIONS",
		"NE_ERR_NO_MEM_REGIONS_ADDED", "NE_ERR_NO_VCPUS_ADDED",
		"NE_ERR_ENCLAVE_MEM_MIN_SIZE", "NE_ERR_FULL_CORES_NOT_USED",
		"NE_ERR_NOT_IN_INIT_STATE", "NE_ERR_INVALID_VCPU",
		"NE_ERR_NO_CPUS_AVAIL_IN_POOL", "NE_ERR_INVALID_PAGE_SIZE",
		"NE_ERR_INVALID_FLAG_VALUE", "NE_ERR_INVALID_ENCLAVE_CID",
	};
	const char *fail = getenv("NE_FAKE_FAIL");
	size_t len = strlen(what);

	if (!fail || strncmp(fail, what, len) != 0 || fail[len] != ':')
		return 0;
	fail += len + 1;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(fail, names[i]) == 0)
			return NE_ERR_VCPU_ALREADY_USED + (int)i;
	return (int)strtol(fail, NULL, 10);
}

static struct vm *vm_of(int fd)
{
	for (int i = 0; i < VMS; i++)
		if (vms[i].fd == fd && fd > 0)
			return &vms[i];
	return NULL;
}

static int real_close(int fd)
{
	int (*next)(int) = fake_next("close");

	return next(fd);
}

void fake_vm_closed(int fd)
{
	struct vm *vm = vm_of(fd);
	char byte;

	if (!vm)
		return;
	shutdown(vm->rpc, SHUT_WR);
	while (recv(vm->rpc, &byte, 1, 0) > 0)
		;
	waitpid(vm->hypervisor, NULL, 0);
	real_close(vm->rpc);
	if (vm->dump >= 0)
		real_close(vm->dump);
	fake_regions_freed(fd);
	*vm = (struct vm){ .fd = 0 };
}

void fake_vms_forget(void)
{
	memset(vms, 0, sizeof(vms));
}

static int ask(struct vm *vm, struct fake_call c, __u64 *value)
{
	struct fake_answer a;

	if (send(vm->rpc, &c, sizeof(c), MSG_NOSIGNAL) != sizeof(c) ||
	    recv(vm->rpc, &a, sizeof(a), 0) != sizeof(a))
		return EIO;
	if (value)
		*value = a.value;
	return (int)a.fault;
}

/* A list of CPUs as a mask. */
static uint64_t mask_of(const char *path)
{
	char text[512], *p = text;
	uint64_t mask = 0;

	fake_text(text, sizeof(text), path);
	while (*p >= '0' && *p <= '9') {
		unsigned long from = strtoul(p, &p, 10), to = from;

		if (*p == '-')
			to = strtoul(p + 1, &p, 10);
		for (; from <= to && from < FAKE_CPUS; from++)
			mask |= UINT64_C(1) << from;
		p += *p == ',';
	}
	return mask;
}

static uint64_t pool(void)
{
	return mask_of("sys/module/nitro_enclaves/parameters/ne_cpus");
}

static unsigned threads(void)
{
	uint64_t first = mask_of("sys/devices/system/cpu/cpu0/topology/thread_siblings_list");

	return first ? (unsigned)__builtin_popcountll(first) : 1;
}

static unsigned cores(void)
{
	uint64_t all = mask_of("sys/devices/system/cpu/possible");

	return (unsigned)__builtin_popcountll(all) / threads();
}

/* As EC2 numbers them: 0 and N/2 are siblings. */
static uint64_t threads_of(unsigned core)
{
	uint64_t mask = 0;

	for (unsigned i = 0; i < threads(); i++)
		mask |= UINT64_C(1) << (core + i * cores());
	return mask & pool();
}

/* The other end of the descriptor is the enclave's: when that is closed there
 * is EPOLLHUP. */
static int hand_over(struct vm *vm, int fd)
{
	char byte = 0;
	struct iovec io = { &byte, 1 };
	char room[CMSG_SPACE(sizeof(int))] = "";
	struct msghdr msg = { .msg_iov = &io, .msg_iovlen = 1,
			      .msg_control = room,
			      .msg_controllen = sizeof(room) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	*c = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
			       .cmsg_type = SCM_RIGHTS,
			       .cmsg_len = CMSG_LEN(sizeof(int)) };
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	return sendmsg(vm->rpc, &msg, 0) < 0 ? errno : 0;
}

static int create_vm(__u64 *slot)
{
	int pair[2], fault = fake_injected("CREATE_VM");
	struct vm *vm;
	uint64_t any = 1;

	for (vm = vms; vm < vms + VMS && vm->fd; vm++)
		;
	if (vm == vms + VMS)
		return -ENOSPC;
	if (fault)
		return -fault;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	*vm = (struct vm){ .fd = pair[0], .owner = getpid(), .dump = -1 };
	vm->rpc = fake_spawn(fake_vm, &vm->hypervisor);
	for (unsigned c = 0; c < cores() && any; c++)
		if (threads_of(c))
			any = (uint64_t)ask(vm, (struct fake_call){
				.op = FAKE_CORE_FREE, .arg = c }, NULL);
	fault = any ? NE_ERR_NO_CPUS_AVAIL_IN_POOL :
		ask(vm, (struct fake_call){ .op = FAKE_SLOT }, slot);
	if (fault == 0)
		fault = hand_over(vm, pair[1]);
	real_close(pair[1]);
	if (fault) {
		close(pair[0]);
		return -fault;
	}
	return vm->fd;
}

static int take_core(struct vm *vm, unsigned core)
{
	int fault = ask(vm, (struct fake_call){ .op = FAKE_CORE_TAKE,
						.arg = core }, NULL);

	if (fault == 0)
		vm->cores |= threads_of(core);
	return fault;
}

static int any_cpu(struct vm *vm, __u32 *cpu)
{
	uint64_t left = vm->cores & ~vm->cpus;

	for (unsigned c = 0; c < cores() && !left; c++)
		if (threads_of(c) && !(vm->cores & threads_of(c)) &&
		    take_core(vm, c) == 0)
			left = threads_of(c);
	if (!left)
		return -NE_ERR_NO_CPUS_AVAIL_IN_POOL;
	*cpu = (__u32)__builtin_ctzll(left);
	return 0;
}

static int add_vcpu(struct vm *vm, __u32 *cpu)
{
	int ret = 0;

	if (vm->started)
		return -NE_ERR_NOT_IN_INIT_STATE;
	if (*cpu >= cores() * threads())
		return -NE_ERR_INVALID_VCPU;
	if (*cpu == 0)
		ret = any_cpu(vm, cpu);
	else if (vm->cpus >> *cpu & 1)
		ret = -NE_ERR_VCPU_ALREADY_USED;
	else if (!(vm->cores >> *cpu & 1) &&
		 (!(pool() >> *cpu & 1) || take_core(vm, *cpu % cores()) != 0))
		ret = -NE_ERR_VCPU_NOT_IN_CPU_POOL;
	if (ret < 0)
		return ret;
	if (vm->owner != getpid())
		return -EIO;
	vm->cpus |= UINT64_C(1) << *cpu;
	return 0;
}

static int load_info(struct vm *vm, struct ne_image_load_info *info)
{
	if (vm->started)
		return -NE_ERR_NOT_IN_INIT_STATE;
	if (info->flags != NE_EIF_IMAGE)
		return -NE_ERR_INVALID_FLAG_VALUE;
	info->memory_offset = LOAD_OFFSET;
	return 0;
}

/* The node of the pool is where the link of its first CPU leads. */
static int pool_node(void)
{
	char path[FAKE_PATH];

	for (int node = 0; node < 8 && pool(); node++) {
		fake_path(path, "sys/devices/system/cpu/cpu%d/node%d",
			  __builtin_ctzll(pool()), node);
		if (access(path, F_OK) == 0)
			return node;
	}
	return 0;
}

/* All of it that is not zero, behind what the enclave has already. */
static void dump(struct vm *vm, const char *at, uint64_t size)
{
	static const char zero[BLOCK];
	char path[FAKE_PATH];

	if (vm->dump < 0) {
		fake_path(path, "memory.%d.%d", (int)getpid(), vm->fd);
		vm->dump = fake_open(AT_FDCWD, path,
				     O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC,
				     0666);
	}
	for (uint64_t i = 0; i < size; i += BLOCK)
		if (memcmp(at + i, zero, BLOCK) != 0 &&
		    pwrite(vm->dump, at + i, BLOCK,
			   (off_t)(vm->memory + i)) != BLOCK)
			abort();
	if (ftruncate(vm->dump, (off_t)(vm->memory + size)) < 0)
		abort();
}

static int set_memory(struct vm *vm, const struct ne_user_memory_region *m)
{
	const char *max = getenv("NE_FAKE_REGIONS");
	char *at = (char *)(uintptr_t)m->userspace_addr;
	struct fake_region *r;

	if (m->flags != NE_DEFAULT_MEMORY_REGION)
		return -NE_ERR_INVALID_FLAG_VALUE;
	if (vm->started)
		return -NE_ERR_NOT_IN_INIT_STATE;
	if (vm->owner != getpid())
		return -EIO;
	if (m->memory_size % GRAIN != 0)
		return -NE_ERR_INVALID_MEM_REGION_SIZE;
	if (m->userspace_addr % GRAIN != 0)
		return -NE_ERR_UNALIGNED_MEM_REGION_ADDR;
	r = fake_region_of(at, m->memory_size);
	if (!r)
		return -NE_ERR_MEM_NOT_HUGE_PAGE;
	if (r->vm >= 0)
		return -NE_ERR_MEM_REGION_ALREADY_USED;
	if (r->page % GRAIN != 0)
		return -NE_ERR_INVALID_PAGE_SIZE;
	if (r->node != pool_node())
		return -NE_ERR_MEM_DIFFERENT_NUMA_NODE;
	if (++vm->regions > (max ? strtoul(max, NULL, 10) : 64))
		return -NE_ERR_MEM_MAX_REGIONS;
	dump(vm, at, m->memory_size);
	vm->memory += m->memory_size;
	r->vm = vm->fd;
	/* The machine does not have it any more. */
	return mprotect(at, m->memory_size, PROT_NONE);
}

static int start_vm(struct vm *vm, struct ne_enclave_start_info *s)
{
	char from[FAKE_PATH], to[FAKE_PATH];
	int fault;

	if (s->flags > NE_ENCLAVE_DEBUG_MODE)
		return -NE_ERR_INVALID_FLAG_VALUE;
	if ((s->enclave_cid > 0 && s->enclave_cid < 4) ||
	    s->enclave_cid >= UINT32_MAX)
		return -NE_ERR_INVALID_ENCLAVE_CID;
	if (vm->started)
		return -NE_ERR_NOT_IN_INIT_STATE;
	if (vm->regions == 0)
		return -NE_ERR_NO_MEM_REGIONS_ADDED;
	if (vm->memory < 64 * FAKE_MIB)
		return -NE_ERR_ENCLAVE_MEM_MIN_SIZE;
	if (vm->cpus == 0)
		return -NE_ERR_NO_VCPUS_ADDED;
	if (vm->cores & ~vm->cpus)
		return -NE_ERR_FULL_CORES_NOT_USED;
	fault = ask(vm, (struct fake_call){
		.op = FAKE_START, .arg = s->enclave_cid,
		.debug = s->flags == NE_ENCLAVE_DEBUG_MODE,
		.cpus = vm->cpus }, &s->enclave_cid);
	if (fault)
		return -fault;
	vm->started = true;
	fake_path(from, "memory.%d.%d", (int)getpid(), vm->fd);
	fake_path(to, "cid-%u.memory", (unsigned)s->enclave_cid);
	return rename(from, to);
}

static int of_vm(struct vm *vm, unsigned long request, void *arg)
{
	static const struct {
		unsigned long request;
		const char   *name;
	} names[] = {
		{ NE_ADD_VCPU, "ADD_VCPU" },
		{ NE_GET_IMAGE_LOAD_INFO, "IMAGE_LOAD_INFO" },
		{ NE_SET_USER_MEMORY_REGION, "SET_MEMORY" },
		{ NE_START_ENCLAVE, "START" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].request == request && fake_injected(names[i].name))
			return -fake_injected(names[i].name);
	switch (request) {
	case NE_ADD_VCPU:
		return add_vcpu(vm, arg);
	case NE_GET_IMAGE_LOAD_INFO:
		return load_info(vm, arg);
	case NE_SET_USER_MEMORY_REGION:
		return set_memory(vm, arg);
	case NE_START_ENCLAVE:
		return start_vm(vm, arg);
	}
	return -ENOTTY;
}

int ioctl(int fd, unsigned long request, ...)
{
	int (*next)(int, unsigned long, ...) = fake_next("ioctl");
	struct vm *vm = vm_of(fd);
	va_list ap;
	void *arg;
	int ret;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (vm)
		ret = of_vm(vm, request, arg);
	else if (fd >= 0 && fd == fake_device && request == NE_CREATE_VM)
		ret = create_vm(arg);
	else
		return next(fd, request, arg);
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}
