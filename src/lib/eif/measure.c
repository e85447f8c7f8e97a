/* SPDX-License-Identifier: Apache-2.0 */
/*
 * measure.c - the PCRs of an EIF, computed while its bytes pass
 *
 * One lock for all: it is taken a few times a chunk, four thousand chunks a
 * gigabyte.
 */
#include "eif/measure.h"

#include <pthread.h>
#include <string.h>

#include "base/xalloc.h"

#define REGISTERS 3
#define WORKERS	  2

struct chunk {
	uint8_t	    *data;
	size_t	     len;
	unsigned int regs;
};

struct worker {
	struct measure *m;
	pthread_t	thread;
	bool		running;	/* false: the caller does its work */
	unsigned int	regs;		/* the registers that are its own */
	uint64_t	done;		/* chunks; under the lock */
};

struct measure {
	pthread_mutex_t lock;
	pthread_cond_t	moved;		/* put, ending or a done changed */
	struct chunk	ring[MEASURE_CHUNKS];
	uint64_t	put;		/* chunks so far; under the lock */
	bool		ending;		/* under the lock */
	struct worker	workers[WORKERS];
	struct digest  *digests[REGISTERS];	/* each its worker's alone */
};

static void hash(struct worker *w, const struct chunk *c)
{
	for (unsigned int r = 0; r < REGISTERS; r++)
		if (w->regs & c->regs & 1u << r)
			digest_update(w->m->digests[r], c->data, c->len);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct measure *m = w->m;

	pthread_mutex_lock(&m->lock);
	for (;;) {
		while (w->done == m->put && !m->ending)
			pthread_cond_wait(&m->moved, &m->lock);
		if (w->done == m->put)
			break;
		pthread_mutex_unlock(&m->lock);
		hash(w, &m->ring[w->done % MEASURE_CHUNKS]);
		pthread_mutex_lock(&m->lock);
		w->done++;
		pthread_cond_broadcast(&m->moved);
	}
	pthread_mutex_unlock(&m->lock);
	return NULL;
}

struct measure *measure_new(void)
{
	static const unsigned int regs[WORKERS] = { 1u << 0, 1u << 1 | 1u << 2 };
	struct measure *m = xcalloc(1, sizeof(*m));

	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->moved, NULL);
	for (size_t i = 0; i < MEASURE_CHUNKS; i++)
		m->ring[i].data = xmalloc(MEASURE_CHUNK);
	for (size_t i = 0; i < REGISTERS; i++)
		m->digests[i] = digest_new(DIGEST_SHA384);
	for (size_t i = 0; i < WORKERS; i++) {
		struct worker *w = &m->workers[i];

		w->m = m;
		w->regs = regs[i];
		w->running = pthread_create(&w->thread, NULL, work, w) == 0;
	}
	return m;
}

void measure_free(struct measure *m)
{
	if (!m)
		return;
	pthread_mutex_lock(&m->lock);
	m->ending = true;
	pthread_cond_broadcast(&m->moved);
	pthread_mutex_unlock(&m->lock);
	for (size_t i = 0; i < WORKERS; i++)
		if (m->workers[i].running)
			pthread_join(m->workers[i].thread, NULL);
	for (size_t i = 0; i < MEASURE_CHUNKS; i++)
		free(m->ring[i].data);
	for (size_t i = 0; i < REGISTERS; i++)
		digest_free(m->digests[i]);
	pthread_cond_destroy(&m->moved);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

unsigned int measure_regs(enum eif_type type, unsigned int ramdisk)
{
	switch (type) {
	case EIF_KERNEL:
	case EIF_CMDLINE:
		return 1u << 0 | 1u << 1;
	case EIF_RAMDISK:
		return 1u << 0 | (ramdisk == 0 ? 1u << 1 : 1u << 2);
	case EIF_SIGNATURE:
	case EIF_METADATA:
		break;
	}
	return 0;
}

/* Waits until no worker is more than behind chunks late.  Lock held. */
static void wait_for_workers(struct measure *m, uint64_t behind)
{
	for (size_t i = 0; i < WORKERS; i++)
		while (m->put - m->workers[i].done > behind)
			pthread_cond_wait(&m->moved, &m->lock);
}

uint8_t *measure_chunk(struct measure *m)
{
	pthread_mutex_lock(&m->lock);
	wait_for_workers(m, MEASURE_CHUNKS - 1);
	pthread_mutex_unlock(&m->lock);
	return m->ring[m->put % MEASURE_CHUNKS].data;
}

void measure_put(struct measure *m, size_t len, unsigned int regs)
{
	struct chunk *c = &m->ring[m->put % MEASURE_CHUNKS];

	c->len = len;
	c->regs = regs;
	pthread_mutex_lock(&m->lock);
	m->put++;
	pthread_cond_broadcast(&m->moved);
	pthread_mutex_unlock(&m->lock);
	for (size_t i = 0; i < WORKERS; i++) {
		struct worker *w = &m->workers[i];

		if (!w->running) {
			hash(w, c);
			w->done++;
		}
	}
}

void measure_extend(const uint8_t digest[SHA384_LEN], uint8_t pcr[SHA384_LEN])
{
	uint8_t both[2 * SHA384_LEN] = { 0 };

	memcpy(both + SHA384_LEN, digest, SHA384_LEN);
	sha384(both, sizeof(both), pcr);
}

void measure_finish(struct measure *m, struct pcrs *pcrs)
{
	uint8_t digest[SHA384_LEN];

	pthread_mutex_lock(&m->lock);
	wait_for_workers(m, 0);
	pthread_mutex_unlock(&m->lock);
	for (size_t i = 0; i < REGISTERS; i++) {
		digest_final(m->digests[i], digest);
		measure_extend(digest, pcrs->pcr[i]);
	}
}
