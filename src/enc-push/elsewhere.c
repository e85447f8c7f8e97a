/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elsewhere.c - an image goes where no registry is
 */
#include "enc-push/elsewhere.h"

#include "base/xalloc.h"
#include "cli/cli.h"
#include "image/ref.h"

void elsewhere_parse(struct elsewhere *w, const char *target)
{
	struct ref ref;
	struct err e;

	switch (transport_of(target, NULL)) {
	case TRANSPORT_OCI_ARCHIVE:
	case TRANSPORT_DOCKER_ARCHIVE:
	case TRANSPORT_DOCKER_DAEMON:
		break;
	default:
		return;
	}
	w->text = target;
	if (export_parse(target, &w->kind, &w->where, &e) < 0)
		cli_usage("%s", e.msg);
	if (w->kind != EXPORT_DAEMON || !*w->where)
		return;
	if (ref_parse_name(w->where, &ref, &e) < 0)
		cli_usage("target '%s': %s", target, e.msg);
	if (*ref.hex)
		cli_usage("target '%s' has a digest, which the docker daemon would not know: give a tag",
			  target);
}

int elsewhere_open(struct elsewhere *w, struct sandbox *box, struct err *e)
{
	if (w->kind == EXPORT_DAEMON) {
		if (daemon_open(&w->daemon, e) < 0) {
			if (e->class == ERR_NO)
				e->class = ERR_REMOTE;
			return -1;
		}
		daemon_needs(&w->daemon, box);
		return 0;
	}
	sandbox_publish(box, w->where);
	return outfile_open_beside(&w->file, w->where, e);
}

/* An image of a layout may have any name, or none. */
static char *name_there(const struct elsewhere *w, const struct image *img,
			struct err *e)
{
	bool given = w->kind == EXPORT_DAEMON && *w->where;
	const char *text = given ? w->where : img->path.name;
	struct ref ref;

	if (ref_parse(text, &ref, e) < 0) {
		err_wrap(e, "the image is called '%s'", text);
		return NULL;
	}
	return ref_name(&ref);
}

static int load(struct elsewhere *w, const struct image *img, const char *name,
		struct progress *p, struct err *e)
{
	int there = export_is_there(&w->daemon, img, name, e);

	if (there < 0)
		return -1;
	if (there) {
		cli_note("'%s': the docker daemon has it", name);
		return 0;
	}
	return export_to_daemon(&w->daemon, img, name, p, e);
}

char *elsewhere_put(struct elsewhere *w, const struct image *img,
		    struct progress *p, struct err *e)
{
	char *name = name_there(w, img, e);
	int ret;

	if (!name)
		return NULL;
	if (w->kind == EXPORT_DAEMON)
		ret = load(w, img, name, p, e);
	else if (export_image(img, w->kind, name, w->where, &w->file, e) < 0)
		ret = -1;
	else
		ret = outfile_commit(&w->file, w->where, 0666, e);
	if (ret == 0)
		return name;
	free(name);
	return NULL;
}

void elsewhere_release(struct elsewhere *w)
{
	outfile_abort(&w->file);
	daemon_release(&w->daemon);
}
