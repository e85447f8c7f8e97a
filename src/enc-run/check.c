/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.c - all that would fail later, and without a reason
 */
#include "enc-run/machine.h"
#include "enc-run/run.h"

/* They are free now; that they stay so nobody can promise. */
static int check_ports(const struct run_options *o, struct err *e)
{
	struct loop *loop = loop_new(e);
	struct ingress *in;

	if (!loop)
		return -1;
	in = ingress_open(loop, o->publish, o->n_publish, e);
	ingress_free(in);
	loop_free(loop);
	return in ? 0 : -1;
}

int run_check(const struct run_options *o, struct object *ob,
	      const struct launcher *l, struct err *e)
{
	struct enclave en = {
		.eif_name = ob->name, .eif = ob->eif, .info = &ob->info,
		.cpu_count = o->cpu_count, .memory_mib = o->memory_mib,
		.want_cid = o->cid, .debug = o->debug,
	};

	if (machine_check_memory(&ob->info, o->memory_mib, e) < 0 ||
	    check_ports(o, e) < 0)
		return -1;
	return l->check(&en, e);
}
