// SPDX-License-Identifier: Apache-2.0
/* A folder below the data directory that belongs to one running process: "run-XXXXXX", held by a lock on the folder.
 *
 * Several servers can share a data directory; what a crash left behind is known by its free lock and removed by the
 * next one that starts. open/close; one thread. */
#ifndef FF_JOBS_RUNDIR_H
#define FF_JOBS_RUNDIR_H

#include <farflash/log.h>
#include <farflash/status.h>

/* Files in the folder are called this and a number, or by their SHA-256; nothing else is ever removed. */
#define FF_RUNDIR_UPLOAD "upload-"

struct ff_rundir {
	char *path; /* owned */
	int fd;     /* holds the lock */
};

/* Creates `data_dir` (its parents too, mode 0700), clears leftovers and makes the folder.
 * FF_ERR_DENIED, FF_ERR_NO_SPACE, FF_ERR_IO, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_rundir_open(struct ff_rundir *dir, const char *data_dir, const struct ff_log *log,
					     struct ff_error *error);

/* Removes the folder with its own files. Harmless on a zeroed one. */
void ff_rundir_close(struct ff_rundir *dir);

#endif
