/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.c - what becomes of the enclave, for programs
 */
#include "enc-run/events.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/io.h"
#include "base/json.h"
#include "base/xalloc.h"

/* Takes the object. */
static void say(int fd, const char *event, json_t *j)
{
	AUTO_JSON json_t *all = j ? j : json_object();
	AUTO_FREE char *text = NULL, *line = NULL;
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	if (fd < 0)
		return;
	json_put_str(all, "event", event);
	text = json_text(all);
	line = xasprintf("%s\n", text);
	/* Nobody reads, or is there any more: the enclave goes on all the
	 * same.  A pipe that is ready takes PIPE_BUF bytes. */
	if (poll(&p, 1, 0) == 1 && (p.revents & POLLOUT))
		(void)!io_write(fd, line, strlen(line));
}

/* sd_notify(3): a datagram to $NOTIFY_SOCKET, "@" being an abstract name. */
static void notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = path ? strlen(path) : 0;
	AUTO_CLOSE int fd = -1;

	if (len < 2 || len >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, len);
	if (*path == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		(void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL,
			      (struct sockaddr *)&to, (socklen_t)
			      (offsetof(struct sockaddr_un, sun_path) + len));
}

void event_starting(int fd)
{
	say(fd, "starting", NULL);
}

void event_started(int fd, const struct launcher *l, const struct enclave *en)
{
	json_t *j = json_object();

	json_put_str(j, "launcher", l->name);
	json_put(j, "cid", en->cid ? json_integer(en->cid) : json_null());
	say(fd, "started", j);
}

void event_ready(int fd)
{
	say(fd, "ready", NULL);
	notify("READY=1\n");
}

void event_stopping(int fd)
{
	say(fd, "stopping", NULL);
	notify("STOPPING=1\n");
}

void event_exited(int fd, int status)
{
	json_t *j = json_object();

	json_put(j, "status", json_integer(status));
	say(fd, "exited", j);
}
