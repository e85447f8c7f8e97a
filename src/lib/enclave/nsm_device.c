/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nsm_device.c - calls to the Nitro Security Module, by /dev/nsm
 *
 * The one place that knows the device, so that one thing can stand in for it:
 * tests/preload/nsm-fake.c.
 */
#include "enclave/nsm.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

struct answer {
	size_t	len;
	uint8_t data[NSM_RESPONSE_MAX];
};

int nsm_open(struct err *e)
{
	int fd = open("/dev/nsm", O_RDWR | O_CLOEXEC);

	if (fd < 0 && (errno == ENOENT || errno == ENODEV || errno == ENXIO))
		return err_set(e, ERR_SYS,
			       "no Nitro Security Module: '/dev/nsm' is not there");
	return fd < 0 ? err_sys(e, "cannot open '/dev/nsm'") : fd;
}

static int call(int fd, struct buf *request, struct answer *a, struct err *e)
{
	struct nsm_raw raw = {
		.request = { request->data, request->len },
		.response = { a->data, sizeof(a->data) },
	};
	int ret;

	do
		ret = ioctl(fd, NSM_IOCTL, &raw);
	while (ret < 0 && errno == EINTR);
	if (ret < 0)
		return err_sys(e, "the Nitro Security Module does not answer");
	if (raw.response.iov_len > sizeof(a->data))
		return err_set(e, ERR_SYS,
			       "the Nitro Security Module answers with %zu bytes, more than there is room for",
			       raw.response.iov_len);
	a->len = raw.response.iov_len;
	return 0;
}

int nsm_random(int fd, void *out, size_t len, struct err *e)
{
	AUTO_BUF struct buf request = BUF_INIT(NSM_REQUEST_MAX);
	uint8_t *at = out;
	struct nsm_bytes random;
	struct answer a;
	int ret = 0;

	nsm_put_random(&request);
	while (len > 0 && ret == 0) {
		size_t n;

		ret = call(fd, &request, &a, e);
		if (ret == 0)
			ret = nsm_get_random(a.data, a.len, &random, e);
		if (ret < 0)
			break;
		n = random.len < len ? random.len : len;
		memcpy(at, random.data, n);
		at += n;
		len -= n;
	}
	explicit_bzero(&a, sizeof(a));
	return ret;
}

int nsm_describe_pcr(int fd, unsigned index, struct nsm_pcr *pcr,
		     struct err *e)
{
	AUTO_BUF struct buf request = BUF_INIT(NSM_REQUEST_MAX);
	struct answer a;

	nsm_put_describe_pcr(index, &request);
	if (call(fd, &request, &a, e) < 0)
		return -1;
	return nsm_get_describe_pcr(a.data, a.len, pcr, e);
}

int nsm_extend_pcr(int fd, unsigned index, const void *data, size_t len,
		   struct nsm_pcr *pcr, struct err *e)
{
	AUTO_BUF struct buf request = BUF_INIT(NSM_REQUEST_MAX);
	struct answer a;

	nsm_put_extend_pcr(index, data, len, &request);
	if (call(fd, &request, &a, e) < 0)
		return -1;
	return nsm_get_extend_pcr(a.data, a.len, pcr, e);
}

int nsm_lock_pcr(int fd, unsigned index, struct err *e)
{
	AUTO_BUF struct buf request = BUF_INIT(NSM_REQUEST_MAX);
	struct answer a;

	nsm_put_lock_pcr(index, &request);
	if (call(fd, &request, &a, e) < 0)
		return -1;
	return nsm_get_lock_pcr(a.data, a.len, e);
}

int nsm_attest(int fd, const struct nsm_attest *params, struct buf *out,
	       struct err *e)
{
	AUTO_BUF struct buf request = BUF_INIT(NSM_REQUEST_MAX);
	struct nsm_bytes document;
	struct answer a;

	nsm_put_attestation(params, &request);
	if (call(fd, &request, &a, e) < 0 ||
	    nsm_get_attestation(a.data, a.len, &document, e) < 0)
		return -1;
	buf_add(out, document.data, document.len);
	return 0;
}
