/* SPDX-License-Identifier: Apache-2.0 */
/*
 * choose.c - which launcher
 */
#include <string.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "enclave/ne.h"
#include "enc-run/run.h"

static const struct launcher *const launchers[] = {
	&launcher_nitro, &launcher_nitro_cli, &launcher_qemu,
	&launcher_sandbox,
};

static const struct launcher *by_name(const char *name, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(launchers); i++) {
		const struct launcher *l = launchers[i];

		if (strcmp(l->name, name) != 0)
			continue;
		return l->available(e) < 0 ? NULL : l;
	}
	err_set(e, ERR_USAGE,
		"no launcher is called '%s': auto, nitro, nitro-cli, qemu or sandbox",
		name);
	return NULL;
}

const struct launcher *launcher_choose(const char *name, struct err *e)
{
	AUTO_BUF struct buf why = BUF_INIT(sizeof(e->msg));

	if (name && strcmp(name, "auto") != 0)
		return by_name(name, e);
	for (size_t i = 0; i < ARRAY_SIZE(launchers); i++) {
		const struct launcher *l = launchers[i];
		struct err lacks;

		if (l->available(&lacks) == 0)
			return l;
		/* Who may not open the device of this machine is told so: a
		 * sandbox in its place would run, and protect nothing. */
		if (l == &launcher_nitro && ne_is_there()) {
			*e = lacks;
			return NULL;
		}
		/* What does not fit any more is the last way of all. */
		if (buf_append(&why, "; ", why.len ? 2 : 0) < 0 ||
		    buf_append(&why, l->name, strlen(l->name)) < 0 ||
		    buf_append(&why, ": ", 2) < 0 ||
		    buf_append(&why, lacks.msg, strlen(lacks.msg)) < 0)
			break;
	}
	err_set(e, ERR_SYS, "nothing here can start an enclave: %s", why.data);
	return NULL;
}
