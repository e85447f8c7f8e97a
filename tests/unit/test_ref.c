/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_ref.c - references and image paths
 */
#include "base/xalloc.h"
#include "image/ref.h"

#include "tap.h"

#define HEX "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void good(const char *text, const char *name, const char *hex)
{
	struct err e = { 0 };
	struct ref ref;
	AUTO_FREE char *got = NULL;

	if (!ok(ref_parse(text, &ref, &e) == 0, text)) {
		printf("# %s\n", e.msg);
		return;
	}
	got = ref_name(&ref);
	same_str(got, name, "its full name");
	same_str(ref.hex, hex, "its digest");
}

static void bad(const char *text, const char *word)
{
	struct err e = { 0 };
	struct ref ref;

	ok(ref_parse(text, &ref, &e) == -1 && e.class == ERR_USAGE, text);
	ok(strstr(e.msg, word) != NULL, word);
}

static void test_good(void)
{
	good("alpine", "docker.io/library/alpine:latest", "");
	good("alpine:3.20", "docker.io/library/alpine:3.20", "");
	/* A transport's name is a repository's where it leads nowhere else. */
	good("library/oci:1", "docker.io/library/oci:1", "");
	good("localhost/dir:1", "localhost/dir:1", "");
	good("docker:27", "docker.io/library/docker:27", "");
	good("oci", "docker.io/library/oci:latest", "");
	good("user/app", "docker.io/user/app:latest", "");
	good("index.docker.io/app", "docker.io/library/app:latest", "");
	good("docker.io/user/app:1", "docker.io/user/app:1", "");
	good("localhost/app", "localhost/app:latest", "");
	good("localhost:5000/app:1", "localhost:5000/app:1", "");
	good("127.0.0.1:5000/a/b/c", "127.0.0.1:5000/a/b/c:latest", "");
	good("[::1]:5000/app", "[::1]:5000/app:latest", "");
	good("Registry/app", "Registry/app:latest", "");
	good("quay.io/a__b/c.d-e--f", "quay.io/a__b/c.d-e--f:latest", "");
	good("app@sha256:" HEX, "docker.io/library/app", HEX);
	good("r.io/app:1@sha256:" HEX, "r.io/app:1", HEX);
	good("public.ecr.aws/s2t1d4c6/enclaver-io/nitro-cli:latest",
	     "public.ecr.aws/s2t1d4c6/enclaver-io/nitro-cli:latest", "");
}

static void test_bad(void)
{
	char path[300] = "r.io/", tag[200] = "app:";

	bad("", "empty");
	bad("App", "repository");
	bad("r.io/App", "repository");
	bad("r.io/", "repository");
	bad("a//b", "repository");
	bad("a/../b", "repository");
	bad("a___b", "repository");
	bad("-a", "repository");
	bad("a-", "repository");
	bad("app:", "tag");
	bad("app:.x", "tag");
	bad("app:a b", "tag");
	bad("app@sha256:12", "sha256");
	bad("app@sha512:" HEX HEX, "sha256");
	bad("app@md5:" HEX, "sha256");
	bad("r.io:99999/app", "host");
	bad("r.io:/app", "host");
	bad("-r.io/app", "host");
	bad("r..io/app", "host");
	bad("[::g]/app", "host");
	bad("user@r.io/app", "sha256");
	bad("https://r.io/app", "host");
	bad("docker://r.io/app", "leave docker:// out");
	bad("oci:x", "an image path is oci:DIR:NAME");
	bad("oci-archive:out.tar", "enc-push --target");
	bad("docker-archive:app.tar", "enc-pull brings");
	bad("docker-daemon:localhost/app:1", "enc-pull brings");
	bad("dir:x", "skopeo copy");
	bad("containers-storage:app", "skopeo copy");
	bad("r.io/app\t", "repository");
	bad(HEX, "image ID");
	memset(path + 5, 'a', 280);
	bad(path, "longer than 255");
	memset(tag + 4, 'a', 129);
	bad(tag, "tag");
}

static void test_loopback(void)
{
	static const struct { const char *host; bool is; } hosts[] = {
		{ "localhost", true },	     { "localhost:5000", true },
		{ "127.0.0.1", true },	     { "127.1.2.3:80", true },
		{ "[::1]:5000", true },	     { "[::2]", false },
		{ "128.0.0.1", false },	     { "localhost.example.com", false },
		{ "127.0.0.1.example.com", false }, { "docker.io", false },
	};
	struct ref ref = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		snprintf(ref.host, sizeof(ref.host), "%s", hosts[i].host);
		ok(ref_is_loopback(&ref) == hosts[i].is, hosts[i].host);
	}
}

static void bad_path(const char *text)
{
	AUTO_IMAGE_PATH struct image_path p = { 0 };
	struct err e = { 0 };

	ok(image_path_parse(text, &p, &e) == -1 && e.class == ERR_USAGE &&
	   !p.dir, text);
}

static void test_image_path(void)
{
	AUTO_IMAGE_PATH struct image_path p = { 0 };
	AUTO_FREE char *text = image_path_format("/var/cache/enclaver",
						 "r.io:5000/app:1", HEX);
	struct err e = { 0 };

	same_str(text, "oci:/var/cache/enclaver:r.io:5000/app:1@sha256:" HEX,
		 "formatted");
	ok(image_path_parse(text, &p, &e) == 0, "parsed again");
	same_str(p.dir, "/var/cache/enclaver", "dir");
	same_str(p.name, "r.io:5000/app:1", "name");
	same_str(p.hex, HEX, "digest");
	bad_path("");
	bad_path("oci:");
	bad_path("oci:/dir");
	bad_path("oci:/dir:name");
	bad_path("oci:/dir:@sha256:" HEX);
	bad_path("oci::name@sha256:" HEX);
	bad_path("oci:/dir:name@sha256:12");
	bad_path("docker://app");
	bad_path("oci:/dir:na\tme@sha256:" HEX);
}

int main(void)
{
	test_good();
	test_bad();
	test_loopback();
	test_image_path();
	return tap_done();
}
