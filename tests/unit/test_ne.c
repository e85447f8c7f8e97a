/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_ne.c - enclaves by the device, on an instance that is none
 * (tests/preload/ne-fake.h)
 */
#include "enclave/ne.h"

#include <errno.h>
#include <linux/nitro_enclaves.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/io.h"
#include "enclave/ne_parts.h"
#include "ne_instance.h"
#include "tap.h"

#define EIF_BASE 512u
#define EIF_SIZE (3u * 1048576 + 77)
#define LOAD	 (8u * 1048576)

static struct ne_want want;
static unsigned char eif[EIF_SIZE];

static void make_eif(void)
{
	char path[300];
	unsigned x = 1;

	for (size_t i = 0; i < EIF_SIZE; i++) {
		x = x * 1103515245 + 12345;
		eif[i] = (unsigned char)(x >> 16);
	}
	snprintf(path, sizeof(path), "%s/app.eif", instance);
	want = (struct ne_want){
		.eif = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666),
		.eif_name = "app.eif", .base = EIF_BASE, .size = EIF_SIZE,
		.memory_mib = 64, .cpus = 2,
	};
	if (io_pwrite(want.eif, eif, EIF_SIZE, EIF_BASE) < 0)
		perror(path);
}

static bool is_eif(const char *path)
{
	static unsigned char got[EIF_SIZE];
	char full[300];
	bool same;
	int fd;

	snprintf(full, sizeof(full), "%s/%s", instance, path);
	fd = open(full, O_RDONLY | O_CLOEXEC);
	same = fd >= 0 && io_pread(fd, got, EIF_SIZE, LOAD) == EIF_SIZE &&
	       memcmp(got, eif, EIF_SIZE) == 0;
	/* What is before it, and the byte by which a page was had. */
	same = same && io_pread(fd, got, LOAD / 4, 0) == LOAD / 4;
	for (size_t i = 0; i < LOAD / 4; i++)
		same = same && got[i] == 0;
	close(fd);
	return same;
}

/* The sentence of a call that fails. */
static const char *check_says(const struct ne_want *w)
{
	static struct err e;

	return ne_check(w, &e) < 0 ? e.msg : "fine";
}

static const char *new_says(const struct ne_want *w)
{
	static struct err e;
	struct ne_vm *vm = ne_new(w, &e);
	uint32_t cid;
	const char *text = "fine";

	if (!vm || ne_start(vm, &cid, &e) < 0)
		text = e.msg;
	ne_free(vm);
	return text;
}

static void has(const char *text, const char *part, const char *what)
{
	if (!ok(strstr(text, part) != NULL, what))
		printf("# got      %s\n# without  %s\n", text, part);
}

static void test_life(void)
{
	struct pollfd p = { .events = 0 };
	struct ne_vm *vm;
	uint32_t cid = 0;
	struct err e;

	same_str(check_says(&want), "fine", "the machine has all that it takes");
	vm = ne_new(&want, &e);
	if (!ok(vm != NULL, "it is made"))
		printf("# %s\n", e.msg);
	same_str(get_pages(1, "32768"), "0", "the large pages are taken first");
	same_str(get_pages(1, "2048"), "48", "and small ones for the rest");
	same_str(get_pages(0, "2048"), "64", "none of the other node's");
	ok(ne_memory_mib(vm) == 64, "no more memory than was asked for");
	ok(ne_start(vm, &cid, &e) == 0 && cid == 16, "it is started");
	ok(is_eif("cid-16.memory"), "the EIF is in its memory, at its place");
	same_str(get_file("cid-16.cpus"), "2,6", "its CPUs are a core");
	p.fd = ne_fd(vm);
	ok(poll(&p, 1, 0) == 0, "it runs");
	ne_free(vm);
	same_str(get_pages(1, "32768"), "1", "its pages are given back");
	same_str(get_pages(1, "2048"), "64", "all of them");
	same_str(get_file("cid-16/pid"), "", "and it is gone");
}

static void test_hang_up(void)
{
	struct pollfd p = { .events = 0 };
	struct ne_vm *vm;
	uint32_t cid = 0;
	struct err e;

	setenv("NE_FAKE_RUN", "exit 0", 1);
	vm = ne_new(&want, &e);
	ok(vm && ne_start(vm, &cid, &e) == 0, "an enclave that ends by itself");
	p.fd = ne_fd(vm);
	ok(poll(&p, 1, 10000) == 1 && p.revents & POLLHUP, "is heard to end");
	ne_free(vm);
	setenv("NE_FAKE_RUN", "sleep 600", 1);
}

static void test_two(void)
{
	struct ne_want other = want;
	struct ne_vm *a, *b;
	uint32_t cid = 0;
	struct err e;

	other.memory_mib = 65;
	other.cid = 20;
	put_pages(1, "2048", "100");
	a = ne_new(&want, &e);
	b = ne_new(&other, &e);
	ok(a && b, "two at once");
	ok(ne_start(b, &cid, &e) == 0 && cid == 20, "a CID that is wanted");
	ok(ne_memory_mib(b) == 66, "whole regions of 2 MiB");
	has(new_says(&want), "NE_ERR_NO_CPUS_AVAIL_IN_POOL",
	    "there is no core for a third");
	ne_free(a);
	other.memory_mib = 64;
	has(new_says(&other), "whose CID another one may have",
	    "a CID that is taken");
	ne_free(b);
	put_pages(1, "2048", "64");
}

/* As many, of which size. */
static void plan_is(uint64_t mib, const char *want_plan, const char *what)
{
	struct ne_pool pool = { .node = 1, .many_nodes = true };
	struct ne_pages pages[NE_PAGES_MAX];
	char text[128] = "";
	size_t n = 0, len = 0;
	struct err e;

	if (ne_pages_plan(&pool, mib * NE_MIB, pages, &n, &e) < 0)
		snprintf(text, sizeof(text), "none");
	else
		for (size_t i = 0; i < n; i++)
			len += (size_t)snprintf(text + len, sizeof(text) - len,
				"%llux%llu ",
				(unsigned long long)pages[i].take,
				(unsigned long long)(pages[i].size / NE_MIB));
	same_str(text, want_plan, what);
}

static void test_plans(void)
{
	put_pages(1, "1048576", "2");
	plan_is(64, "0x1024 1x32 16x2 ", "small ones, as they are there");
	plan_is(1024, "1x1024 0x32 0x2 ", "a large one");
	plan_is(1056, "1x1024 1x32 0x2 ", "the next for the rest");
	plan_is(1500, "2x1024 0x32 0x2 ",
		"one more large one makes the small ones superfluous");
	plan_is(2200, "2x1024 1x32 60x2 ", "all kinds");
	plan_is(2210, "none", "more than there is");
	put_pages(1, "1048576", NULL);
	plan_is(160, "0x1024 1x32 64x2 ", "all there is");
	put_pages(1, "2048", "0");
	plan_is(2, "0x1024 1x32 0x2 ", "too large, where there is nothing smaller");
	put_pages(1, "2048", "64");
}

static void test_numbers(void)
{
	struct ne_want w = want;

	w.memory_mib = 63;
	has(check_says(&w), "63 MiB of memory are too few", "too little memory");
	w.memory_mib = UINT64_MAX;
	has(check_says(&w), "more than an instance has", "too much of it");
	w = want;
	w.cpus = 3;
	has(check_says(&w), "a core of this machine is 2 CPUs: ask for 4",
	    "half a core");
	w.cpus = 0;
	has(check_says(&w), "1 CPU or more", "no CPU");
	w.cpus = 6;
	has(check_says(&w), "takes 6 CPUs and 4 are set aside",
	    "more CPUs than the pool has");
	w = want;
	w.cid = 3;
	has(check_says(&w), "CID is 4 or more, not 3", "a CID that none has");
	w.cid = UINT32_MAX;
	has(check_says(&w), "CID is 4 or more", "nor that");
}

static void test_machine(void)
{
	struct ne_want w = want;
	struct err e;

	w.memory_mib = 256;
	has(check_says(&w), "takes 256 MiB of huge pages and 160 MiB are free on NUMA node 1, where the CPU pool is; there are 128 MiB on node 0: end another enclave, or set memory_mib in '/etc/nitro_enclaves/allocator.yaml'",
	    "too few huge pages");
	put_file(POOL_FILE, "");
	has(check_says(&want), "no CPUs are set aside for enclaves: set cpu_count in",
	    "an empty pool");
	put_file(POOL_FILE, "7-2");
	has(check_says(&want), "has no list of CPUs", "a pool that is no list");
	put_file(POOL_FILE, NULL);
	has(check_says(&want), "modprobe nitro_enclaves", "no driver");
	put_file("dev/nitro_enclaves", NULL);
	ok(ne_available(&e) < 0, "no device");
	has(e.msg, "'/dev/nitro_enclaves' is not there: this takes an EC2 instance",
	    "and why");
	put_file(POOL_FILE, "2-3,6-7");
	ok(ne_available(&e) < 0, "no device in a container");
	has(e.msg, "--device /dev/nitro_enclaves", "and how to have it");
	put_file("dev/nitro_enclaves", "");
	setenv("NE_FAKE_FAIL", "OPEN:13", 1);
	ok(ne_available(&e) < 0, "a device that we may not open");
	has(e.msg, "usermod -aG ne", "and how we may");
	unsetenv("NE_FAKE_FAIL");
	ok(ne_available(&e) == 0, "all is well again");
}

/* What a look before did not show. */
static void test_late(void)
{
	struct ne_want w = want;

	w.size = 57u << 20;
	has(new_says(&w), "does not fit", "an EIF larger than its memory");
	w.size = EIF_SIZE + 1;
	has(new_says(&w), "'app.eif' ends early", "a file that is shorter");
	setenv("NE_FAKE_NO_MBIND", "1", 1);
	has(new_says(&want), "CAP_SYS_NICE",
	    "a container whose memory came from the wrong node");
	unsetenv("NE_FAKE_NO_MBIND");
	setenv("NE_FAKE_REGIONS", "1", 1);
	has(new_says(&want), "NE_ERR_MEM_MAX_REGIONS", "too many pieces");
	unsetenv("NE_FAKE_REGIONS");
	same_str(get_pages(1, "2048"), "64", "whatever fails, nothing is kept");
	same_str(new_says(&want), "fine", "and the next one starts");
}

static void test_errors(void)
{
	static const char *const calls[] = { "CREATE_VM", "IMAGE_LOAD_INFO",
		"SET_MEMORY", "ADD_VCPU", "START" };
	char said[32][1024], fail[64];
	size_t n = 0;

	for (int i = 256; i <= 275; i++) {
		snprintf(fail, sizeof(fail), "%s:%d",
			 calls[(size_t)i % ARRAY_SIZE(calls)], i);
		setenv("NE_FAKE_FAIL", fail, 1);
		snprintf(said[n], sizeof(said[n]), "%s", new_says(&want));
		has(said[n], "(NE_ERR_", fail);
		ok(strstr(said[n], "Unknown error") == NULL, "a sentence");
		for (size_t k = 0; k < n; k++)
			if (strcmp(strchr(said[k], ':'),
				   strchr(said[n], ':')) == 0)
				ok(0, "of its own");
		n++;
	}
	setenv("NE_FAKE_FAIL", "START:5", 1);
	same_str(new_says(&want), "cannot start the enclave: Input/output error",
		 "an error of the hypervisor");
	unsetenv("NE_FAKE_FAIL");
}

/* The kernel gives everything back when we are gone. */
static void test_killed(void)
{
	pid_t pid = fork();
	int i;

	if (pid == 0) {
		struct err e;
		uint32_t cid;
		static struct ne_vm *vm;

		vm = ne_new(&want, &e);
		if (!vm || ne_start(vm, &cid, &e) < 0)
			_exit(1);
		raise(SIGKILL);
	}
	waitpid(pid, NULL, 0);
	for (i = 0; i < 1000 && (strcmp(get_pages(1, "2048"), "64") != 0 ||
				 strcmp(get_pages(1, "32768"), "1") != 0 ||
				 *get_file("cid-16/pid")); i++)
		poll(NULL, 0, 10);
	ok(i < 1000, "killed, it leaves no page and no enclave");
}

int main(void)
{
	make_instance();
	make_eif();
	setenv("NE_FAKE_RUN", "sleep 600", 1);
	setenv("NE_FAKE_SILENT", "1", 1);
	test_life();
	test_hang_up();
	test_two();
	test_plans();
	test_numbers();
	test_machine();
	test_late();
	test_errors();
	test_killed();
	close(want.eif);
	remove_instance();
	return tap_done();
}
