/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registry_auth.c - what to do when a registry wants to know who asks
 *
 * A Bearer challenge names a token service; it is asked, with the user's
 * credentials when there are any, for the right to pull from this one
 * repository, or to push to it.
 */
#include "image/registry.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/xalloc.h"

#define REFUSALS_MAX	2	/* a token may have expired on the way */
#define TOKEN_REPLY_MAX (4 * AUTH_SECRET_MAX)
#define CLIENT_ID	"enclaver"
#define REASON_MAX	300	/* bytes of a registry's own words */

static int authorize_denied(const struct registry *r, struct err *e)
{
	const struct auth *a = &r->auth;
	const char *or = r->push ? "" : " (or has no such image)";

	if (a->file)
		return err_set(e, ERR_REMOTE,
			       "registry '%s' does not accept the credentials in '%s' for '%s'%s",
			       r->ref.host, a->file, r->ref.path, or);
	if (a->helper)
		return err_set(e, ERR_REMOTE,
			       "registry '%s' wants credentials for '%s', which docker-credential-%s keeps; helpers cannot be asked: log in to a file ('skopeo login --authfile FILE %s') and use --authfile",
			       r->ref.host, r->ref.path, a->helper,
			       r->ref.host);
	return err_set(e, ERR_REMOTE,
		       "registry '%s' %s '%s' only %s those logged in%s, and there are no credentials for it in %s: use 'docker login %s' or --authfile",
		       r->ref.host, r->push ? "takes" : "gives", r->ref.path,
		       r->push ? "from" : "to", or, a->looked_at, r->ref.host);
}

/* Is it safe to send a password there?  By HTTPS; in the clear only on this
 * machine, or when the user said so. */
static bool realm_ok(const struct registry *r, const char *realm)
{
	char host[HTTP_HOST_MAX];

	if (http_url_ok(realm, true))
		return true;
	return strcmp(r->scheme, "http") == 0 && http_url_ok(realm, false) &&
	       (r->options->tls == TLS_INSECURE ||
		ref_host_is_loopback(http_url_host(realm, host)));
}

static void add_scope(struct buf *b, const char *path, const char *actions)
{
	AUTO_FREE char *scope = xasprintf("repository:%s:%s", path, actions);

	buf_adds(b, "scope=");
	http_escape(b, scope);
}

/* service=…&scope=repository:PATH:ACTIONS, and for a mount another scope */
static void token_query(const struct registry *r, const struct challenge *c,
			struct buf *b)
{

	if (*c->service) {
		buf_adds(b, "service=");
		http_escape(b, c->service);
		buf_addc(b, '&');
	}
	add_scope(b, r->ref.path, r->push ? "pull,push" : "pull");
	if (r->mount) {
		buf_addc(b, '&');
		add_scope(b, r->mount, "pull");
	}
}

static int on_token(void *ctx, const void *data, size_t len, struct err *e)
{
	if (buf_append(ctx, data, len) < 0)
		return err_set(e, ERR_REMOTE,
			       "the token service's answer is larger than %u bytes",
			       TOKEN_REPLY_MAX);
	return 0;
}

/* The token goes into a header: nothing there may end the line. */
static int take_token(struct registry *r, const struct buf *reply,
		      struct err *e)
{
	AUTO_JSON json_t *j = json_parse_object(reply->data, reply->len,
						"token", e);
	const char *token = json_str(j, "token");

	if (!j)
		return err_set(e, ERR_REMOTE,
			       "the token service of '%s' does not answer with a JSON object",
			       r->ref.host);
	if (!token)
		token = json_str(j, "access_token");
	if (!token || !*token || strlen(token) > AUTH_SECRET_MAX)
		return err_set(e, ERR_REMOTE,
			       "the token service of '%s' answers without a token",
			       r->ref.host);
	for (const char *s = token; *s; s++)
		if (!isgraph((unsigned char)*s))
			return err_set(e, ERR_REMOTE,
				       "the token service of '%s' gives a token that fits no header",
				       r->ref.host);
	secret_free(r->authorization);
	r->authorization = xasprintf("Bearer %s", token);
	explicit_bzero((char *)(uintptr_t)token, strlen(token));
	return 0;
}

/* With a refresh token: OAuth2, RFC 6749 section 6, by POST; the token stays
 * out of the URL. */
static char *refresh_form(const struct registry *r, const char *query)
{
	AUTO_BUF struct buf b = BUF_INIT(8 * AUTH_SECRET_MAX);
	char *form;

	buf_adds(&b, "grant_type=refresh_token&client_id=" CLIENT_ID "&refresh_token=");
	http_escape(&b, r->auth.identity_token);
	form = xasprintf("%s&%s", b.data, query);
	explicit_bzero(b.data, b.len);
	return form;
}

static int ask_token(struct registry *r, struct http_request *q,
		     struct buf *reply, struct err *e)
{
	int ret;

	do {
		reply->len = 0;
		ret = http_run(r->http, q, e);
	} while (http_again(q));
	if (ret < 0)
		return err_wrap(e, "token for '%s'", r->ref.host);
	if (q->status == 400 || q->status == 401 || q->status == 403)
		return authorize_denied(r, e);
	if (q->status != 200)
		return registry_refused(r, q, "token", e);
	return take_token(r, reply, e);
}

static int try_token(struct registry *r, const struct challenge *c,
		     struct err *e)
{
	AUTO_BUF struct buf query = BUF_INIT(HTTP_URL_MAX);
	AUTO_BUF struct buf reply = BUF_INIT(TOKEN_REPLY_MAX);
	AUTO_SECRET char *form = NULL, *basic = NULL;
	struct http_request q = { .body = on_token, .ctx = &reply };
	int ret;

	if (!realm_ok(r, c->realm))
		return err_set(e, ERR_REMOTE,
			       "registry '%s' sends us for a token to a place that is not an https URL",
			       r->ref.host);
	token_query(r, c, &query);
	if (r->auth.identity_token) {
		form = refresh_form(r, query.data);
		q.form = form;
		q.url = xstrdup(c->realm);
	} else {
		q.url = xasprintf("%s%c%s", c->realm,
				  strchr(c->realm, '?') ? '&' : '?',
				  query.data);
		if (r->auth.user)
			basic = auth_basic(r->auth.user, r->auth.password);
		q.authorization = &basic;
	}
	ret = ask_token(r, &q, &reply, e);
	http_request_release(&q);
	if (reply.data)
		explicit_bzero(reply.data, reply.cap);
	return ret;
}

/* Who may not read the one repository may still write to the other. */
static int get_token(struct registry *r, const struct challenge *c,
		     struct err *e)
{
	int ret = try_token(r, c, e);

	if (ret == 0 || !r->mount)
		return ret;
	free(steal_ptr(&r->mount));
	return try_token(r, c, e);
}

static int answer_challenge(struct registry *r, const struct challenge *c,
			    struct err *e)
{
	switch (c->scheme) {
	case CHALLENGE_BEARER:
		return get_token(r, c, e);
	case CHALLENGE_BASIC:
		/* One that was refused is refused again. */
		if (!r->auth.user || r->authorization)
			return authorize_denied(r, e);
		r->authorization = auth_basic(r->auth.user, r->auth.password);
		return 0;
	default:
		return err_set(e, ERR_REMOTE,
			       "registry '%s' wants an authentication that is neither Bearer nor Basic",
			       r->ref.host);
	}
}

int registry_authorize(struct registry *r, const struct http_request *q,
		       const char *what, struct registry_try *t, struct err *e)
{
	/* Where a registry sends us for a blob is not where we log in. */
	if (q->moved)
		return registry_refused(r, q, what, e);
	if (!r->auth_read) {
		if (auth_find(r->options->authfile, &r->ref, &r->auth,
			      e) < 0)
			return -1;
		r->auth_read = true;
	}
	if (t->refusals++ == REFUSALS_MAX)
		return authorize_denied(r, e);
	/* Refused with an authorization that another request, in parallel,
	 * has renewed meanwhile? */
	if (t->generation == r->generation) {
		if (answer_challenge(r, &q->challenge, e) < 0)
			return -1;
		r->generation++;
	}
	t->generation = r->generation;
	return 1;
}

/* errors[0].message (Distribution spec, "Error Codes"), or "". */
static void reason_of(const struct http_request *q, char out[REASON_MAX])
{
	struct err ignored;
	AUTO_JSON json_t *j = json_parse_object(q->error, strlen(q->error), "",
						&ignored);
	const json_t *first = json_array_get(json_object_get(j, "errors"), 0);
	const char *message = json_str(first, "message");

	snprintf(out, REASON_MAX, "%s%s%s", message ? " (" : "",
		 message ? message : "", message ? ")" : "");
}

int registry_refused(const struct registry *r, const struct http_request *q,
		     const char *what, struct err *e)
{
	char reason[REASON_MAX], host[HTTP_HOST_MAX];
	AUTO_FREE char *who = q->moved ?
		xasprintf("'%s', where registry '%s' sends us,",
			  http_url_host(q->url, host), r->ref.host) :
		xasprintf("registry '%s'", r->ref.host);

	reason_of(q, reason);
	switch (q->status) {
	case 403:
		return err_set(e, ERR_REMOTE, "%s refuses %s%s", who, what,
			       reason);
	case 404:
		if (r->push)
			return err_set(e, ERR_REMOTE,
				       "%s has no repository '%s' to put %s into%s: does it have to be made first?",
				       who, r->ref.path, what, reason);
		return err_set(e, ERR_REMOTE, "%s has no %s%s", who, what,
			       reason);
	case 405:
		return err_set(e, ERR_REMOTE, "%s is only there to read from, not for %s%s",
			       who, what, reason);
	case 413:
		return err_set(e, ERR_REMOTE, "%s finds %s too large%s", who,
			       what, reason);
	case 429:
		return err_set(e, ERR_REMOTE,
			       "%s was asked too often: wait, or log in for a higher limit%s",
			       who, reason);
	default:
		return err_set(e, ERR_REMOTE, "%s answers %ld for %s%s", who,
			       q->status, what, reason);
	}
}
