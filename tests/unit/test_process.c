/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_process.c - process.json, Docker's USER, signal names
 */
#include "enclave/process.h"

#include "tap.h"

#include "base/buf.h"
#include "base/xalloc.h"

#define RAW "{\"argv\":[\"/bin/app\",\"-v\"],\"cwd\":\"/srv\"," \
	    "\"env\":[\"A=b\",\"NL=1\\n2\"],\"schema\":\"process/1\"," \
	    "\"stop_signal\":15,\"user\":\"app:staff\"}\n"
#define FINAL "{\"argv\":[\"/bin/app\"],\"cwd\":\"/\",\"env\":[]," \
	      "\"gid\":50,\"groups\":[50,100],\"schema\":\"process/1\"," \
	      "\"stop_signal\":2,\"uid\":1000}\n"

static void test_round_trip(const char *text, const char *what)
{
	AUTO_PROCESS struct process p = { .argv = NULL };
	struct err e = { .class = ERR_NONE };
	AUTO_FREE char *again = NULL;

	if (!ok(process_parse(text, strlen(text), &p, &e) == 0, what)) {
		printf("# %s\n", e.msg);
		return;
	}
	again = process_text(&p);
	same_str(again, text, "and written again: the same bytes");
}

static void test_members(void)
{
	AUTO_PROCESS struct process p = { .argv = NULL };
	struct err e = { .class = ERR_NONE };

	ok(process_parse(RAW, strlen(RAW), &p, &e) == 0, "raw form");
	same_str(p.argv[1], "-v", "second word");
	ok(p.argv[2] == NULL, "argv ends in NULL");
	same_str(p.env[1], "NL=1\n2", "a newline in a value");
	same_str(p.user, "app:staff", "user as in the image");
	same_str(p.cwd, "/srv", "working directory");
}

static void refused(const char *text, const char *message)
{
	AUTO_PROCESS struct process p = { .argv = NULL };
	struct err e = { .class = ERR_NONE };

	ok(process_parse(text, strlen(text), &p, &e) < 0 &&
	   e.class == ERR_INPUT && p.argv == NULL, text);
	same_str(e.msg, message, "its message");
}

#define HEAD "{\"schema\":\"process/1\","
#define APP "\"argv\":[\"a\"],\"env\":[],\"cwd\":\"/\",\"stop_signal\":15"

static void test_refused(void)
{
	refused("[]", "'process.json': not a JSON object");
	refused("{\"schema\":\"process/2\"}",
		"'process.json': 'schema' is not 'process/1'");
	refused(HEAD "\"extra\":1," APP ",\"user\":\"\"}",
		"'process.json': unknown member 'extra'");
	refused(HEAD "\"argv\":\"a\"}",
		"'process.json': 'argv' is not an array of strings");
	refused(HEAD "\"argv\":[1]}", "'process.json': 'argv'[0] is not a "
		"string of at most 131071 bytes");
	refused(HEAD "\"argv\":[],\"env\":[],\"cwd\":\"/\",\"stop_signal\":1,"
		"\"user\":\"\"}", "'process.json': 'argv' names no command");
	refused(HEAD "\"argv\":[\"a\"],\"env\":[\"=x\"],\"cwd\":\"/\","
		"\"stop_signal\":1,\"user\":\"\"}",
		"'process.json': 'env'[0] is not NAME=value");
	refused(HEAD "\"argv\":[\"a\"],\"env\":[],\"cwd\":\"srv\","
		"\"stop_signal\":1,\"user\":\"\"}",
		"'process.json': 'cwd' is not an absolute path");
	refused(HEAD "\"argv\":[\"a\"],\"env\":[],\"cwd\":\"/\","
		"\"stop_signal\":65,\"user\":\"\"}", "'process.json': "
		"'stop_signal' is not a number from 1 to 64");
	refused(HEAD APP "}",
		"'process.json': 'uid' is not a number from 0 to 2147483647");
	refused(HEAD APP ",\"user\":\"\",\"uid\":0}", "'process.json': 'user' "
		"stands beside 'uid', 'gid' or 'groups'");
	refused(HEAD APP ",\"uid\":0,\"gid\":0,\"groups\":[2,1]}",
		"'process.json': 'groups' is not in ascending order");
	refused(HEAD APP ",\"uid\":0,\"gid\":0,\"groups\":[-1]}",
		"'process.json': 'groups'[0] is not a group id");
	refused(HEAD APP ",\"uid\":0,\"gid\":0,\"groups\":0}", "'process.json':"
		" 'groups' is not an array of at most 1024 numbers");
}

static void test_nul(void)
{
	static const char text[] = HEAD "\"argv\":[\"a\\u0000b\"]}";
	static const char start[] = "'process.json': not JSON: ";
	AUTO_PROCESS struct process p = { .argv = NULL };
	struct err e = { .class = ERR_NONE };

	ok(process_parse(text, strlen(text), &p, &e) < 0, "a NUL in a word");
	ok(strncmp(e.msg, start, strlen(start)) == 0, "its message");
}

static void test_too_much(void)
{
	AUTO_BUF struct buf b = BUF_INIT(PROCESS_JSON_MAX);
	AUTO_PROCESS struct process p = { .argv = NULL };
	struct err e = { .class = ERR_NONE };

	buf_adds(&b, HEAD "\"argv\":[\"a\"],\"cwd\":\"/\",\"stop_signal\":15,"
		 "\"user\":\"\",\"env\":[\"A=0\"");
	for (int i = 0; i < 200000; i++)
		buf_adds(&b, ",\"A=0\"");
	buf_adds(&b, "]}");
	ok(process_parse(b.data, b.len, &p, &e) < 0, "more than exec takes");
	same_str(e.msg, "'process.json': arguments and environment take "
		 "2400022 bytes, the kernel allows 2031616", "its message");
	ok(process_parse(b.data, PROCESS_JSON_MAX + 1, &p, &e) < 0,
	   "text past the limit is not read");
}

#define PASSWD							\
	"root:x:0:0:root:/root:/bin/sh\n"			\
	"\n"							\
	"# a comment\n"						\
	"app:x:1000:50:App:/srv:/bin/sh\n"			\
	"broken:x:zero:0::/:\n"					\
	"short:x\n"						\
	"big:x:2147483648:0::/:\n"				\
	"4000:x:77:77::/:\n"					\
	"latin1:x:8:8::/caf\351:\n"				\
	"last:x:5:6"
#define GROUP							\
	"root:x:0:\n"						\
	"staff:x:50:\n"						\
	"video:x:44:root,app\n"					\
	"audio:x:29:apple,app,app2\n"				\
	"again:x:29:app\n"					\
	"void:x::app\n"						\
	"apps:x:90:apple\n"					\
	"nogid:x:nine:\n"

/* The numbers that USER gives, as "uid gid groups…", or the message. */
static void user_is(const char *user, const char *passwd, const char *group,
		    const char *want)
{
	AUTO_PROCESS struct process p = { .user = xstrdup(user) };
	AUTO_BUF struct buf b = BUF_INIT(4096);
	struct err e = { .class = ERR_NONE };

	if (process_resolve_user(&p, passwd, group, &e) < 0) {
		buf_adds(&b, e.msg);
	} else {
		buf_addf(&b, "%u %u", p.uid, p.gid);
		for (size_t i = 0; i < p.n_groups; i++)
			buf_addf(&b, " %u", p.groups[i]);
		if (p.user)
			buf_adds(&b, " unresolved");
	}
	same_str(b.data, want, *user ? user : "no user");
}

static void test_user(void)
{
	user_is("", PASSWD, GROUP, "0 0 0 44");
	user_is("", NULL, NULL, "0 0 0");
	user_is("app", PASSWD, GROUP, "1000 50 29 44 50");
	user_is("1000", PASSWD, GROUP, "1000 50 29 44 50");
	user_is("01000", PASSWD, GROUP, "1000 50 29 44 50");
	user_is("app:", PASSWD, GROUP, "1000 50 29 44 50");
	user_is("app:video", PASSWD, GROUP, "1000 44 44");
	user_is("app:7", PASSWD, GROUP, "1000 7 7");
	user_is("app:7", PASSWD, NULL, "1000 7 7");
	user_is(":staff", PASSWD, GROUP, "0 50 50");
	user_is("4242", PASSWD, GROUP, "4242 0 0");
	user_is("4242:50", NULL, NULL, "4242 50 50");
	/* a number is an id, even when somebody is called that */
	user_is("4000", PASSWD, GROUP, "4000 0 0");
	user_is("last", PASSWD, GROUP, "5 6 6");
}

static void test_user_refused(void)
{
	user_is("nobody", PASSWD, GROUP,
		"user 'nobody' of the image is not in its /etc/passwd");
	user_is("nobody", NULL, NULL, "user 'nobody' of the image is not in "
		"its /etc/passwd, which is not there");
	user_is("app:none", PASSWD, GROUP,
		"group 'none' of the image is not in its /etc/group");
	user_is("app:none", PASSWD, NULL, "group 'none' of the image is not in "
		"its /etc/group, which is not there");
	/* Docker makes root of these */
	user_is("broken", PASSWD, GROUP, "/etc/passwd of the image: the line "
		"of 'broken' has no id that is a number up to 2147483647");
	user_is("short", PASSWD, GROUP, "/etc/passwd of the image: the line "
		"of 'short' has no id that is a number up to 2147483647");
	user_is("big", PASSWD, GROUP, "/etc/passwd of the image: the line of "
		"'big' has no id that is a number up to 2147483647");
	user_is("app:nogid", PASSWD, GROUP, "/etc/group of the image: the line "
		"of 'nogid' has no id that is a number up to 2147483647");
	user_is("2147483648", PASSWD, GROUP,
		"user '2147483648' of the image is larger than 2147483647");
	user_is("99999999999999999999999", PASSWD, GROUP,
		"user '99999999999999999999999' of the image is larger than "
		"2147483647");
	user_is("-1", PASSWD, GROUP,
		"user '-1' of the image is not in its /etc/passwd");
	user_is("app:staff:x", PASSWD, GROUP,
		"user 'app:staff:x' of the image is not USER or USER:GROUP");
}

/* HOME and PATH after USER was resolved, as "HOME=… PATH=…". */
static void env_is(const char *user, const char *given, const char *want)
{
	AUTO_PROCESS struct process p = { .user = xstrdup(user) };
	AUTO_BUF struct buf b = BUF_INIT(4096);
	struct err e = { .class = ERR_NONE };

	p.env = xcalloc(2, sizeof(*p.env));
	p.env[0] = xstrdup(given);
	ok(process_resolve_user(&p, PASSWD, GROUP, &e) == 0, "resolved");
	for (char **w = p.env; *w; w++)
		buf_addf(&b, "%s ", *w);
	same_str(b.data, want, *user ? user : "no user");
}

static void test_env(void)
{
#define PATH_SET "PATH=" PROCESS_DEFAULT_PATH " "
	env_is("", "A=b", "A=b " PATH_SET "HOME=/root ");
	env_is("app", "PATH=/x", "PATH=/x HOME=/srv ");
	env_is("app", "HOME=/x", "HOME=/x " PATH_SET);
	env_is("4242", "A=", "A= " PATH_SET "HOME=/ ");
	env_is("last", "A=", "A= " PATH_SET "HOME=/ ");
	env_is("app", "HOMEPATH=1", "HOMEPATH=1 " PATH_SET "HOME=/srv ");
}

/* A home that is only taken when it is needed, and must be fit for it. */
static void test_home(void)
{
	AUTO_FREE char *far = xasprintf("app:x:1:1::/%*s", 4095, "");
	const char *const passwd[] = { PASSWD, far };
	const char *const user[] = { "latin1", "app" };

	for (size_t i = 0; i < 2; i++) {
		AUTO_PROCESS struct process p = { .user = xstrdup(user[i]) };
		struct err e = { .class = ERR_NONE };

		ok(process_resolve_user(&p, passwd[i], NULL, &e) < 0 &&
		   e.class == ERR_INPUT, "not a home for process.json");
		same_str(e.msg, "the user's home in /etc/passwd of the image is not UTF-8, or no path at all for its length: set HOME where the image is built",
			 "its message");
	}
	env_is("latin1", "HOME=/", "HOME=/ " PATH_SET);
}

/* A number that no line has is not at home where the last line is. */
static void test_nobodys_home(void)
{
	AUTO_PROCESS struct process p = { .user = xstrdup("4242") };
	struct err e = { .class = ERR_NONE };

	ok(process_resolve_user(&p, "root:x:0:0::/root:\n"
				"app:x:1:1::/srv:/bin/sh\n", NULL, &e) == 0,
	   "a number that is in no line");
	same_str(p.env[1], "HOME=/", "has no home");
}

static void test_many_groups(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 20);
	AUTO_PROCESS struct process p = { .user = xstrdup("app") };
	struct err e = { .class = ERR_NONE };

	for (int i = PROCESS_GROUPS_MAX; i > 0; i--)
		buf_addf(&b, "g%d:x:%d:app\n", i, i);
	ok(process_resolve_user(&p, "app:x:9:1024", b.data, &e) == 0 &&
	   p.n_groups == PROCESS_GROUPS_MAX && p.groups[0] == 1 &&
	   p.groups[1023] == 1024, "as many groups as allowed, ascending");
	free(p.user);
	p.user = xstrdup("app");
	ok(process_resolve_user(&p, "app:x:9:5000", b.data, &e) < 0,
	   "one more");
	same_str(e.msg, "/etc/group of the image puts the user into more than "
		 "1024 groups", "its message");
	same_str(p.user, "app", "and the user stays");
}

static void test_signals(void)
{
	char name[PROCESS_SIGNAL_NAME];

	ok(process_signal("SIGTERM") == 15, "SIGTERM");
	ok(process_signal("term") == 15, "term");
	ok(process_signal("15") == 15, "15");
	ok(process_signal("SIGRTMIN+3") == 37, "SIGRTMIN+3");
	ok(process_signal("RTMAX-1") == 63, "RTMAX-1");
	ok(process_signal("SIGRTMIN") == 34, "SIGRTMIN");
	ok(process_signal("SIGWINCH") == 28, "SIGWINCH");
	ok(process_signal("") == -1, "nothing");
	ok(process_signal("0") == -1, "0");
	ok(process_signal("65") == -1, "65");
	ok(process_signal("015x") == -1, "015x");
	ok(process_signal("SIGRTMIN-1") == -1, "SIGRTMIN-1");
	ok(process_signal("SIGRTMIN+31") == -1, "SIGRTMIN+31");
	ok(process_signal("SIG") == -1, "SIG");
	ok(process_signal("SIGSIGTERM") == -1, "SIGSIGTERM");
	process_signal_name(9, name);
	same_str(name, "SIGKILL", "9");
	process_signal_name(6, name);
	same_str(name, "SIGABRT", "6");
	process_signal_name(64, name);
	same_str(name, "SIGRTMIN+30", "64");
	process_signal_name(32, name);
	same_str(name, "signal 32", "32");
}

int main(void)
{
	test_round_trip(RAW, "the raw form");
	test_round_trip(FINAL, "the final form");
	test_members();
	test_refused();
	test_nul();
	test_too_much();
	test_user();
	test_user_refused();
	test_env();
	test_home();
	test_nobodys_home();
	test_many_groups();
	test_signals();
	return tap_done();
}
