/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_http.c - methods, bodies that are sent, and where redirects take them
 *
 * The server is a child that gives one answer of a list for each request and
 * passes on, as text, what it was asked.
 */
#include "image/http.h"

#include <arpa/inet.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/io.h"
#include "base/xalloc.h"
#include "tap.h"

#define REQUEST_MAX (1 << 20)

struct server {
	pid_t	       pid;
	int	       requests;	/* pipe: what was asked, all of it */
	unsigned short port;
};

/* Has the request come whole?  Its body ends as its header says. */
static bool is_whole(const char *text, size_t len)
{
	const char *end = strstr(text, "\r\n\r\n");
	const char *size = strstr(text, "Content-Length: ");

	if (!end)
		return false;
	if (strstr(text, "Transfer-Encoding: chunked"))
		return len >= 5 && strcmp(text + len - 5, "0\r\n\r\n") == 0;
	if (!size || size > end)
		return true;
	return (size_t)(text + len - end - 4) >= strtoul(size + 16, NULL, 10);
}

/* One connection, as long as the peer keeps it or an answer closes it. */
static const char *const *serve(int fd, int out, const char *const *answers)
{
	char *text = xcalloc(1, REQUEST_MAX);

	while (*answers) {
		bool close_it = strstr(*answers, "Connection: close");
		size_t len = 0;
		ssize_t n;

		memset(text, 0, REQUEST_MAX);
		while (!is_whole(text, len)) {
			n = read(fd, text + len, REQUEST_MAX - 1 - len);
			if (n <= 0) {
				free(text);
				return answers;
			}
			len += (size_t)n;
		}
		if (io_write(out, text, len) < 0 ||
		    io_write(fd, *answers, strlen(*answers)) < 0)
			_exit(1);
		answers++;
		if (close_it)
			break;
	}
	free(text);
	return answers;
}

static struct server start(const char *const *answers)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	struct server s;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), pipes[2];

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) < 0 ||
	    listen(fd, 8) < 0 || pipe(pipes) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		exit(1);
	s.port = ntohs(a.sin_port);
	s.requests = pipes[0];
	s.pid = fork();
	if (s.pid == 0) {
		close(pipes[0]);
		while (*answers) {
			int c = accept(fd, NULL, NULL);

			answers = serve(c, pipes[1], answers);
			close(c);
		}
		_exit(0);
	}
	close(pipes[1]);
	close(fd);
	return s;
}

/* What the server was asked; new. */
static char *stop(struct server *s)
{
	struct buf b = BUF_INIT(REQUEST_MAX);
	struct err e;

	kill(s->pid, SIGTERM);
	waitpid(s->pid, NULL, 0);
	if (buf_read_fd(&b, s->requests, "requests", &e) < 0)
		exit(1);
	close(s->requests);
	return buf_steal(&b);
}

static ssize_t read_text(void *ctx, uint64_t offset, void *data, size_t len,
			 struct err *e UNUSED)
{
	const char *text = ctx;
	size_t left = strlen(text) - offset;

	/* In small pieces, so that it is called again. */
	len = len < 7 ? len : 7;
	len = len < left ? len : left;
	memcpy(data, text + offset, len);
	return (ssize_t)len;
}

static char body[] = "the body of it all";
static const struct http_policy policy = { .tls_verify = true, .jobs = 1 };

struct asked {
	struct http	   *http;
	struct http_request r;
	struct err	    e;
	char		   *requests;
	int		    ret;
};

/* Sends r to the path of a server with these answers; times times, as after a
 * refusal. */
static struct asked ask(struct http_request r, const char *const *answers,
			int times)
{
	struct server s = start(answers);
	struct asked a = { .r = r };

	a.http = http_new(&policy, &a.e);
	a.r.url = xasprintf("http://127.0.0.1:%u/v2/one?x=1", s.port);
	for (int i = 0; i < times; i++)
		a.ret = http_run(a.http, &a.r, &a.e);
	a.requests = stop(&s);
	return a;
}

static void done(struct asked *a)
{
	http_request_release(&a->r);
	http_free(a->http);
	free(a->requests);
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static void test_methods(void)
{
	static const char *const ok_empty[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
		"docker-content-digest:sha256:1\r\nConnection: close\r\n\r\n", NULL };
	static const char *const accepted[] = {
		"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nLocation: two\r\n"
		"Range: 0-17\r\nOCI-Chunk-Min-Length: 9\r\n\r\n", NULL };
	struct asked a = ask((struct http_request){ .method = HTTP_HEAD },
			     ok_empty, 1);

	ok(a.ret == 0 && a.r.status == 200, "HEAD has its answer");
	ok(begins(a.requests, "HEAD /v2/one?x=1 HTTP/1.1\r\n"), "and is HEAD");
	same_str(a.r.field[HTTP_CONTENT_DIGEST], "sha256:1",
		 "a field without blanks, in another case");
	same_str(a.r.field[HTTP_LOCATION], NULL, "one that is not there");
	done(&a);
	a = ask((struct http_request){ .method = HTTP_POST }, accepted, 1);
	ok(begins(a.requests, "POST /v2/one?x=1 HTTP/1.1\r\n"), "an empty POST");
	ok(strstr(a.requests, "Content-Length: 0\r\n"), "says how long it is");
	ok(!strstr(a.requests, "Content-Type"), "and is not a form");
	ok(a.r.status == 202, "202 is an answer");
	same_str(a.r.field[HTTP_LOCATION], "two", "Location");
	same_str(a.r.field[HTTP_RANGE], "0-17", "Range");
	same_str(a.r.field[HTTP_CHUNK_MIN], "9", "OCI-Chunk-Min-Length");
	done(&a);
}

static void test_uploads(void)
{
	static const char *const created[] = {
		"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", NULL };
	static const char *const twice[] = {
		"HTTP/1.1 401 No\r\nLocation: old\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", NULL };
	struct http_upload u = { read_text, body, sizeof(body) - 1,
				 "application/x", "0-17" };
	struct http_request r = { .method = HTTP_PATCH, .upload = &u };
	struct asked a = ask(r, created, 1);

	ok(begins(a.requests, "PATCH /v2/one?x=1 HTTP/1.1\r\n"), "PATCH");
	ok(strstr(a.requests, "\r\nContent-Range: 0-17\r\n"), "Content-Range");
	ok(strstr(a.requests, "\r\nContent-Type: application/x\r\n"),
	   "Content-Type");
	ok(strstr(a.requests, "\r\nContent-Length: 18\r\n"), "Content-Length");
	ok(strstr(a.requests, "\r\n\r\nthe body of it all"), "the body");
	done(&a);
	u.size = HTTP_SIZE_UNKNOWN;
	r.method = HTTP_POST;
	a = ask(r, created, 1);
	ok(a.ret == 0 && a.r.status == 201, "a body of unknown length");
	ok(strstr(a.requests, "\r\nTransfer-Encoding: chunked\r\n"),
	   "goes in chunks");
	ok(strstr(a.requests, "7\r\nthe bod\r\n"), "which are as they came");
	done(&a);
	u.size = sizeof(body) - 1;
	r.method = HTTP_PUT;
	a = ask(r, twice, 2);
	ok(a.r.status == 201, "a request sent again");
	ok(strstr(strstr(a.requests, "it all") + 1, "the body of it all"),
	   "has its body again, from the start");
	same_str(a.r.field[HTTP_LOCATION], NULL, "and no field of the last answer");
	done(&a);
	u.size = sizeof(body) + 1;
	a = ask(r, created, 1);
	ok(a.ret < 0 && a.e.class == ERR_INPUT, "a body that ends too early");
	same_str(a.e.msg, "what is sent ended after 18 bytes of 20", "is an error");
	done(&a);
}

static void test_redirects(void)
{
	static const char *const kept[] = {
		"HTTP/1.1 307 There\r\nLocation: ../two\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", NULL };
	static const char *const other[] = {
		"HTTP/1.1 302 There\r\nLocation: /two\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", NULL };
	static const char *const round[] = {
		"HTTP/1.1 308 A\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 308 B\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 308 C\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 308 D\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 308 E\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 308 F\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
		NULL };
	struct http_upload u = { read_text, body, sizeof(body) - 1, NULL, NULL };
	char *secret = xstrdup("Basic c2VjcmV0");
	struct http_request r = { .method = HTTP_PUT, .upload = &u,
				  .authorization = &secret };
	const char *second;
	struct asked a = ask(r, kept, 1);

	second = strstr(a.requests, "PUT /two HTTP/1.1\r\n");
	ok(second && strstr(second, body), "307 keeps method and body");
	ok(second && strstr(second, secret), "and Authorization, to the same host");
	ok(a.r.status == 201 && !a.r.moved, "and has its answer");
	done(&a);
	a = ask(r, other, 1);
	ok(a.ret == 0 && a.r.status == 302, "302 is an answer to what has a body");
	ok(!strstr(a.requests, "/two"), "and is not followed");
	done(&a);
	a = ask(r, round, 1);
	ok(a.ret < 0 && begins(a.e.msg, "too many redirects"), "a loop ends");
	done(&a);
	free(secret);
}

static void test_other_host(void)
{
	static const char *const created[] = {
		"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", NULL };
	struct server s = start(created);
	AUTO_FREE char *to = xasprintf(
		"HTTP/1.1 308 There\r\nLocation: http://127.0.0.1:%u/b\r\n"
		"Content-Length: 0\r\n\r\n", s.port);
	const char *const answers[] = { to, NULL };
	char *secret = xstrdup("Basic c2VjcmV0");
	struct http_request r = { .method = HTTP_POST,
				  .authorization = &secret };
	struct asked a = ask(r, answers, 1);
	AUTO_FREE char *there = stop(&s);

	ok(a.ret == 0 && a.r.status == 201 && a.r.moved, "another host answers");
	ok(strstr(a.requests, secret), "Authorization goes where it should");
	ok(begins(there, "POST /b HTTP/1.1\r\n") && !strstr(there, "Authoriz"),
	   "and not where a redirect leads");
	done(&a);
	free(secret);
}

static void same_place(const char *base, const char *location,
		       const char *want, const char *what)
{
	AUTO_FREE char *got = http_resolve(base, location);

	same_str(got, want, what);
}

static void test_resolve(void)
{
	same_place("https://a.io/v2/x/", "b?c=d", "https://a.io/v2/x/b?c=d",
		   "a relative Location");
	same_place("https://a.io/v2/x?y", "/v2/b", "https://a.io/v2/b",
		   "an absolute path");
	same_place("https://a.io/v2/x", "https://b.io:5/q",
		   "https://b.io:5/q", "another host");
	same_place("https://a.io/v2/x", "//b.io/q", "https://b.io/q",
		   "another host, the same scheme");
	same_place("https://a.io/v2/x", "http://a.io/q", NULL,
		   "https does not become http");
	same_place("http://a.io/v2/x", "file:///etc/passwd", NULL, "no file");
	same_place("http://a.io/", "http://u:p@a.io/", NULL, "no password");
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	test_methods();
	test_uploads();
	test_redirects();
	test_other_host();
	test_resolve();
	return tap_done();
}
