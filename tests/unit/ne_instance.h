/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ne_instance.h - an instance for tests/preload/ne-fake.h, in a new folder
 *
 * Eight CPUs in four cores (0 and 4 are siblings), on two NUMA nodes; the pool
 * is 2, 3, 6 and 7, on node 1.
 */
#ifndef ENC_NE_INSTANCE_H
#define ENC_NE_INSTANCE_H

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compiler.h"

#define POOL_FILE "sys/module/nitro_enclaves/parameters/ne_cpus"
#define SIBLINGS  "sys/devices/system/cpu/cpu0/topology/thread_siblings_list"

static char instance[256];

/* Writes a file of the instance, with its folders; NULL removes it. */
static void put_file(const char *path, const char *text)
{
	char full[512];
	int fd;

	snprintf(full, sizeof(full), "%s/%s", instance, path);
	if (!text) {
		unlink(full);
		return;
	}
	for (char *p = full + strlen(instance) + 1; (p = strchr(p, '/'));) {
		*p = '\0';
		mkdir(full, 0777);
		*p++ = '/';
	}
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0 || dprintf(fd, "%s\n", text) < 0)
		perror(full);
	close(fd);
}

/* What a file of the instance has, without its newline; "" when it is not
 * there. */
UNUSED static const char *get_file(const char *path)
{
	static char text[4096];
	char full[512];
	ssize_t n = 0;
	int fd;

	snprintf(full, sizeof(full), "%s/%s", instance, path);
	fd = open(full, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return text;
}

/* Free pages of a node, of that many KiB each. */
static void put_pages(int node, const char *kib, const char *n)
{
	char path[256];

	snprintf(path, sizeof(path),
		 "sys/devices/system/node/node%d/hugepages/hugepages-%skB/free_hugepages",
		 node, kib);
	put_file(path, n);
}

UNUSED static const char *get_pages(int node, const char *kib)
{
	char path[256];

	snprintf(path, sizeof(path),
		 "sys/devices/system/node/node%d/hugepages/hugepages-%skB/free_hugepages",
		 node, kib);
	return get_file(path);
}

static void make_instance(void)
{
	const char *temp = getenv("TMPDIR");
	char path[128];

	snprintf(instance, sizeof(instance), "%s/ne-XXXXXX",
		 temp ? temp : "/tmp");
	if (!mkdtemp(instance))
		perror("mkdtemp");
	setenv("NE_FAKE", instance, 1);
	put_file("dev/nitro_enclaves", "");
	put_file(POOL_FILE, "2-3,6-7");
	put_file("sys/devices/system/cpu/possible", "0-7");
	put_file(SIBLINGS, "0,4");
	for (int cpu = 0; cpu < 8; cpu++) {
		snprintf(path, sizeof(path),
			 "sys/devices/system/cpu/cpu%d/node%d", cpu,
			 cpu % 4 / 2);
		put_file(path, "");
	}
	put_pages(0, "2048", "64");
	put_pages(0, "1048576", "0");
	put_pages(1, "2048", "64");
	put_pages(1, "32768", "1");
	put_pages(1, "64", "1000");
}

static void remove_instance(void)
{
	char command[300];
	pid_t pid = fork();

	snprintf(command, sizeof(command), "rm -rf '%s'", instance);
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

#endif
