// SPDX-License-Identifier: Apache-2.0
/* Whether a folder can be written, without waiting for its disk: a thread of its own tries, because a network disk that has
 * gone can hold whoever touches it for ever. new/free from one thread, the rest from any. */
#ifndef FF_DISK_DISKCHECK_H
#define FF_DISK_DISKCHECK_H

#include <stdbool.h>
#include <stddef.h>

#include <farflash/status.h>

struct ff_diskcheck;

/* FF_ERR_NO_MEMORY, FF_ERR_IO (no thread left). `folder` is copied. */
FF_WARN_UNUSED enum ff_status ff_diskcheck_new(struct ff_diskcheck **check, const char *folder, struct ff_error *error);

/* NULL is harmless. If the disk holds the thread, it stays behind with what it uses. */
void ff_diskcheck_free(struct ff_diskcheck *check);

/* Has the thread write 4 KiB and waits 200 ms at most for what comes of it; a disk that is only slow is judged by the try
 * before. FF_ERR_NO_SPACE, FF_ERR_IO with the reason; FF_ERR_TIMEOUT: it has not answered for ten seconds. */
FF_WARN_UNUSED enum ff_status ff_diskcheck_ask(struct ff_diskcheck *check, struct ff_error *error);

#endif
