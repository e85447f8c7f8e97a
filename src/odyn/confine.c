/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confine.c - odyn gives up what it needs no more, once the application runs
 */
#include "odyn/confine.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include <openssl/crypto.h>

#include "base/json.h"
#include "base/sandbox.h"
#include "odyn/console.h"

/* What libraries open when they are used first.  OpenSSL's configuration in an
 * enclave is the application's and none of ours. */
static void prepare(void)
{
	json_prepare();
	tzset();
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
}

static int confine_files(const struct manifest *m, const char *path,
			 struct err *e)
{
	AUTO_SANDBOX struct sandbox box = SANDBOX_INIT;

	sandbox_signals(&box);
	for (size_t i = 0; i < m->n_ingress; i++)
		sandbox_call(&box, m->ingress[i].listen_port);
	if (path)	/* and is removed at the end */
		sandbox_publish(&box, path);
	return sandbox_files(&box, e);
}

void confine(const struct manifest *m, const char *path, const struct calls *c)
{
	const char *how = getenv("ENC_SANDBOX");
	struct err e;

	if (how && strcmp(how, "off") == 0)
		return;
	prepare();
	/* Since Linux 3.5; a kernel that has not even that has neither. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0) {
		console_say("not confined: the kernel does not know no_new_privs");
		return;
	}
	if (confine_files(m, path, &e) < 0)
		console_say("not confined in files: %s", e.msg);
	if (calls_confine(c, &e) < 0)
		console_say("not confined in system calls: %s", e.msg);
}
