/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upload.c - one blob on its way to a registry, one request after the other
 *
 * Trust: the registry is hostile.  Each number that it gives is compared with
 * what was sent, and what goes wrong is tried again HTTP_TRIES_MAX times, not
 * for as long as it likes.  The blob may be damaged: it is hashed while it is
 * read, and the last bytes of one that is not what its name says stay here, so
 * that no registry can complete it.
 */
#include "image/upload.h"

#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "base/xalloc.h"

#define LARGE	   (1ull << 30)		/* sent in pieces from here on ... */
#define PIECE	   (256ull << 20)	/* ... so that no more than this is lost */
#define PIECE_413  (16ull << 20)	/* for a registry that finds all too large */
#define PIECE_LEAST (256ull << 10)	/* it cannot mean this */
#define OCTETS	   "application/octet-stream"

int upload_check_digest(const struct registry *r, const struct http_request *q,
			const char *hex, const char *what, struct err *e)
{
	const char *has = q->field[HTTP_CONTENT_DIGEST], *digits;

	if (!has || (digest_is_sha256(has, &digits) && strcmp(digits, hex) == 0))
		return 0;
	return err_set(e, ERR_VERIFY,
		       "registry '%s' says that %s has digest '%.80s', and 'sha256:%s' was sent: do not trust it",
		       r->ref.host, what, has, hex);
}

/* Makes the next request; url is taken. */
static int ask(struct upload *u, enum upload_step step,
	       enum http_method method, char *url)
{
	struct http_request *q = &u->request;
	struct http_request next = {
		.url = url,
		.method = method,
		.authorization = &u->registry->authorization,
		.ctx = u,
		.tries = q->tries,
		.wait = q->wait,
	};
	AUTO_FREE char *api = registry_url(u->registry, "blobs/");

	next.moved = !http_same_origin(api, url);
	http_request_release(q);
	*q = next;
	u->step = step;
	u->refusals = (struct registry_try){ .generation = u->registry->generation };
	return 1;
}

static int check(struct upload *u)
{
	return ask(u, UPLOAD_CHECK, HTTP_HEAD,
		   registry_url(u->registry, "blobs/sha256:%s", u->d->hex));
}

struct http_request *upload_begin(struct upload *u)
{
	u->piece = u->d->size > LARGE ? PIECE : 0;
	u->digest = digest_new(DIGEST_SHA256);
	check(u);
	return &u->request;
}

void upload_release(struct upload *u)
{
	http_request_release(&u->request);
	free(u->location);
	auto_closep(&u->fd);
	u->fd = -1;
	digest_free(u->digest);
}

static int finished(struct upload *u, enum push_how how, struct err *e)
{
	const char *from = u->registry->mount;

	if (upload_check_digest(u->registry, &u->request, u->d->hex, u->what,
				e) < 0)
		return -1;
	u->how = how;
	if (how == PUSH_UPLOADED) {
		progress_update(u->progress, u->what, u->d->size, u->d->size);
	} else {
		bool there = how == PUSH_PRESENT || !from;
		AUTO_FREE char *note = xasprintf("%s: %s%s", u->what,
			there ? "already there" : "mounted from ",
			there ? "" : from);

		progress_note(u->progress, note);
	}
	http_request_release(&u->request);
	auto_closep(&u->fd);	/* as many are open as are on their way */
	u->fd = -1;
	return 0;
}

static int start(struct upload *u)
{
	struct registry *r = u->registry;
	AUTO_BUF struct buf query = BUF_INIT(HTTP_URL_MAX);

	u->mounting = r->mount && !u->mount_tried;
	u->mount_tried = true;
	if (u->mounting) {
		buf_addf(&query, "?mount=sha256:%s&from=", u->d->hex);
		http_escape(&query, r->mount);
	}
	u->offset = 0;
	return ask(u, UPLOAD_START, HTTP_POST,
		   registry_url(r, "blobs/uploads/%s",
				query.data ? query.data : ""));
}

/* After a failure that may pass: from the beginning, where the registry may
 * have all of it. */
static int restart(struct upload *u)
{
	u->mount_tried = true;
	return check(u);
}

/* The next piece of the body.  What was sent before is not hashed again. */
static ssize_t on_read(void *ctx, uint64_t offset, void *data, size_t len,
		       struct err *e)
{
	struct upload *u = ctx;
	uint64_t at = u->offset + offset, end;
	char hex[SHA256_HEX];
	ssize_t n = io_pread(u->fd, data, len, at);

	if (n < 0)
		return err_sys(e, "cannot read blob 'sha256:%s'", u->d->hex);
	end = at + (uint64_t)n;
	if (end > u->hashed) {
		uint64_t known = u->hashed - at;

		digest_update(u->digest, (char *)data + known,
			      (size_t)(end - u->hashed));
		u->hashed = end;
		if (end == u->d->size) {
			digest_final_hex(u->digest, hex);
			if (strcmp(hex, u->d->hex) != 0)
				return err_set(e, ERR_VERIFY,
					       "%s in the store has digest 'sha256:%s' and not that of its name: remove '%s/blobs/sha256/%s' and make the image again",
					       u->what, hex, u->store->dir,
					       u->d->hex);
		}
	}
	if (end < u->d->size)	/* the rest is said when it is there */
		progress_update(u->progress, u->what, end, u->d->size);
	return n;
}

/* Gives the request a body: len bytes from u->offset on. */
static int with_body(struct upload *u, uint64_t len, struct err *e)
{
	if (u->fd < 0)
		u->fd = store_open_blob(u->store, u->d, e);
	if (u->fd < 0)
		return -1;
	u->body = (struct http_upload){
		.read = on_read,
		.ctx = u,
		.size = len,
		.type = OCTETS,
	};
	u->request.upload = &u->body;
	return 1;
}

static int send_piece(struct upload *u, uint64_t len, struct err *e)
{
	ask(u, UPLOAD_PIECE, HTTP_PATCH, xstrdup(u->location));
	if (with_body(u, len, e) < 0)
		return -1;
	snprintf(u->range, sizeof(u->range), "%ju-%ju", (uintmax_t)u->offset,
		 (uintmax_t)(u->offset + len - 1));
	u->body.range = u->range;
	return 1;
}

static int send_next(struct upload *u, struct err *e)
{
	uint64_t left = u->d->size - u->offset;
	uint64_t piece = u->piece ? u->piece : left;

	if (left > 0 && (u->piece || u->offset > 0))
		return send_piece(u, piece < left ? piece : left, e);
	ask(u, UPLOAD_FINISH, HTTP_PUT,
	    xasprintf("%s%cdigest=sha256:%s", u->location,
		      strchr(u->location, '?') ? '&' : '?', u->d->hex));
	return left > 0 ? with_body(u, left, e) : 1;
}

static int refused(struct upload *u, struct err *e)
{
	return registry_refused(u->registry, &u->request, u->what, e);
}

/* Where to send what follows; a new Location replaces the last one. */
static int take_location(struct upload *u, struct err *e)
{
	const struct http_request *q = &u->request;
	char *to;

	if (!q->field[HTTP_LOCATION] && u->location)
		return 0;
	to = q->field[HTTP_LOCATION] ?
		     http_resolve(q->url, q->field[HTTP_LOCATION]) : NULL;
	if (!to)
		return err_set(e, ERR_REMOTE,
			       "registry '%s' takes %s and does not say where, by an http or https URL",
			       u->registry->ref.host, u->what);
	free(u->location);
	u->location = to;
	return 0;
}

static bool number(const char *text, uint64_t *out, const char **end)
{
	char *rest;

	if (!text || *text < '0' || *text > '9')
		return false;
	errno = 0;
	*out = strtoull(text, &rest, 10);
	*end = rest;
	return errno == 0;
}

/* "Range: 0-LAST": how much the registry has got, at most what was sent.  It
 * says 0-0 for nothing, too. */
static bool take_range(const struct http_request *q, uint64_t most,
		       uint64_t *offset)
{
	const char *text = q->field[HTTP_RANGE], *end;
	uint64_t first, last;

	if (text && strncmp(text, "bytes=", 6) == 0)
		text += 6;
	if (!number(text, &first, &end) || first != 0 || *end != '-' ||
	    !number(end + 1, &last, &end) || *end || last >= most)
		return false;
	*offset = last ? last + 1 : 0;
	return true;
}

/* Smaller pieces, for who finds them too large. */
static int shrink(struct upload *u, struct err *e)
{
	uint64_t piece = u->piece ? u->piece / 4 : PIECE_413;

	while (piece > 0 && piece >= u->d->size)
		piece /= 4;
	if (piece < u->piece_min)
		piece = u->piece_min;
	if (u->whole || piece < PIECE_LEAST ||
	    piece >= (u->piece ? u->piece : u->d->size))
		return refused(u, e);
	u->piece = piece;
	return restart(u);
}

/* Nothing of it is lost for ever: one more try, if there is one. */
static int lost(struct upload *u, struct err *e)
{
	if (u->request.tries++ == HTTP_TRIES_MAX)
		return refused(u, e);
	return restart(u);
}

static int started(struct upload *u, struct err *e)
{
	const struct http_request *q = &u->request;
	const char *end;

	if (q->status == 201 && u->mounting)
		return finished(u, PUSH_MOUNTED, e);
	if (q->status != 202)	/* it may mind the mount alone */
		return u->mounting ? start(u) : refused(u, e);
	if (!number(q->field[HTTP_CHUNK_MIN], &u->piece_min, &end) || *end)
		u->piece_min = 0;
	if (u->piece && u->piece < u->piece_min)
		u->piece = u->piece_min;
	free(steal_ptr(&u->location));
	return take_location(u, e) < 0 ? -1 : send_next(u, e);
}

static int piece_sent(struct upload *u, struct err *e)
{
	struct http_request *q = &u->request;
	uint64_t sent = u->offset + u->body.size, has = sent;

	switch (q->status) {
	case 202:
		if (take_location(u, e) < 0)
			return -1;
		if (q->field[HTTP_RANGE] && !take_range(q, sent, &has))
			return err_set(e, ERR_REMOTE,
				       "registry '%s' got %ju bytes of %s and says '%.40s'",
				       u->registry->ref.host, (uintmax_t)sent,
				       u->what, q->field[HTTP_RANGE]);
		if (has == sent)
			q->tries = 0;
		else if (q->tries++ == HTTP_TRIES_MAX)
			return refused(u, e);
		u->offset = has;
		return send_next(u, e);
	case 413:
		return shrink(u, e);
	case 404:	/* the upload is gone */
	case 416:	/* or is not where we are */
		if (u->offset > 0)
			return lost(u, e);
		break;
	}
	/* Some take no pieces, be it the first or the rest of what broke off. */
	if (u->offset > 0 && u->piece > 0)
		return refused(u, e);
	u->whole = true;
	u->piece = 0;
	return lost(u, e);
}

/* After what may pass: how far did it come? */
static int status_known(struct upload *u, struct err *e)
{
	const struct http_request *q = &u->request;
	uint64_t has;

	if (q->status < 200 || q->status > 204 ||
	    !take_range(q, u->hashed, &has) || (has > 0 && u->whole))
		return restart(u);
	u->offset = has;
	return take_location(u, e) < 0 ? -1 : send_next(u, e);
}

static int put_ended(struct upload *u, struct err *e)
{
	switch (u->request.status) {
	case 201:
		return finished(u, PUSH_UPLOADED, e);
	case 413:
		return shrink(u, e);
	case 404:
	case 416:
		if (u->offset > 0)
			return lost(u, e);
	}
	return refused(u, e);
}

static int answered(struct upload *u, struct err *e)
{
	bool sent = u->d->size > 0 && u->hashed == u->d->size;

	switch (u->step) {
	case UPLOAD_CHECK:
		/* Whatever else it says it will say again, and why. */
		if (u->request.status != 200)
			return start(u);
		return finished(u, sent ? PUSH_UPLOADED : PUSH_PRESENT, e);
	case UPLOAD_START:
		return started(u, e);
	case UPLOAD_PIECE:
		return piece_sent(u, e);
	case UPLOAD_STATUS:
		return status_known(u, e);
	case UPLOAD_FINISH:
		return put_ended(u, e);
	}
	return 0;
}

int upload_next(struct upload *u, struct err *e)
{
	struct http_request *q = &u->request;
	bool sending = u->step == UPLOAD_PIECE || u->step == UPLOAD_FINISH;

	if (http_again(q)) {
		AUTO_FREE char *note = xasprintf("%s: trying again", u->what);

		progress_note(u->progress, note);
		return sending ? ask(u, UPLOAD_STATUS, HTTP_GET,
				     xstrdup(u->location)) : 1;
	}
	if (q->failure != HTTP_ANSWERED) {
		*e = q->err;
		return e->class == ERR_REMOTE ? err_wrap(e, "%s", u->what) : -1;
	}
	if (q->status == 401)
		return registry_authorize(u->registry, q, u->what,
					  &u->refusals, e);
	return answered(u, e);
}
