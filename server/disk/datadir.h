// SPDX-License-Identifier: Apache-2.0
/* The data directory, which belongs to one running server: a lock in it says to which.
 *
 * The lock is a file of that name, held by flock(2) for as long as it is open, so a crash lets go of it. Whatever is kept
 * in the directory is opened after this and closed before it. open/close; one thread. */
#ifndef FF_DISK_DATADIR_H
#define FF_DISK_DATADIR_H

#include <farflash/log.h>
#include <farflash/status.h>

#define FF_DATADIR_LOCK "lock"

struct ff_datadir {
	char *path; /* owned; NULL: it is not open */
	int lock;   /* descriptor of the file that is locked */
};

/* Creates the directory (its parents too, mode 0700) and locks it; removes the folders that earlier versions left behind.
 * FF_ERR_BUSY: another process has it, which the message names. FF_ERR_ARGUMENT, FF_ERR_DENIED, FF_ERR_NO_SPACE, FF_ERR_IO,
 * FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_datadir_open(struct ff_datadir *dir, const char *path, const struct ff_log *log,
					      struct ff_error *error);

/* Gives the lock up. Harmless on a zeroed one. */
void ff_datadir_close(struct ff_datadir *dir);

#endif
