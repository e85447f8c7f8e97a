/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ne.c - an enclave by /dev/nitro_enclaves, from its slot to its end
 *
 * The driver takes all of it from one process, and gives it all back when the
 * enclave's descriptor is closed: by us, or by the kernel when we are gone.
 */
#include "enclave/ne.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/nitro_enclaves.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "enclave/ne_parts.h"

struct ne_vm {
	int		 fd;		/* of the driver's; -1: none */
	struct ne_memory memory;
	uint32_t	 cid;		/* wanted */
	bool		 debug;
};

static void vm_cleanup(struct ne_vm **vm)
{
	ne_free(*vm);
}

static int not_there(struct err *e)
{
	if (ne_driver_is_loaded())
		return err_set(e, ERR_SYS,
			       "'" NE_DEVICE "' is not there, and its driver is: start this container with '--device " NE_DEVICE "'");
	return err_set(e, ERR_SYS,
		       "'" NE_DEVICE "' is not there: this takes an EC2 instance that was started with enclaves enabled, and its driver: run 'modprobe nitro_enclaves'");
}

/* Who may: O_PATH needs no permission. */
static int not_allowed(struct err *e)
{
	AUTO_CLOSE int fd = open(NE_DEVICE, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		errno = EACCES;
		return err_sys(e, "cannot open '" NE_DEVICE "'");
	}
	return err_set(e, ERR_SYS,
		       "not allowed to open '" NE_DEVICE "': it is user %u's and group %u's (mode %04o): be in its group, which is 'ne' on most systems: run 'usermod -aG ne USER' and log in again; a container needs '--device " NE_DEVICE "' and '--group-add %u'",
		       st.st_uid, st.st_gid, st.st_mode & 07777, st.st_gid);
}

static bool is_absent(int error)
{
	return error == ENOENT || error == ENODEV || error == ENXIO;
}

static int open_device(struct err *e)
{
	int fd = open(NE_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (is_absent(errno))
		return not_there(e);
	if (errno == EACCES || errno == EPERM)
		return not_allowed(e);
	return err_sys(e, "cannot open '" NE_DEVICE "'");
}

int ne_available(struct err *e)
{
	AUTO_CLOSE int fd = open_device(e);

	return fd < 0 ? -1 : 0;
}

bool ne_is_there(void)
{
	AUTO_CLOSE int fd = open(NE_DEVICE, O_RDWR | O_CLOEXEC);

	return fd >= 0 || !is_absent(errno);
}

static int check_memory(const struct ne_want *w, struct err *e)
{
	if (w->memory_mib < NE_MEMORY_MIN_MIB)
		return err_set(e, ERR_USAGE,
			       "%" PRIu64 " MiB of memory are too few: an enclave has at least %u MiB",
			       w->memory_mib, NE_MEMORY_MIN_MIB);
	if (w->memory_mib > NE_MEMORY_MAX_MIB)
		return err_set(e, ERR_USAGE,
			       "%" PRIu64 " MiB of memory are more than an instance has",
			       w->memory_mib);
	return 0;
}

static int check_cpus(const struct ne_want *w, const struct ne_pool *p,
		      struct err *e)
{
	if (w->cpus == 0 || w->cpus > NE_CPUS_MAX)
		return err_set(e, ERR_USAGE,
			       "an enclave has 1 CPU or more, not %u", w->cpus);
	if (w->cpus % p->threads != 0)
		return err_set(e, ERR_USAGE,
			       "an enclave cannot have %u CPUs: it gets whole cores, and a core of this machine is %u CPUs: ask for %u",
			       w->cpus, p->threads,
			       (w->cpus / p->threads + 1) * p->threads);
	if (w->cpus > p->cpus)
		return err_set(e, ERR_SYS,
			       "the enclave takes %u CPUs and %u are set aside for enclaves: "
			       NE_ALLOCATOR("cpu_count"), w->cpus, p->cpus);
	return 0;
}

static int check_want(const struct ne_want *w, const struct ne_pool *p,
		      struct err *e)
{
	if (w->cid != 0 && (w->cid < NE_CID_MIN || w->cid > NE_CID_MAX))
		return err_set(e, ERR_USAGE,
			       "an enclave's CID is %u or more, not %" PRIu32,
			       NE_CID_MIN, w->cid);
	return check_memory(w, e) < 0 || check_cpus(w, p, e) < 0 ? -1 : 0;
}

int ne_check(const struct ne_want *w, struct err *e)
{
	struct ne_pages pages[NE_PAGES_MAX];
	struct ne_pool pool;
	size_t n;

	if (ne_available(e) < 0 || ne_pool_read(&pool, e) < 0 ||
	    check_want(w, &pool, e) < 0)
		return -1;
	return ne_pages_plan(&pool, ne_bytes(w), pages, &n, e);
}

/* All calls of the driver, which may be interrupted before they begin. */
static int call(int fd, unsigned long request, void *arg)
{
	int ret;

	do
		ret = ioctl(fd, request, arg);
	while (ret < 0 && errno == EINTR);
	return ret;
}

static int create(struct ne_vm *vm, struct err *e)
{
	AUTO_CLOSE int device = open_device(e);
	__u64 slot = 0;

	if (device < 0)
		return -1;
	vm->fd = call(device, NE_CREATE_VM, &slot);
	return vm->fd < 0 ? ne_fault(e, "make an enclave, of which an instance has four at most") : 0;
}

static int give_memory(struct ne_vm *vm, const struct ne_pool *p,
		       const struct ne_want *w, struct err *e)
{
	struct ne_image_load_info load = { .flags = NE_EIF_IMAGE };

	if (call(vm->fd, NE_GET_IMAGE_LOAD_INFO, &load) < 0)
		return ne_fault(e, "ask where the EIF goes");
	if (ne_memory_take(&vm->memory, p, w, e) < 0 ||
	    ne_memory_fill(&vm->memory, load.memory_offset, w, e) < 0)
		return -1;
	for (size_t i = 0; i < vm->memory.n; i++) {
		struct ne_user_memory_region region = {
			.flags = NE_DEFAULT_MEMORY_REGION,
			.memory_size = vm->memory.regions[i].size,
			.userspace_addr = (uintptr_t)vm->memory.regions[i].at,
		};

		if (call(vm->fd, NE_SET_USER_MEMORY_REGION, &region) < 0)
			return ne_fault(e, "give memory to the enclave");
	}
	return 0;
}

/* 0 is any of the pool: the driver goes on with the siblings of what it gave
 * and takes a new core then, so whole cores come out of it where the number is
 * right.  To name them here would be a guess: see ne_pool.c, and who else
 * starts an enclave at this moment. */
static int give_cpus(struct ne_vm *vm, const struct ne_pool *p,
		     const struct ne_want *w, struct err *e)
{
	for (unsigned i = 0; i < w->cpus; i++) {
		__u32 cpu = 0;

		if (call(vm->fd, NE_ADD_VCPU, &cpu) == 0)
			continue;
		if (errno != NE_ERR_NO_CPUS_AVAIL_IN_POOL)
			return ne_fault(e, "give a CPU to the enclave");
		return err_set(e, ERR_SYS,
			       "the enclave takes %u CPUs and %u are free of the %u that are set aside for enclaves: end another enclave, or "
			       NE_ALLOCATOR("a larger cpu_count")
			       " (NE_ERR_NO_CPUS_AVAIL_IN_POOL)",
			       w->cpus, i, p->cpus);
	}
	return 0;
}

struct ne_vm *ne_new(const struct ne_want *w, struct err *e)
{
	AUTO(vm_cleanup) struct ne_vm *vm = xcalloc(1, sizeof(*vm));
	struct ne_pool pool;

	vm->fd = -1;
	vm->cid = w->cid;
	vm->debug = w->debug;
	if (ne_pool_read(&pool, e) < 0 || check_want(w, &pool, e) < 0 ||
	    create(vm, e) < 0 || give_memory(vm, &pool, w, e) < 0 ||
	    give_cpus(vm, &pool, w, e) < 0)
		return NULL;
	return steal_ptr(&vm);
}

int ne_start(struct ne_vm *vm, uint32_t *cid, struct err *e)
{
	struct ne_enclave_start_info start = {
		.flags = vm->debug ? NE_ENCLAVE_DEBUG_MODE :
				     NE_ENCLAVE_PRODUCTION_MODE,
		.enclave_cid = vm->cid,
	};

	if (call(vm->fd, NE_START_ENCLAVE, &start) < 0)
		return ne_fault(e, vm->cid ?
				"start the enclave, whose CID another one may have" :
				"start the enclave");
	if (start.enclave_cid < NE_CID_MIN || start.enclave_cid > NE_CID_MAX)
		return err_set(e, ERR_SYS,
			       "the driver started the enclave with a CID that none has: %llu",
			       (unsigned long long)start.enclave_cid);
	*cid = (uint32_t)start.enclave_cid;
	return 0;
}

int ne_fd(const struct ne_vm *vm)
{
	return vm->fd;
}

uint64_t ne_memory_mib(const struct ne_vm *vm)
{
	return vm->memory.size / NE_MIB;
}

void ne_free(struct ne_vm *vm)
{
	if (!vm)
		return;
	/* First the enclave: its memory is not ours until it has ended. */
	if (vm->fd >= 0)
		close(vm->fd);
	ne_memory_release(&vm->memory);
	free(vm);
}
