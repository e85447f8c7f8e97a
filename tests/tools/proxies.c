/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proxies.c - the host's proxies alone, for their tests
 *
 *     proxies P MANIFEST CID RESOLVER [PORTS]...
 *
 * P is the path of hybrid vsock, RESOLVER "ADDRESS:PORT" or "-", PORTS what
 * enc-run's --publish takes.  Prints "ready", serves until standard input ends,
 * and then prints how many connections there were left.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "cli/cli.h"
#include "enc-run/proxies.h"
#include "enclave/loop.h"

static struct loop *loop;

static void stdin_ready(void *arg, uint32_t events UNUSED)
{
	char data[64];

	(void)arg;
	if (read(STDIN_FILENO, data, sizeof(data)) <= 0)
		loop_stop(loop);
}

static void must(int ok, const struct err *e)
{
	if (!ok)
		exit(cli_fail(e));
}

int main(int argc, char **argv)
{
	struct manifest m;
	struct gate g = { .max = 20000 };
	struct publish *ports = xcalloc((size_t)argc, sizeof(*ports));
	struct watch in;
	struct err e = { .class = ERR_NONE };
	struct relays *rs;
	struct ingress *ingress;
	struct egress *egress = NULL;
	struct vsock *v;
	size_t n = 0;

	cli_init("proxies");
	if (argc < 5)
		cli_usage("P MANIFEST CID RESOLVER [PORTS]...");
	must(manifest_load(argv[2], &m, &e) == 0, &e);
	for (int i = 5; i < argc; i++, n++)
		must(publish_parse(argv[i], &ports[n], &e) == 0, &e);
	loop = loop_new(&e);
	must(loop != NULL, &e);
	ingress = ingress_open(loop, ports, n, &e);
	must(ingress != NULL, &e);
	v = vsock_host(loop, argv[1], 0);
	rs = relays_new(loop);
	if (manifest_allows_egress(&m)) {
		egress = egress_start(v, loop, rs, &g, &m,
				      (uint32_t)strtoul(argv[3], NULL, 10),
				      strcmp(argv[4], "-") ? argv[4] : NULL, &e);
		must(egress != NULL, &e);
	}
	must(ingress_start(ingress, v, rs, &g, &e) == 0, &e);
	if (watch_start(&in, loop, STDIN_FILENO, EPOLLIN, stdin_ready,
			NULL) < 0 ||
	    write(STDOUT_FILENO, "ready\n", 6) != 6)
		must(err_sys(&e, "standard input or output") == 0, &e);
	must(loop_run(loop, &e) == 0, &e);
	printf("%zu connections\n", g.open);
	watch_stop(&in);
	ingress_free(ingress);
	egress_free(egress);
	relays_free(rs);
	vsock_free(v);
	loop_free(loop);
	manifest_release(&m);
	for (size_t i = 0; i < n; i++)
		free(ports[i].address);
	free(ports);
	return 0;
}
