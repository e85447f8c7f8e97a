/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolve.c - the addresses of a name, as this machine finds them
 *
 * Each name has a channel of c-ares' of its own.  Its answers come from within
 * its calls, in which it cannot be closed: what follows is left to a timer.
 */
#include "enc-run/resolve.h"

#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/list.h"
#include "base/xalloc.h"
#include "enc-run/dns.h"
#include "enc-run/names.h"
#include "enc-run/proxies.h"
#include "enclave/host.h"

#define ONE_ONLY_MS 50		/* RFC 8305 section 3: for the other family */
#define SERVER_TEXT (INET6_ADDRSTRLEN + 10)	/* "[ADDRESS]:PORT" */
#define RESOLV_CONF "/etc/resolv.conf"
#define DNS_PORT    53
#define ACTIVE_MAX  128		/* at once; 75 kB each, the others wait */

enum { V6, V4, FAMILIES };

struct question {
	struct lookup *lookup;
	int	       family;
	bool	       open;
	int	       status;		/* of c-ares */
};

struct lookup {
	struct resolver *resolver;
	struct link	 link;
	bool		 active;	/* it has a channel */
	bool		 ending;
	char		 name[HOST_TEXT];
	struct dns	 dns;
	struct timer	 deadline, settle;
	struct question	 questions[FAMILIES];
	struct addresses found[FAMILIES];
	unsigned	 ttl;		/* seconds, of what was found */
	void (*done)(void *arg, const struct addresses *found, int fault,
		     const char *sentence);
	void		*arg;
};

struct resolver {
	struct loop *loop;
	char	     server[SERVER_TEXT];	/* for c-ares; "": the system's */
	char	    *usual;			/* those of the system, at first */
	uint64_t     patience;
	struct names *names;
	size_t	     active;
	struct link *came, *waiting;	/* a queue: the latest first, and then
					 * the earliest first */
};

static int parse_server(const char *text, char out[SERVER_TEXT],
			struct err *e)
{
	size_t len = strlen(text);
	uint16_t port = DNS_PORT;
	struct host h;
	struct err ignored;

	/* IPv6 without a port has no brackets, and is no authority. */
	if ((host_parse(text, len, &h, &ignored) < 0 &&
	     host_parse_authority(text, len, DNS_PORT, &h, &port,
				  &ignored) < 0) || h.kind != HOST_ADDRESS)
		return err_set(e, ERR_USAGE,
			       "'%s' is no name server: write ADDRESS or ADDRESS:PORT, IPv6 in brackets",
			       text);
	snprintf(out, SERVER_TEXT, h.family == AF_INET6 ? "[%.45s]:%u" :
		 "%.45s:%u", h.text, port);
	return 0;
}

void resolver_needs(struct sandbox *s)
{
	/* systemd's is a folder, in which files are replaced. */
	static const char *const paths[] = {
		RESOLV_CONF, "/run/systemd/resolve", "/etc/hosts",
		"/etc/nsswitch.conf", "/etc/host.conf", "/dev/urandom",
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		sandbox_read(s, paths[i]);
}

int resolver_check(const char *server, struct err *e)
{
	char out[SERVER_TEXT];

	return parse_server(server, out, e);
}

struct resolver *resolver_new(struct loop *l, const char *server,
			      uint64_t patience, struct err *e)
{
	struct resolver *r = xcalloc(1, sizeof(*r));

	r->loop = l;
	r->patience = patience;
	if (server && parse_server(server, r->server, e) < 0) {
		free(r);
		return NULL;
	}
	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
		oom();
	r->usual = dns_servers();
	r->names = names_new();
	return r;
}

void resolver_free(struct resolver *r)
{
	if (!r)
		return;
	ares_library_cleanup();
	names_free(r->names);
	free(r->usual);
	free(r);
}

static void begin(struct lookup *k);

/* The one that came first gets the place that is free. */
static void next_lookup(struct resolver *r)
{
	if (r->active >= ACTIVE_MAX)
		return;
	if (!r->waiting) {
		while (r->came) {
			struct lookup *k = r->came->owner;

			list_remove(&k->link);
			list_add(&r->waiting, &k->link, k);
		}
	}
	if (r->waiting)
		begin(r->waiting->owner);
}

void lookup_cancel(struct lookup *k)
{
	struct resolver *r = k->resolver;

	k->ending = true;
	dns_close(&k->dns);
	timer_stop(&k->deadline);
	timer_stop(&k->settle);
	list_remove(&k->link);
	if (k->active) {
		r->active--;
		next_lookup(r);
	}
	free(k);
}

static void finish(struct lookup *k, const struct addresses *found, int fault,
		   const char *sentence)
{
	void (*done)(void *arg, const struct addresses *found_, int fault_,
		     const char *sentence_) = k->done;
	void *arg = k->arg;

	lookup_cancel(k);
	done(arg, found, fault, sentence);
}

static void fail(struct lookup *k, int status)
{
	switch (status) {
	case ARES_ENOTFOUND:
		finish(k, NULL, EHOSTUNREACH, "there is no such name");
		break;
	case ARES_ENODATA:
		finish(k, NULL, EHOSTUNREACH, "the name has no address");
		break;
	case ARES_ETIMEOUT:
		finish(k, NULL, ETIMEDOUT,
		       "no name server of the host's answers");
		break;
	case ARES_ECONNREFUSED:	/* also for a server's SERVFAIL */
	case ARES_ESERVFAIL:
	case ARES_EREFUSED:
		finish(k, NULL, EHOSTUNREACH,
		       "the host's name servers cannot be reached, or fail");
		break;
	default:
		finish(k, NULL, EHOSTUNREACH, ares_strerror(status));
	}
}

/* Both answers are there, or one has been waited for long enough. */
static void settle(void *arg)
{
	struct lookup *k = arg;
	struct addresses all = k->found[V6];
	const struct addresses *v4 = &k->found[V4];
	int status = k->questions[V4].status;

	/* Each family has half of the room, so both fit; what was known is all
	 * in the first. */
	memcpy(all.items + all.n, v4->items, v4->n * sizeof(*v4->items));
	all.n += v4->n;
	if (status == ARES_ENODATA)
		status = k->questions[V6].status;
	if (all.n == 0) {
		fail(k, status);
		return;
	}
	names_put(k->resolver->names, k->name, &all, k->ttl);
	finish(k, &all, 0, NULL);
}

static void too_late(void *arg)
{
	struct lookup *k = arg;

	if (k->found[V6].n + k->found[V4].n > 0)
		settle(k);
	else
		fail(k, ARES_ETIMEOUT);
}

static void shorten(struct lookup *k, int ttl)
{
	if (ttl < 0)
		ttl = 0;
	if (k->ttl > (unsigned)ttl)
		k->ttl = (unsigned)ttl;
}

static void take_address(struct addresses *found,
			 const struct ares_addrinfo_node *n)
{
	struct address *a = &found->items[found->n++];

	a->family = n->ai_family;
	if (a->family == AF_INET)
		memcpy(a->bytes,
		       &((struct sockaddr_in *)n->ai_addr)->sin_addr, 4);
	else
		memcpy(a->bytes,
		       &((struct sockaddr_in6 *)n->ai_addr)->sin6_addr, 16);
}

static void answered(void *arg, int status, int timeouts,
		     struct ares_addrinfo *res)
{
	struct question *q = arg;
	struct lookup *k = q->lookup;
	struct addresses *found = &k->found[q == &k->questions[V4] ? V4 : V6];

	(void)timeouts;
	q->open = false;
	q->status = status;
	for (struct ares_addrinfo_node *n = res ? res->nodes : NULL;
	     n && found->n < ADDRESSES_MAX / FAMILIES; n = n->ai_next) {
		if (n->ai_family != q->family)
			continue;
		take_address(found, n);
		/* What a file says has none: it is read again. */
		shorten(k, n->ai_ttl);
	}
	for (struct ares_addrinfo_cname *c = res ? res->cnames : NULL; c;
	     c = c->next)
		shorten(k, c->ttl);
	if (res)
		ares_freeaddrinfo(res);
	if (k->ending)
		return;
	if (!k->questions[V4].open && !k->questions[V6].open)
		timer_start(&k->settle, k->resolver->loop, 0, settle, k);
	else if (found->n > 0)
		timer_start(&k->settle, k->resolver->loop, ONE_ONLY_MS, settle,
			    k);
}

/* RFC 6761 section 6.3: never a question for others.  c-ares 1.18 knows that,
 * but loses memory over it, as often as an enclave likes. */
static bool is_localhost(const char *name)
{
	static const char word[] = "localhost";
	size_t len = strlen(name), n = sizeof(word) - 1;

	return len >= n && strcmp(name + len - n, word) == 0 &&
	       (len == n || name[len - n - 1] == '.');
}

/* What needs no question is not in the queue of those that do. */
static bool is_known(struct lookup *k)
{
	static const struct addresses here = {
		{ { AF_INET6, { [15] = 1 } }, { AF_INET, { 127, 0, 0, 1 } } }, 2
	};

	if (is_localhost(k->name))
		k->found[V6] = here;
	else if (!names_get(k->resolver->names, k->name, &k->found[V6]))
		return false;
	k->ttl = 0;
	return true;
}

/* A file that took resolv.conf's place is one that the sandbox does not know:
 * then the name servers are those that there were. */
static const char *servers(const struct resolver *r)
{
	AUTO_CLOSE int fd = -1;

	if (*r->server)
		return r->server;
	fd = open(RESOLV_CONF, O_RDONLY | O_CLOEXEC);
	return fd < 0 && errno == EACCES ? r->usual : "";
}

static void begin(struct lookup *k)
{
	struct resolver *r = k->resolver;
	int ret;

	list_remove(&k->link);
	k->active = true;
	r->active++;
	ret = dns_open(&k->dns, r->loop, servers(r));
	for (size_t i = 0; i < FAMILIES; i++) {
		struct question *q = &k->questions[i];

		if (ret == ARES_SUCCESS)
			dns_ask(&k->dns, k->name, q->family, answered, q);
		else
			answered(q, ret, 0, NULL);
	}
}

struct lookup *lookup_start(struct resolver *r, const char *name,
			    void (*done)(void *arg,
					 const struct addresses *found,
					 int fault, const char *sentence),
			    void *arg)
{
	struct lookup *k = xcalloc(1, sizeof(*k));

	k->resolver = r;
	memcpy(k->name, name, strnlen(name, sizeof(k->name) - 1));
	k->ttl = UINT_MAX;
	k->done = done;
	k->arg = arg;
	for (size_t i = 0; i < FAMILIES; i++)
		k->questions[i] = (struct question){
			.lookup = k, .open = true,
			.family = i == V4 ? AF_INET : AF_INET6 };
	if (is_known(k)) {
		timer_start(&k->settle, r->loop, 0, settle, k);
		return k;
	}
	timer_start(&k->deadline, r->loop, r->patience, too_late, k);
	list_add(&r->came, &k->link, k);
	next_lookup(r);
	return k;
}
