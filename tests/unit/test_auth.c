/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_auth.c - challenges, and whose password goes where
 */
#include <sys/stat.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "image/auth.h"

#include "tap.h"

static void parsed(const char *header, enum challenge_scheme scheme,
		   const char *realm, const char *service, const char *scope)
{
	struct challenge c = { .scheme = CHALLENGE_NONE };
	struct err e = { 0 };

	if (!ok(challenge_parse(header, &c, &e) == 0 && c.scheme == scheme,
		header))
		return;
	same_str(c.realm, realm, "realm");
	same_str(c.service, service, "service");
	same_str(c.scope, scope, "scope");
}

static void malformed(const char *header)
{
	struct challenge c = { .scheme = CHALLENGE_NONE };
	struct err e = { 0 };

	ok(challenge_parse(header, &c, &e) == -1 && e.class == ERR_REMOTE &&
	   c.scheme == CHALLENGE_NONE, header);
}

static void test_challenges(void)
{
	parsed("Bearer realm=\"https://a/t\",service=\"s\",scope=\"x:y:pull\"",
	       CHALLENGE_BEARER, "https://a/t", "s", "x:y:pull");
	parsed(" bearer  realm = token , SERVICE=\"a\\\"b\\\\c\"", CHALLENGE_BEARER,
	       "token", "a\"b\\c", "");
	parsed("Bearer realm=\"a,b=c\",error=\"x, Basic realm=y\"",
	       CHALLENGE_BEARER, "a,b=c", "", "");
	parsed("Basic realm=\"r\"", CHALLENGE_BASIC, "r", "", "");
	parsed("Basic realm=r, Bearer realm=b, service=s", CHALLENGE_BEARER,
	       "b", "s", "");
	parsed("Bearer realm=b, service=s, Basic realm=r", CHALLENGE_BEARER,
	       "b", "s", "");
	parsed("Negotiate, Basic realm=r", CHALLENGE_BASIC, "r", "", "");
	parsed("Negotiate YIIabc/+==, Basic realm=r,charset=\"UTF-8\"",
	       CHALLENGE_BASIC, "r", "", "");
	parsed("Digest realm=d, qop=\"auth,auth-int\" ,Basic realm=r",
	       CHALLENGE_BASIC, "r", "", "");
	parsed("Bearer realm=", CHALLENGE_BEARER, "", "", "");
	parsed("Basic", CHALLENGE_BASIC, "", "", "");
	parsed("", CHALLENGE_NONE, "", "", "");
	parsed(" , ,", CHALLENGE_NONE, "", "", "");
	parsed("BearerX realm=b", CHALLENGE_NONE, "", "", "");
	malformed("Bearer realm=\"https://a");
	malformed("Bearer realm=\"a\\");
	malformed("Bearer realm=\"a\" service=\"b\"");
	malformed("Bearer realm=\"a\"x");
	malformed("Bearer =a");
	malformed("(Bearer)");
}

static void test_long(void)
{
	AUTO_BUF struct buf b = BUF_INIT(8192);

	buf_adds(&b, "Bearer service=\"");
	for (int i = 0; i < 256; i++)
		buf_addc(&b, 'x');
	buf_addc(&b, '"');
	malformed(b.data);
	buf_release(&b);
	buf_adds(&b, "Bearer other=");
	for (int i = 0; i < 4096; i++)
		buf_addc(&b, 'x');
	malformed(b.data);
}

static void test_basic(void)
{
	AUTO_SECRET char *one = auth_basic("Aladdin", "open sesame");
	AUTO_SECRET char *two = auth_basic("a", "b:c");

	/* RFC 7617 section 2 */
	same_str(one, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "the RFC's example");
	same_str(two, "Basic YTpiOmM=", "a colon in the password");
}

static char folder[] = "/tmp/enc-test-XXXXXX";

static char *write_config(const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", folder, name);
	FILE *f = fopen(path, "w");

	fputs(text, f);
	fclose(f);
	return path;
}

/* user "u" and so on; want NULL: nothing is found. */
static void finds(const char *text, const char *image, const char *want)
{
	AUTO_FREE char *file = write_config("auth.json", text);
	AUTO_AUTH struct auth a = AUTH_INIT;
	struct err e = { 0 };
	struct ref ref;

	if (!ok(ref_parse(image, &ref, &e) == 0 &&
		auth_find(file, &ref, &a, &e) == 0, image))
		printf("# %s\n", e.msg);
	same_str(a.password ? a.password : a.identity_token, want, text);
	if (want)
		same_str(a.file, file, "and where");
	remove(file);
}

#define USER(p) "{\"username\":\"u\",\"password\":\"" p "\"}"

static void test_lookup(void)
{
	const char *near = "{\"auths\":{\"r.io\":" USER("host")
		",\"r.io/team\":" USER("team") ",\"r.io/team/app\":" USER("app")
		",\"localhost:5000\":" USER("port") ",\"io\":" USER("io") "}}";

	finds(near, "r.io/app", "host");
	finds(near, "r.io/team/other", "team");
	finds(near, "r.io/team/app", "app");
	finds(near, "r.io/team/app/deep", "app");
	finds(near, "r.io/teams/app", "host");
	finds(near, "localhost:5000/app", "port");
	finds(near, "localhost:5001/app", NULL);
	finds(near, "localhost/app", NULL);
	finds(near, "er.io/app", NULL);
	finds(near, "r.io.example/app", NULL);
	finds(near, "r.io:443/app", NULL);
	finds("{\"auths\":{\"https://index.docker.io/v1/\":" USER("hub") "}}",
	      "alpine", "hub");
	finds("{\"auths\":{\"docker.io\":" USER("a")
	      ",\"https://index.docker.io/v1/\":" USER("b") "}}", "alpine", "a");
	finds("{\"auths\":{\"https://index.docker.io/v1/\":" USER("hub") "}}",
	      "index.docker.io.example/alpine", NULL);
	finds("{\"auths\":{\"https://r.io/v2/\":" USER("url") "}}", "r.io/x",
	      "url");
	finds("{\"auths\":{\"https://r.io.example/\":" USER("url") "}}",
	      "r.io/x", NULL);
	finds("{\"auths\":{\"https://example/r.io\":" USER("url") "}}",
	      "r.io/x", NULL);
	finds("{\"auths\":{\"r.io\":{\"auth\":\"dTpwYXNzOndvcmQ=\"}}}",
	      "r.io/x", "pass:word");
	finds("{\"auths\":{\"r.io\":{\"auth\":\"dTpwYXNzOndvcmQ=\",\"identitytoken\":\"t\"}}}",
	      "r.io/x", "t");
	finds("{\"auths\":{\"r.io/x\":{},\"r.io\":" USER("host") "}}", "r.io/x",
	      "host");
	finds("{}", "r.io/x", NULL);
	finds("{\"auths\":[]}", "r.io/x", NULL);
	finds("{\"auths\":{\"r.io\":7}}", "r.io/x", NULL);
}

static void test_helpers(void)
{
	AUTO_FREE char *file = write_config("auth.json",
		"{\"auths\":{\"r.io\":{}},\"credHelpers\":{\"e.io\":\"ecr-login\"},\"credsStore\":\"pass\"}");
	struct err e = { 0 };
	struct ref ref;

	for (int i = 0; i < 2; i++) {
		AUTO_AUTH struct auth a = AUTH_INIT;

		ok(ref_parse(i ? "e.io/x" : "r.io/x", &ref, &e) == 0 &&
		   auth_find(file, &ref, &a, &e) == 0 && !a.user, "no password");
		same_str(a.helper, i ? "ecr-login" : "pass", "but a helper");
	}
	remove(file);
}

static void faulty(const char *text, const char *word)
{
	AUTO_FREE char *file = write_config("auth.json", text);
	AUTO_AUTH struct auth a = AUTH_INIT;
	struct err e = { 0 };
	struct ref ref;

	ok(ref_parse("r.io/x", &ref, &e) == 0 &&
	   auth_find(file, &ref, &a, &e) == -1 && e.class == ERR_INPUT, text);
	ok(strstr(e.msg, word) && strstr(e.msg, file), word);
	remove(file);
}

/* What the parser stopped at may be the password. */
static void test_no_quotes(void)
{
	AUTO_FREE char *file = write_config("auth.json",
		"{\"auths\":{\"r.io\":{\"auth\": c2VzYW1l}}}");
	AUTO_AUTH struct auth a = AUTH_INIT;
	struct err e = { 0 };
	struct ref ref;

	ok(ref_parse("r.io/x", &ref, &e) == 0 &&
	   auth_find(file, &ref, &a, &e) == -1 && e.class == ERR_INPUT,
	   "a password without its quotes");
	ok(!strstr(e.msg, "c2Vz"), "is not in the message");
	remove(file);
}

static void test_faults(void)
{
	AUTO_AUTH struct auth a = AUTH_INIT;
	struct err e = { 0 };
	struct ref ref;

	faulty("{\"auths\":", "not a JSON object");
	faulty("[]", "not a JSON object");
	faulty("{\"auths\":{\"r.io\":{\"auth\":\"!!!!\"}}}", "base64");
	faulty("{\"auths\":{\"r.io\":{\"auth\":\"abc\"}}}", "base64");
	faulty("{\"auths\":{\"r.io\":{\"auth\":\"YWJj\"}}}", "base64");
	faulty("{\"auths\":{\"r.io\":{\"auth\":\"YQBiOmM=\"}}}", "base64");
	ok(ref_parse("r.io/x", &ref, &e) == 0 &&
	   auth_find("/nonexistent/file", &ref, &a, &e) == -1 &&
	   e.class == ERR_SYS, "a file that was named must exist");
	auth_release(&a);
	ok(auth_find(folder, &ref, &a, &e) == -1 && e.class == ERR_INPUT,
	   "a folder is no file");
}

/* Which file is asked, by the environment. */
static void test_files(void)
{
	AUTO_FREE char *run = xasprintf("%s/containers", folder);
	AUTO_FREE char *dot = xasprintf("%s/.docker", folder);
	AUTO_FREE char *one = NULL, *two = NULL, *three = NULL;
	static const char *const want[] = { "containers", "config", "home" };
	struct err e = { 0 };
	struct ref ref;

	mkdir(run, 0700);
	mkdir(dot, 0700);
	one = write_config("containers/auth.json",
			   "{\"auths\":{\"r.io\":" USER("containers") "}}");
	two = write_config("config.json",
			   "{\"auths\":{\"r.io\":" USER("config") "}}");
	three = write_config(".docker/config.json",
			     "{\"auths\":{\"r.io\":" USER("home") "}}");
	unsetenv("REGISTRY_AUTH_FILE");
	setenv("XDG_RUNTIME_DIR", folder, 1);
	setenv("DOCKER_CONFIG", folder, 1);
	setenv("HOME", folder, 1);
	ok(ref_parse("r.io/x", &ref, &e) == 0, "reference");
	for (int i = 0; i < 4; i++) {
		AUTO_AUTH struct auth a = AUTH_INIT;

		ok(auth_find(NULL, &ref, &a, &e) == 0, "looked");
		same_str(a.password, i < 3 ? want[i] : NULL, "in the order");
		ok(a.looked_at && *a.looked_at, "and says where");
		ok(i != 3 || !strstr(a.looked_at, " and "), "this or that");
		if (i == 0)
			remove(one);
		else if (i == 1)
			unsetenv("DOCKER_CONFIG");
		else
			remove(three);
	}
	setenv("REGISTRY_AUTH_FILE", two, 1);
	{
		AUTO_AUTH struct auth a = AUTH_INIT;

		ok(auth_find(NULL, &ref, &a, &e) == 0, "looked");
		same_str(a.password, "config", "$REGISTRY_AUTH_FILE");
	}
	unsetenv("REGISTRY_AUTH_FILE");
	{
		AUTO_AUTH struct auth a = AUTH_INIT;

		ok(auth_find("/dev/null", &ref, &a, &e) < 0 &&
		   strstr(e.msg, "no pipe either"), "no regular file");
	}
	remove(two);
	rmdir(run);
	rmdir(dot);
}

int main(void)
{
	ok(mkdtemp(folder) != NULL, "folder");
	test_challenges();
	test_long();
	test_basic();
	test_lookup();
	test_helpers();
	test_faults();
	test_no_quotes();
	test_files();
	rmdir(folder);
	return tap_done();
}
