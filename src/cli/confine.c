/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confine.c - a program enters its sandbox, as $ENC_SANDBOX says
 */
#include "cli/confine.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arch.h"
#include "base/digest.h"
#include "base/isal.h"
#include "base/json.h"
#include "cli/cli.h"

static bool wanted(const char *what)
{
	const char *how = getenv("ENC_SANDBOX");

	return strcmp(how ? how : "", what) == 0;
}

int cli_confine_check(struct err *e)
{
	if (wanted("") || wanted("require") || wanted("off"))
		return 0;
	return err_set(e, ERR_USAGE,
		       "ENC_SANDBOX is '%s': give 'require', 'off' or nothing",
		       getenv("ENC_SANDBOX"));
}

int cli_confine(const struct sandbox *s, struct err *e)
{
	bool required = wanted("require");
	struct err why;

	if (cli_confine_check(e) < 0)
		return -1;
	if (wanted("off"))
		return 0;
	/* What opens files of its own, when it is used first. */
	digest_prepare();
	isal();
	json_prepare();
	if (sandbox_enter(s, &why) == 0) {
		cli_debug("confined to its task; ENC_SANDBOX=off goes without");
		return 0;
	}
	if (required)
		return err_set(e, ERR_SYS,
			       "ENC_SANDBOX=require, and there is no whole sandbox: %s",
			       why.msg);
	cli_note("goes on without a whole sandbox: %s; ENC_SANDBOX=off says that this is known",
		 why.msg);
	return 0;
}

void cli_libexec_needs(const char *name, struct sandbox *s)
{
	AUTO_FREE char *own = cli_libexec(name, ARCH_OWN);
	AUTO_FREE char *other = cli_libexec(name, ARCH_OTHER);

	sandbox_read(s, own);
	sandbox_read(s, other);
}
