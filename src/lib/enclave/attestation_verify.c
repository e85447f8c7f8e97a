/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestation_verify.c - is an attestation document one of AWS's?
 *
 * The steps of AWS, "Verifying the root of trust": the chain of certificates
 * from a known root, then the signature.  All of it is hostile until the end.
 */
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "base/cert.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/xalloc.h"
#include "enclave/attestation.h"

/* 128 bits: P-256 and SHA-256 at least, as SSL_CTX_set_security_level(3) has
 * it.  AWS's own are P-384 and SHA-384. */
#define STRENGTH 3

static void store_freep(X509_STORE **s)
{
	X509_STORE_free(*s);
}

static void store_ctx_freep(X509_STORE_CTX **c)
{
	X509_STORE_CTX_free(*c);
}

static void certs_freep(STACK_OF(X509) **all)
{
	sk_X509_pop_free(*all, X509_free);
}

static int bad_certificate(const char *which, struct err *e)
{
	return err_set(e, ERR_VERIFY,
		       "attestation document: %s is no certificate, as of an emulated module",
		       which);
}

/* Root first, then each by the one before it; the module's own is the last. */
static STACK_OF(X509) *read_chain(const struct attestation *a, struct err *e)
{
	AUTO(certs_freep) STACK_OF(X509) *all = sk_X509_new_null();
	STACK_OF(X509) *done;

	if (!all)
		oom();
	for (size_t i = 0; i <= a->n_cabundle; i++) {
		bool last = i == a->n_cabundle;
		const struct nsm_bytes *der = last ? &a->certificate :
						     &a->cabundle[i];
		X509 *cert = cert_from_der(der->data, der->len);

		if (!cert) {
			bad_certificate(last ? "'certificate'" :
					"a part of 'cabundle'", e);
			return NULL;
		}
		if (sk_X509_push(all, cert) <= 0)
			oom();
	}
	done = all;
	all = NULL;
	return done;
}

static int check_root(const struct attestation *a, const char *root,
		      struct err *e)
{
	char hex[SHA256_HEX];

	if (a->n_cabundle == 0)
		return err_set(e, ERR_VERIFY,
			       "attestation document: no chain of certificates, as of an emulated module");
	sha256_hex(a->cabundle[0].data, a->cabundle[0].len, hex);
	if (strcmp(hex, root) != 0)
		return err_set(e, ERR_VERIFY,
			       "attestation document: its chain begins with root sha256:%s, not with sha256:%s",
			       hex, root);
	return 0;
}

static int cert_fault(X509 *cert, const char *why, struct err *e)
{
	struct cert about;

	if (!cert || cert_describe(cert, &about) < 0)
		return err_set(e, ERR_VERIFY, "attestation document: %s", why);
	return err_set(e, ERR_VERIFY,
		       "attestation document: certificate '%s': %s",
		       about.subject, why);
}

/* Which certificate, and why not; of one out of date, when it was good. */
static int chain_fault(X509_STORE_CTX *ctx, struct err *e)
{
	int why = X509_STORE_CTX_get_error(ctx);
	X509 *cert = X509_STORE_CTX_get_current_cert(ctx);
	struct cert about;
	char from[CLOCK_TEXT], to[CLOCK_TEXT];

	if ((why != X509_V_ERR_CERT_HAS_EXPIRED &&
	     why != X509_V_ERR_CERT_NOT_YET_VALID) ||
	    !cert || cert_describe(cert, &about) < 0)
		return cert_fault(cert, X509_verify_cert_error_string(why), e);
	clock_format(about.not_before, from);
	clock_format(about.not_after, to);
	return err_set(e, ERR_VERIFY,
		       "attestation document: certificate '%s' is valid from %s to %s alone: ask for a new document, or with --at whether this one was right",
		       about.subject, from, to);
}

/* OpenSSL forbids what a key usage leaves out, and AWS's page wants each of them
 * to be there: otherwise a certificate of whatever use would be a module's. */
static const char *usage_fault(X509 *cert, bool of_module)
{
	bool has = X509_get_extension_flags(cert) & EXFLAG_KUSAGE;
	uint32_t usage = has ? X509_get_key_usage(cert) : 0;

	if (!of_module)
		return usage & KU_KEY_CERT_SIGN ? NULL :
			       "its key usage is not to sign certificates";
	if (X509_check_ca(cert) != 0)
		return "it is one that issues others, and no module's";
	return usage & KU_DIGITAL_SIGNATURE ? NULL :
			       "its key usage is not to sign documents";
}

/* path: as it was found, the module's certificate first. */
static int check_usages(STACK_OF(X509) *path, struct err *e)
{
	for (int i = 0; i < sk_X509_num(path); i++) {
		X509 *cert = sk_X509_value(path, i);
		const char *fault = usage_fault(cert, i == 0);

		if (fault)
			return cert_fault(cert, fault, e);
	}
	return 0;
}

static int check_chain(STACK_OF(X509) *chain, int64_t when, struct err *e)
{
	AUTO(store_freep) X509_STORE *store = X509_STORE_new();
	AUTO(store_ctx_freep) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509 *leaf = sk_X509_value(chain, sk_X509_num(chain) - 1);
	X509_VERIFY_PARAM *param;
	int good;

	if (!store || !ctx ||
	    X509_STORE_add_cert(store, sk_X509_value(chain, 0)) != 1 ||
	    X509_STORE_CTX_init(ctx, store, leaf, chain) != 1)
		oom();
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(param, (time_t)when);
	X509_VERIFY_PARAM_set_auth_level(param, STRENGTH);
	good = X509_verify_cert(ctx);
	ERR_clear_error();
	if (good != 1)
		return chain_fault(ctx, e);
	return check_usages(X509_STORE_CTX_get0_chain(ctx), e);
}

int attestation_verify(const struct attestation *a, const char *root,
		       int64_t when, struct err *e)
{
	AUTO(certs_freep) STACK_OF(X509) *chain = read_chain(a, e);
	const char *fault;

	if (!chain || check_root(a, root, e) < 0 ||
	    check_chain(chain, when, e) < 0)
		return -1;
	fault = cose_fault(&a->cose, X509_get0_pubkey(
			   sk_X509_value(chain, sk_X509_num(chain) - 1)));
	if (fault)
		return err_set(e, ERR_VERIFY,
			       "attestation document: the signature is wrong: %s",
			       fault);
	return 0;
}

bool attestation_is_debug(const struct attestation *a)
{
	const uint8_t *pcr0 = a->pcrs[0].data;

	for (size_t i = 0; i < a->pcrs[0].len; i++)
		if (pcr0[i] != 0)
			return false;
	return true;
}
