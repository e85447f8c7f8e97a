/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remote.h - how the user wants registries to be talked to
 */
#ifndef ENC_REMOTE_H
#define ENC_REMOTE_H

enum tls_mode {
	TLS_AUTO,	/* HTTPS; on the loopback plain HTTP is fine too */
	TLS_VERIFY,	/* HTTPS, whatever the host */
	TLS_INSECURE,	/* any certificate, or plain HTTP */
};

#define JOBS_DEFAULT 6
#define JOBS_LIMIT   16

struct remote_options {		/* borrowed */
	const char   *authfile;	/* NULL: the usual files (auth.h) */
	const char   *ca_file;	/* to trust beside the system's; NULL */
	enum tls_mode tls;
	unsigned      jobs;	/* transfers at once, 1 to JOBS_LIMIT */
};

#endif
