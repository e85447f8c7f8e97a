/* SPDX-License-Identifier: Apache-2.0 */
/*
 * publish.c - ports of this host: as they are written, and listening on them
 */
#include "enc-run/publish.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "enclave/host.h"

static int malformed(const char *text, struct err *e)
{
	return err_set(e, ERR_USAGE,
		       "'%s' is not [ADDRESS:]HOST:ENCLAVE: two ports from 1 to 65535, and an address of this host, IPv6 in brackets",
		       text);
}

/* A port of len characters. */
static bool parse_port(const char *text, size_t len, uint16_t *out)
{
	unsigned n = 0;

	if (len == 0 || len > 5)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		n = 10 * n + (unsigned)(text[i] - '0');
	}
	*out = (uint16_t)n;
	return n >= 1 && n <= UINT16_MAX;
}

int publish_parse(const char *text, struct publish *p, struct err *e)
{
	const char *enclave = strrchr(text, ':'), *host = enclave;
	struct host h = { .kind = HOST_NAME };
	struct err ignored;

	if (!enclave)
		return malformed(text, e);
	while (host > text && host[-1] != ':')
		host--;
	if (!parse_port(enclave + 1, strlen(enclave + 1), &p->enclave) ||
	    !parse_port(host, (size_t)(enclave - host), &p->host))
		return malformed(text, e);
	p->address = NULL;
	if (host == text)
		return 0;
	/* What stands before the host's port and its colon. */
	if (host_parse(text, (size_t)(host - 1 - text), &h, &ignored) < 0 ||
	    h.kind != HOST_ADDRESS || (h.family == AF_INET6 && *text != '['))
		return malformed(text, e);
	p->address = xstrdup(h.text);
	return 0;
}

static socklen_t socket_address(const struct publish *p, int family,
				struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
	struct host h;
	struct err ignored;

	memset(out, 0, sizeof(*out));
	if (p->address &&
	    host_parse(p->address, strlen(p->address), &h, &ignored) == 0)
		family = h.family;
	else
		memset(&h, 0, sizeof(h));	/* all of them */
	out->ss_family = (sa_family_t)family;
	if (family == AF_INET) {
		memcpy(&v4->sin_addr, h.addr, sizeof(v4->sin_addr));
		v4->sin_port = htons(p->host);
		return sizeof(*v4);
	}
	memcpy(&v6->sin6_addr, h.addr, sizeof(v6->sin6_addr));
	v6->sin6_port = htons(p->host);
	return sizeof(*v6);
}

/* family is what all addresses mean; -1 with errno. */
static int listen_on(const struct publish *p, int family)
{
	static const int on = 1;
	const int v6_only = p->address != NULL;
	struct sockaddr_storage here;
	socklen_t len = socket_address(p, family, &here);
	AUTO_CLOSE int fd = socket(here.ss_family, SOCK_STREAM | SOCK_CLOEXEC |
				   SOCK_NONBLOCK, 0);

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -1;
	if (here.ss_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only,
		       sizeof(v6_only)) < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&here, len) < 0 ||
	    listen(fd, SOMAXCONN) < 0)
		return -1;
	return steal_fd(&fd);
}

/* The sentence for errno. */
static int cannot(const struct publish *p, struct err *e)
{
	switch (errno) {
	case EADDRINUSE:
		return err_set(e, ERR_SYS,
			       "port %u of this host is taken: end what listens there ('ss -ltnp sport = :%u' shows it) or publish another, like -p %u:%u",
			       p->host, p->host,
			       p->host < 55000 ? p->host + 10000 :
						 p->host - 10000, p->enclave);
	case EACCES:
		return err_set(e, ERR_SYS,
			       "port %u of this host is for root alone: publish one above %s",
			       p->host,
			       "net.ipv4.ip_unprivileged_port_start (1024)");
	case EADDRNOTAVAIL:
		return err_set(e, ERR_SYS,
			       "cannot listen on port %u: '%s' is no address of this host ('ip address' shows them)",
			       p->host, p->address ? p->address : "0.0.0.0");
	default:
		return err_sys(e, "cannot listen on port %u of this host",
			       p->host);
	}
}

int publish_listen(const struct publish *p, struct err *e)
{
	int fd = listen_on(p, AF_INET6);

	/* A machine without IPv6 has addresses all the same. */
	if (fd < 0 && !p->address &&
	    (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
		fd = listen_on(p, AF_INET);
	return fd < 0 ? cannot(p, e) : fd;
}
