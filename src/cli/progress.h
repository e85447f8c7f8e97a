/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress.h - a progress bar on a terminal, lines otherwise, nothing with -q
 */
#ifndef ENC_CLI_PROGRESS_H
#define ENC_CLI_PROGRESS_H

#include "base/progress.h"

/* The program's one watcher, to hand to the library; NULL with -q. */
struct progress *cli_progress(void);
/* Ends the bar's line, so that what is printed next stands alone. */
void cli_progress_end(void);

#endif
