/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kms.h - the KMS proxy: enclave/kms.h says what it makes of requests
 */
#ifndef ODYN_KMS_H
#define ODYN_KMS_H

#include "odyn/dial.h"
#include "odyn/service.h"

struct kms_proxy;

/* Listens on the manifest's kms_proxy.listen_port.  KMS must prove who it is by
 * the certificates in DIR/tls/ca.pem where there are any, otherwise by those
 * that are built in.  nsm is a descriptor of nsm_open(), borrowed, or -1: then
 * every request gets a 503.  Returns new, or NULL: ERR_SYS, ERR_INPUT. */
struct kms_proxy *kms_start(struct loop *l, struct dialer *d, struct gate *g,
			    const struct manifest *m, int nsm, const char *dir,
			    struct err *e) MUST_CHECK;
/* Makes the key pair, a tenth of a second's work, so that no request has to
 * wait for it, nor anybody else meanwhile.  Nothing happens without an NSM, or
 * when k is NULL. */
void kms_prepare(struct kms_proxy *k);
void kms_free(struct kms_proxy *k);

#endif
