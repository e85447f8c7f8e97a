/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cleanup.h - an owner that leaves scope lets go, and errno survives it
 *
 * A local that owns something carries AUTO_* and starts as NULL or -1;
 * ownership is given away with steal_*().
 */
#ifndef ENC_CLEANUP_H
#define ENC_CLEANUP_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define AUTO(fn)	__attribute__((cleanup(fn)))
#define AUTO_CLOSE	AUTO(auto_closep)
#define AUTO_FREE	AUTO(auto_freep)
#define AUTO_FCLOSE	AUTO(auto_fclosep)

static inline void auto_closep(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

static inline void auto_freep(void *p)
{
	int saved = errno;

	free(*(void **)p);
	errno = saved;
}

static inline void auto_fclosep(FILE **f)
{
	int saved = errno;

	if (*f)
		fclose(*f);
	errno = saved;
}

static inline int steal_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

static inline void *steal_ptr_(void *pp)
{
	void **p = pp;
	void *taken = *p;

	*p = NULL;
	return taken;
}
#define steal_ptr(pp) ((__typeof__(*(pp)))steal_ptr_(pp))

#endif
