/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe.c - looks at an enclave from inside: "probe pcrs", "probe xattr FILE
 * NAME", "probe random", "probe socket FAMILY", "probe uring", "probe keys",
 * "probe euid", "probe immortal MARK"
 *
 * Static, and with nothing of the product in it: a second opinion.  The device
 * is that of linux/nsm.h, the CBOR is made and read by hand.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <linux/keyctl.h>

#define PCR_LEN 48

struct raw {
	struct iovec request, response;
};

static void hex(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		printf("%02x", data[i]);
	putchar('\n');
}

/* {"DescribePCR": {"index": n}} → {"DescribePCR": {"lock": …, "data": …}} */
static int pcr(int fd, uint8_t index)
{
	static const uint8_t head[] = "\xa1\x6b" "DescribePCR" "\xa1\x65"
				      "index";
	static const uint8_t data[] = "\x64" "data" "\x58\x30";
	uint8_t request[sizeof(head)], response[512];
	struct raw raw = { { request, sizeof(request) },
			   { response, sizeof(response) } };
	const uint8_t *at;
	size_t left;

	memcpy(request, head, sizeof(head) - 1);
	request[sizeof(head) - 1] = index;
	if (ioctl(fd, _IOWR(0x0a, 0, struct raw), &raw) < 0) {
		perror("probe: NSM");
		return 1;
	}
	at = memmem(response, raw.response.iov_len, data, sizeof(data) - 1);
	left = at ? raw.response.iov_len - (size_t)(at - response) : 0;
	if (left < sizeof(data) - 1 + PCR_LEN) {
		fprintf(stderr, "probe: no PCR%d in the answer\n", index);
		return 1;
	}
	printf("PCR%d ", index);
	hex(at + sizeof(data) - 1, PCR_LEN);
	return 0;
}

static int pcrs(void)
{
	static const uint8_t which[] = { 0, 1, 2, 8 };
	int fd = open("/dev/nsm", O_RDWR | O_CLOEXEC);
	int failed = 0;

	if (fd < 0) {
		perror("probe: /dev/nsm");
		return 1;
	}
	for (size_t i = 0; i < sizeof(which); i++)
		failed |= pcr(fd, which[i]);
	close(fd);
	return failed;
}

static int xattr(const char *file, const char *name)
{
	uint8_t value[4096];
	ssize_t len = lgetxattr(file, name, value, sizeof(value));

	if (len < 0) {
		perror("probe: lgetxattr");
		return 1;
	}
	hex(value, (size_t)len);
	return 0;
}

static int report(const char *what, long ret)
{
	printf("%s: %s\n", what, ret < 0 ? strerror(errno) : "yes");
	return 0;
}

/* What keyrings(7) takes; the session's keyring is the caller's, if any. */
static int keys(void)
{
	report("add_key", syscall(SYS_add_key, "user", "enc-probe", "x", 1,
				  KEY_SPEC_SESSION_KEYRING));
	report("request_key", syscall(SYS_request_key, "user", "enc-probe",
				      NULL, 0));
	return report("keyctl", syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID,
					KEY_SPEC_SESSION_KEYRING, 0));
}

/* A process that no parent's death ends; its name tells when it is one. */
static int immortal(void)
{
	return prctl(PR_SET_PDEATHSIG, 0) < 0 ||
	       prctl(PR_SET_NAME, "immortal") < 0 || pause();
}

/* Has the kernel credited itself with enough entropy?  getrandom(2). */
static int random_state(void)
{
	char byte;
	ssize_t n = getrandom(&byte, 1, GRND_NONBLOCK);

	if (n < 0 && errno != EAGAIN) {
		perror("probe: getrandom");
		return 1;
	}
	puts(n == 1 ? "random: ready" : "random: not ready");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "random") == 0)
		return random_state();
	if (argc == 2 && strcmp(argv[1], "pcrs") == 0)
		return pcrs();
	if (argc == 4 && strcmp(argv[1], "xattr") == 0)
		return xattr(argv[2], argv[3]);
	if (argc == 3 && strcmp(argv[1], "socket") == 0)
		return report("socket", socket((int)strtol(argv[2], NULL, 10),
					       SOCK_STREAM, 0));
	if (argc == 2 && strcmp(argv[1], "uring") == 0)
		return report("uring", syscall(SYS_io_uring_setup, 1, NULL));
	if (argc == 2 && strcmp(argv[1], "keys") == 0)
		return keys();
	if (argc == 3 && strcmp(argv[1], "immortal") == 0)
		return immortal();
	if (argc == 2 && strcmp(argv[1], "euid") == 0)
		return printf("euid: %u\n", geteuid()) < 0;
	fprintf(stderr, "usage: probe pcrs | random | xattr FILE NAME | socket FAMILY | uring | keys | euid | immortal MARK\n");
	return 2;
}
