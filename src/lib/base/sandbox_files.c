/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_files.c - the files that a program may still open, by Landlock, and
 * the TCP ports
 *
 * linux/Documentation/userspace-api/landlock.rst.  Each version of its ABI
 * knows more kinds of access; what a kernel does not know it does not
 * restrict, and sandbox_calls.c refuses most of it anyway.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/landlock.h>

#include "base/sandbox_parts.h"

/* What the headers of Linux 6.1 lack. */
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)		/* ABI 2 */
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)	/* ABI 3 */
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)	/* ABI 5 */
#endif
#ifndef LANDLOCK_ACCESS_NET_BIND_TCP
#define LANDLOCK_ACCESS_NET_BIND_TCP	(1ULL << 0)	/* ABI 4 */
#define LANDLOCK_ACCESS_NET_CONNECT_TCP (1ULL << 1)
#endif
#ifndef LANDLOCK_SCOPE_SIGNAL
#define LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)	/* ABI 6 */
#define LANDLOCK_SCOPE_SIGNAL		    (1ULL << 1)
#endif

#define RULE_NET_PORT 2		/* LANDLOCK_RULE_NET_PORT, an enumerator */

/* struct landlock_ruleset_attr, which older headers have the head of; older
 * kernels take a longer one whose tail is zero. */
struct ruleset {
	uint64_t files, net, scopes;
};

/* struct landlock_net_port_attr: ABI 4. */
struct port_rule {
	uint64_t access, port;
};

#define FIRST_FILES ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)
#define READ	    (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define PUBLISH	    (LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE)
#define CHANGE	    (READ | PUBLISH | LANDLOCK_ACCESS_FS_WRITE_FILE | \
		     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REFER | \
		     LANDLOCK_ACCESS_FS_TRUNCATE)
/* Of the above, what there is of a file and not of a folder. */
#define OF_FILE	    (LANDLOCK_ACCESS_FS_READ_FILE | \
		     LANDLOCK_ACCESS_FS_WRITE_FILE | \
		     LANDLOCK_ACCESS_FS_TRUNCATE)

static const uint64_t access_of[] = {
	[SANDBOX_READ] = READ,
	[SANDBOX_CHANGE] = CHANGE,
	[SANDBOX_PUBLISH] = PUBLISH,
	[SANDBOX_EMPTY] = LANDLOCK_ACCESS_FS_REMOVE_DIR,
};

/* What the C library and sanitizers look at, late and in every program; it
 * tells of the machine's size and of ourselves alone. */
static const char *const always[] = {
	"/sys/devices/system/cpu/online",	/* how many threads to start */
	SANDBOX_SANITIZED ? "/proc/self" : NULL,
};

/* All that this ABI can restrict. */
static struct ruleset restrictable(long abi, const struct sandbox *s)
{
	struct ruleset r = { .files = FIRST_FILES };

	if (abi >= 2)
		r.files |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		r.files |= LANDLOCK_ACCESS_FS_TRUNCATE;
	if (abi >= 4)
		r.net = LANDLOCK_ACCESS_NET_BIND_TCP;
	if (abi >= 4 && s->net < SANDBOX_NET)
		r.net |= LANDLOCK_ACCESS_NET_CONNECT_TCP;
	if (abi >= 5)
		r.files |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
	if (abi >= 6)
		r.scopes = LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET;
	if (abi >= 6 && !s->signals)
		r.scopes |= LANDLOCK_SCOPE_SIGNAL;
	return r;
}

/* What cannot even be named is passed over: it cannot be opened either. */
static int allow(int ruleset, const struct ruleset *all, const char *path,
		 uint64_t access)
{
	AUTO_CLOSE int fd = open(path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr rule = { .parent_fd = fd };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return 0;
	rule.allowed_access = access & all->files;
	if (!S_ISDIR(st.st_mode))
		rule.allowed_access &= OF_FILE;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
		    &rule, 0) == 0)
		return 0;
	/* A pipe behind /dev/stdin: Landlock leaves those alone. */
	return errno == EBADFD ? 0 : -1;
}

static int allow_ports(int ruleset, const struct ruleset *all,
		       const struct sandbox *s)
{
	struct port_rule rule = { .access = all->net &
					    LANDLOCK_ACCESS_NET_CONNECT_TCP };

	for (size_t i = 0; rule.access && i < s->n_ports; i++) {
		rule.port = s->ports[i];
		if (syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT,
			    &rule, 0) < 0)
			return -1;
	}
	return 0;
}

/* Is there what these rules need?  Below ABI 2 nothing is renamed from one
 * folder into another, which is how a store is written. */
static int check_abi(long abi, const struct sandbox *s, struct err *e)
{
	if (abi < 0 && errno == ENOSYS)
		return err_set(e, ERR_SYS,
			       "the kernel has no Landlock (Linux 5.19 and later can)");
	if (abi < 0 && errno == EOPNOTSUPP)
		return err_set(e, ERR_SYS,
			       "the kernel was booted without Landlock (lsm=landlock,...)");
	if (abi < 0)
		return err_sys(e, "Landlock is refused here, by a container perhaps");
	for (size_t i = 0; i < s->n; i++)
		if (abi < 2 && s->rules[i].access == SANDBOX_CHANGE)
			return err_set(e, ERR_SYS,
				       "the kernel's Landlock is too old to write a store (Linux 5.19 and later can)");
	return 0;
}

static int add_rules(int ruleset, const struct ruleset *all,
		     const struct sandbox *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		if (always[i] && allow(ruleset, all, always[i], READ) < 0)
			return -1;
	for (size_t i = 0; i < s->n; i++)
		if (allow(ruleset, all, s->rules[i].path,
			  access_of[s->rules[i].access]) < 0)
			return -1;
	return allow_ports(ruleset, all, s);
}

int sandbox_files(const struct sandbox *s, struct err *e)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
			   LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset all = restrictable(abi, s);
	AUTO_CLOSE int fd = -1;

	if (check_abi(abi, s, e) < 0)
		return -1;
	fd = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);
	if (fd < 0 || add_rules(fd, &all, s) < 0 ||
	    syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		return err_sys(e, "Landlock does not do as it should");
	return 0;
}
