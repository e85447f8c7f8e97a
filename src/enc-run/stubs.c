/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stubs.c - what is being written beside this
 */
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "enc-run/launcher.h"
#include "enc-run/proxies.h"

int publish_parse(const char *text, struct publish *p, struct err *e)
{
	(void)p;
	return err_set(e, ERR_USAGE, "'%s': not there yet", text);
}

struct ingress *ingress_open(struct loop *l, const struct publish *all,
			     size_t n, struct err *e)
{
	(void)l;
	(void)all;
	(void)n;
	(void)e;
	return xcalloc(1, 1);
}

int ingress_start(struct ingress *in, struct vsock *v, struct relays *rs,
		  struct gate *g, struct err *e)
{
	(void)in;
	(void)v;
	(void)rs;
	(void)g;
	(void)e;
	return 0;
}

void ingress_free(struct ingress *in)
{
	free(in);
}

struct egress *egress_start(struct vsock *v, struct loop *l, struct relays *rs,
			    struct gate *g, const struct manifest *m,
			    uint32_t cid, struct err *e)
{
	(void)v;
	(void)l;
	(void)rs;
	(void)g;
	(void)m;
	(void)cid;
	(void)e;
	return xcalloc(1, 1);
}

void egress_free(struct egress *eg)
{
	free(eg);
}
