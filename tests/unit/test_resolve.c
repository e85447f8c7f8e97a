/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_resolve.c - names on the host: a server that answers, one that does not,
 * many at once, and what is kept of it
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "enc-run/names.h"
#include "enc-run/proxies.h"
#include "enc-run/resolve.h"
#include "tap.h"
#include "turns.h"

#define PATIENCE 20000


static void until(const int *counter, int n)
{
	for (int i = 0; i < 20 && *counter < n; i++)
		run(1000);
}

/* A name server: one that answers, one that does not. */
static int dns[2], dns_n;
static uint8_t dns_ttl;
static struct watch dns_watch;

static void dns_asked(void *arg, uint32_t events)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	uint8_t q[600];
	const uint8_t a[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, dns_ttl, 0, 4,
			      192, 0, 2, 7 };
	ssize_t n = recvfrom(dns[0], q, 512, 0, (struct sockaddr *)&from,
			     &len);

	(void)arg;
	(void)events;
	if (n < 16)
		return;
	dns_n++;
	q[2] = 0x81;
	q[3] = 0x80;
	/* 192.0.2.7, or nothing for AAAA. */
	if (q[n - 3] == 1) {
		q[7] = 1;
		memcpy(q + n, a, sizeof(a));
		n += (ssize_t)sizeof(a);
	}
	if (sendto(dns[0], q, (size_t)n, 0, (struct sockaddr *)&from,
		   len) != n)
		perror("# sendto");
}

static void open_dns(char text[2][32])
{
	for (int i = 0; i < 2; i++) {
		struct sockaddr_in at = { .sin_family = AF_INET };
		socklen_t len = sizeof(at);

		at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		dns[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (bind(dns[i], (struct sockaddr *)&at, len) < 0 ||
		    getsockname(dns[i], (struct sockaddr *)&at, &len) < 0)
			perror("# bind");
		snprintf(text[i], 32, "127.0.0.1:%u", ntohs(at.sin_port));
	}
	if (watch_start(&dns_watch, loop, dns[0], EPOLLIN, dns_asked, NULL) < 0)
		perror("# watch");
}

static int found_n, fault;
static char sentence[256];

static void found(void *arg, const struct addresses *all, int why,
		  const char *text)
{
	int *count = arg;

	found_n = all ? (int)all->n : 0;
	fault = all ? 0 : why;
	snprintf(sentence, sizeof(sentence), "%s", all ? "" : text);
	if (all && found_n == 1)
		inet_ntop(all->items[0].family, all->items[0].bytes, sentence,
			  sizeof(sentence));
	++*count;
	loop_stop(loop);
}

/* How often the server is asked for one name in three lookups. */
static int asked_for(struct resolver *r, const char *name, uint8_t ttl)
{
	int n = 0;

	dns_n = 0;
	dns_ttl = ttl;
	for (int i = 1; i <= 3; i++) {
		lookup_start(r, name, found, &n);
		until(&n, i);
		same_str(sentence, "192.0.2.7", "a name, again");
	}
	return dns_n;
}

static void test_ttl(struct resolver *r)
{
	ok(asked_for(r, "ttl0.example", 0) == 6, "an answer for once");
	ok(asked_for(r, "ttl60.example", 60) == 2, "one for a minute");
	ok(asked_for(r, "ttl60.example", 0) == 0, "which goes on");
}

static void test_names(void)
{
	struct names *n = names_new();
	struct addresses all = { .n = 3 }, got;
	char name[16];

	all.items[0] = (struct address){ AF_INET6, { 6 } };
	all.items[1] = (struct address){ AF_INET, { 1 } };
	all.items[2] = (struct address){ AF_INET, { 2 } };
	ok(!names_get(n, "a", &got), "nothing yet");
	names_put(n, "a", &all, 0);
	ok(!names_get(n, "a", &got), "not to be kept");
	names_put(n, "a", &all, 3600);
	ok(names_get(n, "a", &got) && got.n == 3, "kept");
	ok(got.items[0].bytes[0] == 6 && got.items[1].bytes[0] == 2 &&
	   got.items[2].bytes[0] == 1, "IPv4 was turned");
	ok(names_get(n, "a", &got) && got.items[1].bytes[0] == 1, "and again");
	ok(!names_get(n, "b", &got), "another");
	names_put(n, "b", &all, 1);
	ok(names_get(n, "b", &got), "for a second");
	run(1100);
	ok(!names_get(n, "b", &got), "no longer");
	all.n = 1;
	names_put(n, "a", &all, 5);
	ok(names_get(n, "a", &got) && got.n == 1, "replaced");
	for (int i = 0; i < NAMES_MAX; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		names_put(n, name, &all, 3600);
	}
	ok(!names_get(n, "a", &got), "the one that is over first has gone");
	ok(names_get(n, "n0", &got) && names_get(n, name, &got),
	   "for those that came");
	names_free(n);
}

static void test_resolve(void)
{
	struct resolver *good, *silent;
	struct lookup *all[300];
	char text[2][32], name[64];
	struct err e;
	int n = 0, lost = 0;

	open_dns(text);
	good = resolver_new(loop, text[0], PATIENCE, &e);
	silent = resolver_new(loop, text[1], 100, &e);
	lookup_start(good, "a.example", found, &n);
	ok(n == 0, "never before it returns");
	until(&n, 1);
	same_str(sentence, "192.0.2.7", "a name");
	/* Not both at once: which is told last is the clock's to say. */
	lookup_start(silent, "a.example", found, &lost);
	until(&lost, 1);
	ok(fault == ETIMEDOUT && found_n == 0, "a server that says nothing");
	same_str(sentence, "no name server of the host's answers",
		 "and that is the sentence");
	n = 0;
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		all[i] = lookup_start(good, name, found, &n);
	}
	for (int i = 0; i < 300; i += 3)
		lookup_cancel(all[i]);
	until(&n, 200);
	for (int i = 0; i < 400 && n < 200; i++)
		run(1000);
	ok(n == 200, "many at once; those that were cancelled are not told");
	lookup_start(good, "localhost", found, &n);
	until(&n, 201);
	ok(found_n == 2, "localhost is known everywhere");
	lookup_start(good, "a.localhost", found, &n);
	until(&n, 202);
	ok(found_n == 2, "and what is below it");
	lookup_start(good, "notlocalhost", found, &n);
	until(&n, 203);
	same_str(sentence, "192.0.2.7", "but no other");
	test_ttl(good);
	n = 0;
	for (int i = 0; i < 300; i++)
		all[i] = lookup_start(silent, "a.example", found, &n);
	for (int i = 0; i < 400 && n < 300; i++)
		run(1000);
	ok(n == 300, "those that wait for their turn end in time too");
	resolver_free(good);
	resolver_free(silent);
	watch_stop(&dns_watch);
	close(dns[0]);
	close(dns[1]);
}

static void test_servers(void)
{
	static const char *const good[] = {
		"192.0.2.1", "192.0.2.1:53", "::1", "[::1]", "[2001:db8::1]:5353",
	};
	static const char *const bad[] = {
		"", "ns.example", "host", "192.0.2", "192.0.2.1:", "192.0.2.1:0",
		"192.0.2.1:65536", "[::1", "192.0.2.1,192.0.2.2", "::1%lo",
	};
	struct err e;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		ok(resolver_check(good[i], &e) == 0, good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ok(resolver_check(bad[i], &e) < 0 && e.class == ERR_USAGE,
		   bad[i]);
}

int main(void)
{
	struct err e;

	loop = loop_new(&e);
	test_servers();
	test_names();
	test_resolve();
	loop_free(loop);
	return tap_done();
}
