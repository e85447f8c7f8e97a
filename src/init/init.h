/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init.h - the parts of the enclave's first process
 *
 * enclaver-init(8).  Plain libc and system calls that Linux 4.14 has: this
 * program is in everybody's PCR0 and PCR1.  Nothing here is fatal unless it
 * says so: what fails is named on the console and the boot goes on.
 */
#ifndef ENC_INIT_H
#define ENC_INIT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/compiler.h"

/* console.c */

/* /dev/console on descriptors 0, 1 and 2; mounts devtmpfs on /dev first when
 * the kernel did not. */
void console_open(void);
/* One line "init: ..." on the console by one write(2); control characters
 * become '?'. */
void say(const char *fmt, ...) PRINTF(1, 2);
/* The same and then ": " and the text of errno. */
void say_errno(const char *fmt, ...) PRINTF(1, 2);

/* modules.c */

/* Loads /nsm.ko and then /modules/ *.ko in bytewise order of their names. */
void modules_load(void);

/* heartbeat.c */

/* AWS's heartbeat, sent by a child of its own that holds the connection until
 * the parent instance answers or goes away. */
void heartbeat_start(void);

/* ramdisk.c */

/* Did the kernel unpack everything?  false after saying what to do. */
bool ramdisk_complete(void);
/* Maps a file of the ramdisk for reading: its length, 0 when it is not there
 * or empty (*data is NULL then), -1 after saying why when it cannot be read or
 * is larger than max.  Never unmapped: it is needed until the exec. */
ssize_t ramdisk_map(const char *path, size_t max, char **data);

/* xattrs.c */

/* Sets the extended attributes listed in /xattrs below /rootfs. */
void xattrs_apply(void);

/* mounts.c */

/* Makes /rootfs the root of this process and of all that come after it: -1
 * after saying why (fatal). */
int root_switch(void) MUST_CHECK;
/* The usual file systems, below the new root. */
void mounts_make(void);
/* /etc/hosts with localhost, where the image has none or an empty one. */
void hosts_make(void);

#endif
