/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keypair_parts.h - what keypair.c and cms.c share: OpenSSL's own key
 */
#ifndef ENC_KEYPAIR_PARTS_H
#define ENC_KEYPAIR_PARTS_H

#include <openssl/evp.h>

struct keypair {
	EVP_PKEY *pkey;
};

#endif
