/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kms.c - the KMS proxy
 *
 * A request waits for credentials, is signed, goes to KMS over TLS, and its
 * answer goes back.  One that KMS refuses for its credentials is sent once
 * more, with new ones.  Trust: the parent carries the bytes and must learn
 * nothing by them; TLS ends here.
 */
#include "odyn/kms.h"

#include <fcntl.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "enclave/kms.h"
#include "odyn/console.h"
#include "odyn/credentials.h"
#include "odyn/roots.h"

#define ROOTS_MAX 262144u	/* bytes of DIR/tls/ca.pem */
#define TLS_PORT  443

struct kms_proxy {
	const struct manifest *manifest;
	struct dialer	  *dialer;
	struct policy	   policy;
	struct service	   service;
	struct tls	  *tls;
	struct keypair	  *keypair;	/* NULL: it could not be made */
	struct credentials credentials;
	int		   nsm;
};

/* A request on its way. */
struct op {
	struct kms_proxy       *proxy;
	struct service_request *request;
	struct kms_call		call;
	struct credentials_wait wait;
	struct exchange	       *exchange;
	bool			again;	/* this is the second time */
};

static void op_free(struct op *op)
{
	credentials_give_up(&op->wait);
	if (op->exchange)
		exchange_cancel(op->exchange);
	free(op);
}

static void cancelled(void *owner)
{
	op_free(owner);
}

/* The op is over. */
static void answer(struct op *op, unsigned status, const char *body,
		   size_t len)
{
	struct http1_reply r = { .status = status, .type = KMS_TYPE,
				 .body = body, .len = len };
	struct service_request *request = op->request;

	op_free(op);
	request->cancel = NULL;
	service_answer(request, &r);
}

static void refuse(struct op *op, unsigned status, const char *sentence)
{
	AUTO_FREE char *body = kms_error_body(sentence);

	if (status != 400)
		console_say("KMS: %s", sentence);
	answer(op, status, body, strlen(body));
}

static void get_credentials(struct op *op);

static void plaintext(struct op *op, const struct exchange_result *r)
{
	struct err e;
	size_t len;
	char *text = kms_open_answer(&op->call, op->proxy->keypair, r->body,
				     r->len, &len, &e);

	if (!text) {
		refuse(op, 502, e.msg);
		return;
	}
	answer(op, r->status, text, len);
	explicit_bzero(text, len);
	free(text);
}

static void wrong_clock(struct op *op, const struct exchange_result *r)
{
	AUTO_FREE char *text = kms_explain_clock(r->body, r->len, clock_now());

	console_say("KMS says that the enclave's clock is wrong");
	answer(op, r->status, text, strlen(text));
}

static void answered(void *arg, const struct exchange_result *r)
{
	struct op *op = arg;
	enum kms_fault fault;

	op->exchange = NULL;
	if (r->status == 0) {
		refuse(op, r->fault, r->sentence);
		return;
	}
	fault = kms_fault_of(r->status, r->body, r->len);
	if (r->status == 200 && op->call.member) {
		plaintext(op, r);
	} else if (fault == KMS_FAULT_CREDENTIALS && !op->again) {
		op->again = true;
		credentials_forget(&op->proxy->credentials);
		get_credentials(op);
	} else if (fault == KMS_FAULT_CLOCK) {
		wrong_clock(op, r);
	} else {
		answer(op, r->status, r->body, r->len);
	}
}

/* With the document, where the answer is to be encrypted to us. */
static int make_body(struct op *op, struct buf *body, struct err *e)
{
	AUTO_BUF struct buf document = BUF_INIT(NSM_RESPONSE_MAX);
	AUTO_BUF struct buf public = BUF_INIT(NSM_PUBLIC_KEY_MAX);
	const struct buf *content = &op->request->content;
	struct kms_proxy *k = op->proxy;
	struct nsm_attest a = { 0 };
	struct nsm_bytes doc;

	if (!op->call.member) {
		buf_add(body, content->data, content->len);
		return 0;
	}
	if (!k->keypair)
		k->keypair = keypair_new(e);
	if (!k->keypair)
		return -1;
	keypair_public(k->keypair, &public);
	a.public_key = (struct nsm_bytes){ public.data, public.len };
	if (nsm_attest(k->nsm, &a, &document, e) < 0)
		return -1;
	doc = (struct nsm_bytes){ document.data, document.len };
	return kms_add_recipient(&op->call, content->data, content->len, &doc,
				 body, e);
}

static int send_to(struct op *op, const struct imds_credentials *c,
		   struct err *e)
{
	AUTO_FREE char *authority = kms_authority(&op->call,
						  op->proxy->manifest);
	struct buf body = BUF_INIT(2 * KMS_BODY_MAX + KMS_ADDED_MAX);
	struct buf request = BUF_INIT(2 * KMS_BODY_MAX + 2 * KMS_ADDED_MAX);
	struct kms_proxy *k = op->proxy;
	struct exchange_target to = { .tls = k->tls };
	struct host host;
	int ret = -1;

	if (host_parse_authority(authority, strlen(authority), TLS_PORT, &host,
				 &to.port, e) == 0 &&
	    policy_check(&k->policy, &host, e) == 0 &&
	    make_body(op, &body, e) == 0)
		ret = kms_put_request(&op->call, authority, body.data, body.len,
				      c, clock_now(), &request, e);
	buf_wipe(&body);
	if (ret < 0) {
		buf_wipe(&request);
		return -1;
	}
	to.host = &host;
	op->exchange = exchange_start(k->dialer, &to, &request, KMS_ANSWER_MAX,
				      answered, op);
	return 0;
}

static void have_credentials(void *arg, const struct imds_credentials *c,
			     const char *sentence)
{
	struct op *op = arg;
	struct err e;

	if (!c)
		refuse(op, 503, sentence);
	else if (send_to(op, c, &e) < 0)
		refuse(op, e.class == ERR_INPUT ? 400 :
			   e.class == ERR_NO ? 403 : 503, e.msg);
}

static void get_credentials(struct op *op)
{
	credentials_get(&op->proxy->credentials, &op->wait, have_credentials,
			op);
}

static void asked(void *arg, struct service_request *r)
{
	struct op *op = xcalloc(1, sizeof(*op));
	struct err e;

	op->proxy = arg;
	op->request = r;
	r->owner = op;
	r->cancel = cancelled;
	if (op->proxy->nsm < 0)
		refuse(op, 503, "there is no Nitro Security Module here");
	else if (kms_read_request(r->front.head, &op->call, &e) < 0)
		refuse(op, 400, e.msg);
	else
		get_credentials(op);
}

static int load_roots(struct kms_proxy *k, const char *dir, struct err *e)
{
	AUTO_FREE char *path = xasprintf("%s/tls/ca.pem", dir);
	AUTO_BUF struct buf pem = BUF_INIT(ROOTS_MAX);

	if (access(path, F_OK) < 0 && errno == ENOENT) {
		k->tls = tls_client(roots_pem, strlen(roots_pem), e);
	} else {
		if (buf_read_file(&pem, AT_FDCWD, path, e) < 0)
			return -1;
		k->tls = tls_client(pem.data, pem.len, e);
		if (!k->tls)
			err_wrap(e, "'%s'", path);
	}
	return k->tls ? 0 : -1;
}

struct kms_proxy *kms_start(struct loop *l, struct dialer *d, struct gate *g,
			    const struct manifest *m, int nsm, const char *dir,
			    struct err *e)
{
	struct kms_proxy *k = xcalloc(1, sizeof(*k));

	k->manifest = m;
	k->dialer = d;
	k->policy = (struct policy){ &m->allow, &m->deny };
	k->nsm = nsm;
	credentials_init(&k->credentials, d, &k->policy);
	if (load_roots(k, dir, e) < 0 ||
	    service_start(&k->service, l, m->kms_port, g, KMS_BODY_MAX, asked,
			  k, e) < 0) {
		kms_free(k);
		return NULL;
	}
	return k;
}

void kms_prepare(struct kms_proxy *k)
{
	struct err e;

	if (!k || k->nsm < 0 || k->keypair)
		return;
	k->keypair = keypair_new(&e);
	if (!k->keypair)	/* the first who needs it tries again */
		console_say("KMS: %s", e.msg);
}

void kms_free(struct kms_proxy *k)
{
	if (!k)
		return;
	service_stop(&k->service);	/* which cancels what is on its way */
	credentials_release(&k->credentials);
	keypair_free(k->keypair);
	tls_free(k->tls);
	free(k);
}
