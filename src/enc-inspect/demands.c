/* SPDX-License-Identifier: Apache-2.0 */
/*
 * demands.c - what verify asks for beyond soundness
 */
#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "eif/expect.h"
#include "enc-inspect/inspect.h"
#include "enclave/attestation.h"

static int read_nonce(struct demands *d, struct err *e)
{
	if (!d->nonce_text)
		return 0;
	d->nonce = base64_decode(d->nonce_text, strlen(d->nonce_text),
				 &d->nonce_len);
	if (!d->nonce || d->nonce_len == 0)
		return err_set(e, ERR_USAGE,
			       "--nonce '%s' is not base64 (openssl rand -base64 32)",
			       d->nonce_text);
	return 0;
}

static int read_root(struct demands *d, struct err *e)
{
	AUTO_BUF struct buf pem = BUF_INIT(CERT_PEM_MAX);
	AUTO_X509 X509 *cert = NULL;
	struct cert about;

	if (!d->root_file) {
		snprintf(d->root, sizeof(d->root), "%s", ATTESTATION_ROOT_AWS);
		return 0;
	}
	cert = cert_from_file(d->root_file, &pem, e);
	if (!cert)
		return -1;
	if (cert_describe(cert, &about) < 0)
		return err_set(e, ERR_INPUT, "certificate '%s' is damaged",
			       d->root_file);
	memcpy(d->root, about.sha256, sizeof(d->root));
	return 0;
}

static int read_at(struct demands *d, struct err *e)
{
	d->at = clock_now();
	if (d->at_text && clock_parse(d->at_text, &d->at) < 0)
		return err_set(e, ERR_USAGE,
			       "--at '%s' is not a time like 2026-11-23T04:55:00Z",
			       d->at_text);
	return 0;
}

int demands_read(struct demands *d, struct err *e)
{
	if (read_nonce(d, e) < 0 || read_root(d, e) < 0 || read_at(d, e) < 0)
		return -1;
	if (d->expect_file) {
		d->expect = expect_read(d->expect_file, e);
		if (!d->expect)
			return -1;
	}
	return 0;
}

void demands_release(struct demands *d)
{
	json_decref(d->expect);
	free(d->nonce);
}
