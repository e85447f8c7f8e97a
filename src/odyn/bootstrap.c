/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bootstrap.c - what an enclave lacks when its kernel has started
 */
#include "odyn/bootstrap.h"

#include <fcntl.h>
#include <linux/random.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/cleanup.h"
#include "enclave/loopback.h"
#include "enclave/nsm.h"
#include "odyn/console.h"

#define SEED_LEN 256		/* what the NSM gives at once */

/* A write(2) would mix it in and credit nothing: random(4), RNDADDENTROPY. */
static int seed(int nsm, struct err *e)
{
	/* struct rand_pool_info with room for its bytes. */
	struct {
		int entropy_count, buf_size;
		unsigned char bytes[SEED_LEN];
	} s = { .entropy_count = 8 * SEED_LEN, .buf_size = SEED_LEN };
	AUTO_CLOSE int fd = open("/dev/random", O_RDONLY | O_CLOEXEC);
	int ret;

	_Static_assert(offsetof(struct rand_pool_info, buf) ==
		       2 * sizeof(int), "the kernel has it otherwise");
	ret = nsm_random(nsm, s.bytes, sizeof(s.bytes), e);

	if (ret == 0 && (fd < 0 || ioctl(fd, RNDADDENTROPY, &s) < 0))
		ret = err_sys(e, "cannot seed the random number generator");
	explicit_bzero(&s, sizeof(s));
	return ret;
}

void bootstrap(int nsm)
{
	struct err e;

	if (loopback_up(&e) < 0)
		console_say("%s", e.msg);
	if (nsm >= 0 && seed(nsm, &e) < 0)
		console_say("%s", e.msg);
}

bool bootstrap_has_console(int nsm)
{
	static const unsigned char zeros[NSM_PCR_MAX];
	struct nsm_pcr pcr;
	struct err e;

	return nsm < 0 || nsm_describe_pcr(nsm, 0, &pcr, &e) < 0 ||
	       memcmp(pcr.value, zeros, pcr.len) == 0;
}
